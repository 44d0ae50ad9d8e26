//! When two events are the same event: the semantic key, which also catches what Genesys publishes twice.

use std::fmt::Write as _;

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::Value;

use crate::envelope::PartnerEvent;
use crate::envelope::canonical;

/// The key of an event by its content: equal for a re-publication under a new envelope id.
///
/// It is the MD5 of one line per field, `name=value`, first the topic template and the ids in the topic's name, then by
/// family (facts: no Genesys event carries a sequence number, so these fields are what there is):
///
/// | family | fields |
/// |---|---|
/// | `v2.detail.events.conversation.{id}.*` | conversationId, participantId, sessionId, eventTime, flowId, flowOutcomeId, wrapupCode |
/// | `v2.audits.*` | id |
/// | `v2.conversations.{id}.transcription` | eventTime, communicationId, status, and of each transcript utteranceId and isFinal |
/// | `v2.analytics.conversation.{id}.metrics` | recordId |
/// | any other, `attributes` too, and those above that lack their field | the whole body, keys sorted, without white space |
///
/// `attributes` is by its whole body because two changes in one millisecond differ in nothing else. The function and
/// the lines are kept: keys lie on disk for seven days.
#[must_use]
pub fn semantic_key(event: &PartnerEvent) -> [u8; 16] {
    EventIdentity::of(event).key
}

/// What makes an event the same as another: its semantic key, and when it says that what it tells happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventIdentity {
    /// The [`semantic_key`].
    pub key: [u8; 16],
    /// The minute of its `eventTime`, since 1970; 0 where it has none. The same for events of one key.
    pub minute: u32,
}

impl EventIdentity {
    /// The event's.
    #[must_use]
    pub fn of(event: &PartnerEvent) -> Self {
        let (template, body) = (event.topic.template(), event.body.get());
        let mut lines = String::with_capacity(512);
        line(&mut lines, "topic", template);
        for id in event.topic.ids() {
            line(&mut lines, "id", id);
        }
        if is_detail(template)
            && let Ok(body) = serde_json::from_str::<DetailBody>(body)
            && let Some(time) = &body.event_time
        {
            let minute = minute_of(time);
            body.write(&mut lines);
            return Self { key: Md5::digest(lines.as_bytes()).into(), minute };
        }
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        if !family(&mut lines, template, &body) {
            line(&mut lines, "body", &canonical::text(&body));
        }
        let minute = body.get("eventTime").map_or(0, minute_of);
        Self { key: Md5::digest(lines.as_bytes()).into(), minute }
    }
}

fn minute_of(event_time: &Value) -> u32 {
    event_time.as_u64().and_then(|ms| u32::try_from(ms / 60_000).ok()).unwrap_or_default()
}

/// Whether events of a template are known by the seven fields of [`DetailBody`].
fn is_detail(template: &str) -> bool {
    template.starts_with("v2.detail.events.conversation.") && !template.ends_with(".attributes")
}

/// The fields of most events of a feed, read without the rest. A body that has one of them twice is read whole instead.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DetailBody {
    conversation_id: Option<Value>,
    participant_id: Option<Value>,
    session_id: Option<Value>,
    event_time: Option<Value>,
    flow_id: Option<Value>,
    flow_outcome_id: Option<Value>,
    wrapup_code: Option<Value>,
}

impl DetailBody {
    fn write(&self, lines: &mut String) {
        let fields = [
            ("conversationId", &self.conversation_id),
            ("participantId", &self.participant_id),
            ("sessionId", &self.session_id),
            ("eventTime", &self.event_time),
            ("flowId", &self.flow_id),
            ("flowOutcomeId", &self.flow_outcome_id),
            ("wrapupCode", &self.wrapup_code),
        ];
        for (name, value) in fields {
            value_line(lines, name, value.as_ref());
        }
    }
}

/// Writes the fields of the family; false where it has none or the body lacks what identifies it.
fn family(lines: &mut String, template: &str, body: &Value) -> bool {
    if template.ends_with(".attributes") {
        return false;
    }
    if template.starts_with("v2.detail.events.conversation.") {
        let fields = [
            "conversationId",
            "participantId",
            "sessionId",
            "eventTime",
            "flowId",
            "flowOutcomeId",
            "wrapupCode",
        ];
        return body.get("eventTime").is_some() && fields.iter().all(|name| field(lines, body, name));
    }
    if template.starts_with("v2.audits.") {
        return body.get("id").is_some() && field(lines, body, "id");
    }
    if template.ends_with(".transcription") {
        return body.get("eventTime").is_some() && transcription(lines, body);
    }
    if template.starts_with("v2.analytics.conversation.") {
        return body.get("recordId").is_some() && field(lines, body, "recordId");
    }
    false
}

/// An utterance is sent again as it grows (`isFinal` false) under the same id, hence the time and the flag.
fn transcription(lines: &mut String, body: &Value) -> bool {
    for name in ["eventTime", "communicationId", "status"] {
        field(lines, body, name);
    }
    for transcript in body.get("transcripts").and_then(Value::as_array).into_iter().flatten() {
        field(lines, transcript, "utteranceId");
        field(lines, transcript, "isFinal");
    }
    true
}

/// Always true, so that a list of fields can be one expression; an absent field is no line.
fn field(lines: &mut String, body: &Value, name: &str) -> bool {
    value_line(lines, name, body.get(name));
    true
}

fn value_line(lines: &mut String, name: &str, value: Option<&Value>) {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => line(lines, name, text),
        Some(other) => line(lines, name, &canonical::text(other)),
    }
}

/// A value that holds a line break is written as a JSON string would be, so that no two lists of fields are one text.
fn line(lines: &mut String, name: &str, value: &str) {
    let written = if value.contains('\n') {
        writeln!(lines, "{name}={value:?}")
    } else {
        writeln!(lines, "{name}={value}")
    };
    debug_assert!(written.is_ok(), "writing into a String cannot fail");
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{DetailBody, family};

    #[test]
    fn the_short_way_writes_what_the_long_one_does() {
        let template = "v2.detail.events.conversation.{id}.acd.end";
        for body in [
            json!({"eventTime": 1, "conversationId": "c", "wrapupCode": null, "other": {"eventTime": 2}}),
            json!({"sessionId": "s\nt", "eventTime": "noon", "participantId": 7, "flowId": {"b": 1, "a": [2]}}),
            json!({"eventTime": 1.5, "flowOutcomeId": "", "wrapupCode": "w", "flowId": true}),
        ] {
            let (mut short, mut long) = (String::new(), String::new());
            serde_json::from_value::<DetailBody>(body.clone()).unwrap().write(&mut short);
            assert!(family(&mut long, template, &body));
            assert_eq!(short, long);
        }
        let twice = r#"{"eventTime": 1, "eventTime": 2}"#;
        assert!(
            serde_json::from_str::<DetailBody>(twice).is_err()
                && serde_json::from_str::<Value>(twice).is_ok()
        );
    }
}
