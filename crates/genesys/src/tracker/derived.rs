//! Derived events: what the tracker puts on the bus.

use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::tracker::symbol::hyphenated;

/// The source of every derived event.
pub const SOURCE: &str = "genesys.cloud";

/// `detail-type`s of derived events.
pub mod detail_type {
    /// A customer's first session of an episode began.
    pub const CONVERSATION_START: &str = "conversation.start";
    /// A queue took the conversation.
    pub const QUEUE_START: &str = "conversation.queue.start";
    /// A queue let it go.
    pub const QUEUE_END: &str = "conversation.queue.end";
    /// An agent and the conversation are connected.
    pub const AGENT_CONNECTED: &str = "conversation.agent.connected";
    /// An agent who was connected is no longer.
    pub const AGENT_DISCONNECTED: &str = "conversation.agent.disconnected";
    /// Everything has ended and is wrapped up, or its grace has run out.
    pub const CONVERSATION_END: &str = "conversation.end";
    /// A wrap-up that came after the end.
    pub const CONVERSATION_WRAP_UP: &str = "conversation.wrapup";
    /// A user's presence or routing status changed.
    pub const USER_STATE_CHANGE: &str = "user.state.change";
}

/// Names of queues by id, as far as they are known.
#[derive(Debug, Clone, Default)]
pub struct QueueNames(pub BTreeMap<String, String>);

impl QueueNames {
    /// The name of a queue.
    #[must_use]
    pub fn name(&self, queue_id: &str) -> Option<&str> {
        self.0.get(queue_id).map(String::as_str)
    }
}

/// One derived event, ready for the bus; its source is [`SOURCE`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DerivedEvent {
    /// When it happened, in epoch milliseconds: the time of the facts, not of the publication.
    pub time_ms: u64,
    /// One of [`detail_type`].
    pub detail_type: &'static str,
    /// A UUID that is a function of the conversation and the kind (and of the session and the time where a kind occurs
    /// several times), so that a second derivation dedupes.
    pub id: String,
    /// The detail as JSON text.
    pub detail: String,
    /// An end that came because the conversation was too old, not because it had ended.
    pub is_expired: bool,
}

impl DerivedEvent {
    /// `names` are what the id is a function of, beside the kind.
    pub(super) fn new(
        detail_type: &'static str,
        time_ms: u64,
        names: &[&str],
        detail: &impl Serialize,
    ) -> Self {
        // INVARIANT: the details are structs of texts and numbers with text keys, which serde_json always writes.
        let detail = serde_json::to_string(detail).unwrap_or_default();
        Self { time_ms, detail_type, id: event_id(detail_type, names), detail, is_expired: false }
    }
}

/// The namespace of Trunkline's ids: 16 bytes that were drawn once and stay.
const NAMESPACE: [u8; 16] =
    [0x3b, 0x1e, 0x7a, 0x52, 0xd9, 0x04, 0x4c, 0x8f, 0xa6, 0x2d, 0x91, 0x5e, 0xc0, 0x77, 0x18, 0xe3];

/// A name-based UUID, version 3 (RFC 9562, section 5.3): the MD5 of the namespace and the lines.
fn event_id(detail_type: &str, names: &[&str]) -> String {
    let mut digest = Md5::new();
    digest.update(NAMESPACE);
    digest.update(detail_type.as_bytes());
    for name in names {
        digest.update(b"\n");
        digest.update(name.as_bytes());
    }
    let mut bytes: [u8; 16] = digest.finalize().into();
    // Version and variant, by their places in the RFC.
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x30;
    *variant = *variant & 0x3f | 0x80;
    hyphenated(&bytes)
}

/// ISO 8601 with milliseconds, as Genesys writes its own.
pub(crate) fn iso(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", time.unwrap_or(Timestamp::MAX))
}

/// Which queue: in the same place in every derived event, so that one filter serves all of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Routing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue_name: Option<String>,
    /// Only in an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue_ids: Option<Vec<String>>,
}

impl Routing {
    pub(super) fn to(queue_id: Option<String>, names: &QueueNames) -> Self {
        let queue_name = queue_id.as_deref().and_then(|id| names.name(id)).map(str::to_owned);
        Self { queue_id, queue_name, queue_ids: None }
    }
}

/// The detail of everything that happens at one moment.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moment {
    pub(super) id: String,
    pub(super) conversation_id: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) direction: Option<String>,
    pub(super) time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) routing: Option<Routing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wait_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) talk_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hold_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alert_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disconnect_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wrap_up_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_ms: Option<u64>,
    /// From 2: the first is not named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) episode: Option<u16>,
}

/// The detail of `conversation.end`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct End {
    pub(super) id: String,
    pub(super) conversation_id: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) direction: Option<String>,
    /// `completed`, or `expired` where it was closed for its age.
    pub(super) status: &'static str,
    pub(super) routing: Routing,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wrap_up_code: Option<String>,
    pub(super) wrap_ups: Vec<WrapUp>,
    /// Milliseconds from start to end.
    pub(super) duration: u64,
    pub(super) start_time: String,
    pub(super) end_time: String,
    pub(super) participant_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disconnect_type: Option<String>,
    pub(super) segments: Segments,
    /// `answered`, `abandoned`, `flow-out`; absent where no queue and no agent took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<String>,
    /// From 2: the first is not named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) episode: Option<u16>,
    /// True where something was not seen; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) partial: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrapUp {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) queue_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    pub(super) duration_ms: u64,
}

/// How long everybody did what, in milliseconds, added up over all legs.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "units last; the names are the published ones")]
pub(super) struct Segments {
    pub(super) ivr_ms: u64,
    pub(super) queue_ms: u64,
    pub(super) alert_ms: u64,
    pub(super) talk_ms: u64,
    pub(super) hold_ms: u64,
    pub(super) acw_ms: u64,
    /// The callbacks themselves; the calls within them are talk.
    pub(super) callback_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::{event_id, iso};

    #[test]
    fn ids_are_kept_for_ever() {
        let id = event_id("conversation.end", &["2f7bf00a-0fc2-4d6a-9b56-92238191433e"]);
        assert_eq!(id, PINNED);
        assert_eq!(id.as_bytes().get(14), Some(&b'3'));
        assert_ne!(event_id("conversation.end", &["a", "b"]), event_id("conversation.end", &["ab"]));
    }

    /// As Python's `uuid.uuid3` reckons it.
    const PINNED: &str = "b5e5e49d-05d8-3718-9ca8-0d83e9733b27";

    #[test]
    fn times_have_three_decimals() {
        assert_eq!(iso(1_700_000_000_000), "2023-11-14T22:13:20.000Z");
        assert_eq!(iso(1_765_551_713_383), "2025-12-12T15:01:53.383Z");
    }
}
