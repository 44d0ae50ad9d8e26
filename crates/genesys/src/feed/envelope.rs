//! The EventBridge envelope around a WebSocket frame, so that both feeds put the same events on the bus.

use aws::Timestamp;
use aws::encoding::hex;
use serde_json::{Value, json};

use crate::envelope::semantic_key::semantic_key;
use crate::envelope::{EnvelopeError, PartnerEvent};

/// What the envelope states of the org and of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The partner event source, which is also the name of the bus.
    pub source: String,
    /// Twelve digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
}

impl Sender {
    /// The sender of an org whose notifications arrive at this account.
    pub fn of_org(org_id: &str, account: &str, region: &str) -> Self {
        let source = format!("aws.partner/genesys.com/cloud/{org_id}/trunkline");
        Self { source, account: account.to_owned(), region: region.to_owned() }
    }

    /// The event of a frame. Its id follows from the frame's content: a frame that is sent again is the same event.
    ///
    /// # Errors
    /// The frame is no notification.
    pub fn wrap(&self, frame: &Value, now: Timestamp) -> Result<String, EnvelopeError> {
        let text = frame.to_string();
        let event = PartnerEvent::parse(text.as_bytes())?;
        let at = frame.pointer("/eventBody/eventTime").and_then(|time| match time {
            Value::Number(ms) => ms.as_u64().map(Timestamp::from_unix_ms),
            Value::String(text) => Timestamp::parse_iso(text),
            _ => None,
        });
        let mut detail = frame.clone();
        if let Value::Object(members) = &mut detail {
            members.entry("timestamp").or_insert_with(|| json!(now.to_iso_millis()));
        }
        let envelope = json!({
            "version": "0",
            "id": uuid(semantic_key(&event)),
            "detail-type": event.topic.template(),
            "source": self.source,
            "account": self.account,
            "time": at.unwrap_or(now).to_iso_seconds(),
            "region": self.region,
            "resources": [],
            "detail": detail,
        });
        Ok(envelope.to_string())
    }
}

/// Sixteen bytes in the form of a UUID.
fn uuid(bytes: [u8; 16]) -> String {
    let mut text = hex(&bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
