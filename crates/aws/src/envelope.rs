//! The event envelope that EventBridge delivers: `version, id, detail-type, source, account, time, region, resources, detail`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::time::Timestamp;

/// One event as rules see it and targets receive it.
/// Source of the shape: <https://docs.aws.amazon.com/eventbridge/latest/userguide/aws-events.html>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// A UUID; assigned when the event is accepted.
    pub id: String,
    /// For example `genesys.cloud` or `aws.partner/genesys.com/cloud/{orgId}/{suffix}`.
    pub source: String,
    /// What happened, for example `conversation.end`.
    pub detail_type: String,
    /// Twelve digits.
    pub account: String,
    /// When it happened; written with second precision, as EventBridge does.
    pub time: Timestamp,
    /// For example `us-east-1`.
    pub region: String,
    /// ARNs that the event is about.
    pub resources: Vec<String>,
    /// The JSON text of the detail, byte for byte as it was sent (contract C3).
    pub detail: String,
}

impl Event {
    /// The JSON text that rules are matched against and targets receive. The detail is copied in unchanged.
    pub fn to_json(&self) -> String {
        let mut text = String::with_capacity(self.length_about());
        text.push_str("{\"version\":\"0\",\"id\":");
        push_quoted(&mut text, &self.id);
        text.push_str(",\"detail-type\":");
        push_quoted(&mut text, &self.detail_type);
        text.push_str(",\"source\":");
        push_quoted(&mut text, &self.source);
        text.push_str(",\"account\":");
        push_quoted(&mut text, &self.account);
        text.push_str(",\"time\":\"");
        self.time.push_iso_seconds(&mut text);
        text.push_str("\",\"region\":");
        push_quoted(&mut text, &self.region);
        text.push_str(",\"resources\":[");
        for (i, resource) in self.resources.iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            push_quoted(&mut text, resource);
        }
        text.push_str("],\"detail\":");
        text.push_str(&self.detail);
        text.push('}');
        text
    }

    /// Room for the whole text where little has to be escaped.
    fn length_about(&self) -> usize {
        const NAMES_AND_SIGNS: usize = 180;
        let texts = [&self.id, &self.source, &self.detail_type, &self.account, &self.region, &self.detail];
        let texts: usize = texts.into_iter().chain(&self.resources).map(|text| text.len() + 3).sum();
        texts + NAMES_AND_SIGNS
    }

    /// Reads an envelope. Absent members get what PutEvents would give them: empty text, no resources, `{}`.
    ///
    /// # Errors
    /// A sentence that names line and column.
    pub fn from_json(text: &str, now: Timestamp) -> Result<Self, String> {
        let wire: Wire<'_> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let time = match wire.time.as_deref() {
            Some(time) => Timestamp::parse_iso(time)
                .ok_or_else(|| format!("'{time}' is not a time like 2026-03-19T22:04:48Z"))?,
            None => now,
        };
        Ok(Self {
            id: wire.id.unwrap_or_default(),
            source: wire.source.unwrap_or_default(),
            detail_type: wire.detail_type.unwrap_or_default(),
            account: wire.account.unwrap_or_default(),
            time,
            region: wire.region.unwrap_or_default(),
            resources: wire.resources,
            detail: wire.detail.map_or_else(|| "{}".to_owned(), |raw| raw.get().to_owned()),
        })
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    id: Option<String>,
    source: Option<String>,
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    account: Option<String>,
    time: Option<String>,
    region: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

/// Appends `value` as a JSON string, quotes and escapes included.
pub fn push_quoted(text: &mut String, value: &str) {
    // Nearly every value needs no escape; serde_json knows the rest.
    if value.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        text.push_str(&serde_json::Value::from(value).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::Event;
    use crate::time::Timestamp;

    #[test]
    fn the_detail_keeps_its_bytes() {
        let event = Event {
            id: "1".to_owned(),
            source: "a\"b".to_owned(),
            detail_type: "t".to_owned(),
            account: "123456789012".to_owned(),
            time: Timestamp::from_unix_ms(1_773_957_888_000),
            region: "us-east-1".to_owned(),
            resources: vec!["arn:aws:s3:::x".to_owned()],
            detail: "{ \"n\": 1.00, \"n\": 2e0 }".to_owned(),
        };
        let text = event.to_json();
        assert!(text.ends_with("\"detail\":{ \"n\": 1.00, \"n\": 2e0 }}"), "{text}");
        assert_eq!(Event::from_json(&text, Timestamp::ZERO).unwrap(), event);
    }
}
