//! When two events are the same event: the semantic key, which also catches what Genesys publishes twice.

use std::fmt::Write as _;

use md5::{Digest, Md5};
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
    let body: Value = serde_json::from_str(event.body.get()).unwrap_or(Value::Null);
    let mut lines = String::with_capacity(512);
    line(&mut lines, "topic", event.topic.template());
    for id in event.topic.ids() {
        line(&mut lines, "id", id);
    }
    if !family(&mut lines, event.topic.template(), &body) {
        line(&mut lines, "body", &canonical::text(&body));
    }
    Md5::digest(lines.as_bytes()).into()
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
    match body.get(name) {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => line(lines, name, text),
        Some(other) => line(lines, name, &canonical::text(other)),
    }
    true
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
