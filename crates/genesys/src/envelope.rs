//! The events that Genesys Cloud sends: the EventBridge envelope and the bare WebSocket frame, as one type.

pub(crate) mod canonical;
pub mod detail;
mod lenient;
pub mod semantic_key;
pub mod topic;

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::envelope::topic::Topic;

/// What EventBridge puts around a notification; a WebSocket frame has none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The id that EventBridge gave; new when Genesys publishes the same thing again.
    pub id: String,
    /// `aws.partner/genesys.com/cloud/{orgId}/{suffix}`.
    pub source: String,
    /// The AWS account, 12 digits.
    pub account: String,
    /// ISO 8601, to the second.
    pub time: String,
    /// The AWS region.
    pub region: String,
    /// ARNs; Genesys sends none.
    pub resources: Vec<String>,
}

/// One notification of Genesys Cloud, from whichever feed.
#[derive(Debug, Clone)]
pub struct PartnerEvent {
    /// Only what came through EventBridge has one.
    pub envelope: Option<Envelope>,
    /// What happened, and to whom. Everything is keyed by this.
    pub topic: Topic,
    /// The version of the body's schema, as sent.
    pub version: Option<String>,
    /// The body, byte for byte as sent.
    pub body: Box<RawValue>,
    /// Genesys' own trace id; it may carry a suffix such as `-archival`.
    pub correlation_id: Option<String>,
    /// When Genesys published it, ISO 8601 with milliseconds; absent in WebSocket frames.
    pub timestamp: Option<String>,
}

/// Why some bytes are no Genesys notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeError {
    /// A sentence for the person who sent it.
    pub message: String,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EnvelopeError {}

impl PartnerEvent {
    /// Reads an EventBridge envelope, or a WebSocket frame where there is no `detail`.
    ///
    /// # Errors
    /// The bytes are no JSON object, or the names that say what the event is (`detail-type`, `topicName`,
    /// `eventBody`) are missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(|e| not_json("event", &e))?;
        match wire.detail {
            Some(detail) => {
                let template = wire.detail_type.ok_or_else(|| missing("detail-type"))?;
                let frame: Frame =
                    serde_json::from_str(detail.get()).map_err(|e| not_json("event's detail", &e))?;
                let envelope = Envelope {
                    id: wire.id.unwrap_or_default(),
                    source: wire.source.unwrap_or_default(),
                    account: wire.account.unwrap_or_default(),
                    time: wire.time.unwrap_or_default(),
                    region: wire.region.unwrap_or_default(),
                    resources: wire.resources,
                };
                let topic = Topic::aligned(&template, frame.topic_name.as_deref().unwrap_or_default());
                frame.into_event(Some(envelope), topic)
            }
            None => {
                let name = wire.topic_name.ok_or_else(|| missing("topicName"))?;
                let topic = Topic::from_name(&name);
                let frame = Frame {
                    topic_name: Some(name),
                    version: wire.version,
                    event_body: wire.event_body,
                    metadata: wire.metadata,
                    timestamp: wire.timestamp,
                };
                frame.into_event(None, topic)
            }
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, rename = "detail-type", deserialize_with = "lenient::text")]
    detail_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    source: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    account: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    time: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    region: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    detail: Option<Box<RawValue>>,
    // From here on: the frame, where there is no envelope.
    #[serde(default, rename = "topicName", deserialize_with = "lenient::text")]
    topic_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    version: Option<String>,
    #[serde(rename = "eventBody")]
    event_body: Option<Box<RawValue>>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "lenient::text")]
    timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    #[serde(default, deserialize_with = "lenient::text")]
    topic_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    version: Option<String>,
    event_body: Option<Box<RawValue>>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "lenient::text")]
    timestamp: Option<String>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default, rename = "CorrelationId", deserialize_with = "lenient::text")]
    correlation_id: Option<String>,
}

impl Frame {
    fn into_event(self, envelope: Option<Envelope>, topic: Topic) -> Result<PartnerEvent, EnvelopeError> {
        Ok(PartnerEvent {
            envelope,
            topic,
            version: self.version,
            body: self.event_body.ok_or_else(|| missing("eventBody"))?,
            correlation_id: self.metadata.correlation_id,
            timestamp: self.timestamp,
        })
    }
}

fn missing(name: &str) -> EnvelopeError {
    EnvelopeError { message: format!("A Genesys Cloud event needs the field `{name}`; it is not there.") }
}

fn not_json(what: &str, error: &serde_json::Error) -> EnvelopeError {
    EnvelopeError { message: format!("The {what} is not the JSON of a Genesys Cloud event: {error}.") }
}
