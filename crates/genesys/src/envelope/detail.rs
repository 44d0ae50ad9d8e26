//! Detail events (`v2.detail.events.conversation.{id}.*`): which there are, and their bodies, read tolerantly.

use serde::{Deserialize, Serialize};

use crate::envelope::{EnvelopeError, PartnerEvent, lenient};

const PREFIX: &str = "v2.detail.events.conversation.{id}.";

/// The kind of a detail event. The order is the order in which they happen at one instant, and the numbers are kept
/// on disk: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DetailKind {
    /// A customer's session began.
    CustomerStart,
    /// A customer's session ended. It knows no queue and no wrap-up.
    CustomerEnd,
    /// A flow (IVR, in-queue, bot, outbound) began.
    FlowStart,
    /// A flow ended.
    FlowEnd,
    /// A flow reported an outcome.
    FlowOutcome,
    /// A queue took the conversation.
    AcdStart,
    /// A queue let it go: answered, abandoned or flowed out.
    AcdEnd,
    /// An agent's session began: it alerts, nobody has answered yet.
    UserStart,
    /// An agent's session ended, with its durations.
    UserEnd,
    /// An agent finished the after-call work.
    Acw,
    /// A flow set a wrap-up code.
    Wrapup,
    /// A voicemail began.
    VoicemailStart,
    /// A voicemail ended.
    VoicemailEnd,
    /// A dialer campaign made the conversation.
    Outbound,
    /// An external contact was attached.
    Contact,
    /// A participant's attributes changed.
    Attributes,
}

impl DetailKind {
    /// Every kind with the end of its topic.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::CustomerStart, "customer.start"),
        (Self::CustomerEnd, "customer.end"),
        (Self::FlowStart, "flow.start"),
        (Self::FlowEnd, "flow.end"),
        (Self::FlowOutcome, "flow.outcome"),
        (Self::AcdStart, "acd.start"),
        (Self::AcdEnd, "acd.end"),
        (Self::UserStart, "user.start"),
        (Self::UserEnd, "user.end"),
        (Self::Acw, "acw"),
        (Self::Wrapup, "wrapup"),
        (Self::VoicemailStart, "voicemail.start"),
        (Self::VoicemailEnd, "voicemail.end"),
        (Self::Outbound, "outbound"),
        (Self::Contact, "contact"),
        (Self::Attributes, "attributes"),
    ];

    /// The kind that a topic template names, if it is a detail event's.
    #[must_use]
    pub fn from_template(template: &str) -> Option<Self> {
        let suffix = template.strip_prefix(PREFIX)?;
        Self::ALL.iter().find(|(_, known)| *known == suffix).map(|(kind, _)| *kind)
    }

    /// The end of its topic: `acd.end`.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, suffix)| *suffix)
    }
}

/// One detail event: what the tracker understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailEvent {
    /// What happened.
    pub kind: DetailKind,
    /// To which conversation.
    pub conversation_id: String,
    /// When, in epoch milliseconds.
    pub event_time_ms: u64,
    /// The rest, all of it optional.
    pub body: DetailBody,
}

/// The fields of all detail events together. Values of enumerations stay as they arrived: Genesys' lists grow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the fields are Genesys' own, by Genesys' names")]
pub struct DetailBody {
    #[serde(deserialize_with = "lenient::millis")]
    pub event_time: Option<u64>,
    #[serde(deserialize_with = "lenient::text")]
    pub conversation_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub participant_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub session_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub media_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub direction: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub disconnect_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub user_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub queue_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub flow_id: Option<String>,
    /// Lower case in acd.end, upper case in flow.*: compare without case.
    #[serde(deserialize_with = "lenient::text")]
    pub flow_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub exit_reason: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub transfer_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub flow_outcome_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub acd_outcome: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub answered_user_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub wrapup_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub outbound_campaign_id: Option<String>,
    #[serde(deserialize_with = "lenient::millis")]
    pub connected_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub interacting_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub held_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub alerting_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub contacting_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub dialing_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub callback_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub wrapup_duration_ms: Option<u64>,
    #[serde(deserialize_with = "lenient::millis")]
    pub voicemail_duration_ms: Option<u64>,
}

impl DetailEvent {
    /// The detail event in a notification, or `None` where the notification is of another family.
    ///
    /// # Errors
    /// The body is not an object, or names neither the conversation nor the time.
    pub fn from_partner(event: &PartnerEvent) -> Result<Option<Self>, EnvelopeError> {
        let Some(kind) = DetailKind::from_template(event.topic.template()) else {
            return Ok(None);
        };
        let body: DetailBody = serde_json::from_str(event.body.get()).map_err(|e| EnvelopeError {
            message: format!("The eventBody of {} is not an object of that event: {e}.", event.topic),
        })?;
        let conversation_id = body
            .conversation_id
            .clone()
            .or_else(|| event.topic.id().map(str::to_owned))
            .ok_or_else(|| absent(event, "conversationId"))?;
        let event_time_ms = body.event_time.ok_or_else(|| absent(event, "eventTime"))?;
        Ok(Some(Self { kind, conversation_id, event_time_ms, body }))
    }
}

fn absent(event: &PartnerEvent, field: &str) -> EnvelopeError {
    EnvelopeError {
        message: format!(
            "The eventBody of {} has no `{field}`, so the event belongs nowhere.",
            event.topic.template()
        ),
    }
}
