//! The formats in which the tutorials' consumers expect events, each made from the same derived event.

pub mod conversation_event;
pub mod interaction_updated;
pub mod stream;
pub mod subscription;

use serde_json::{Map, Value};

use crate::tracker::derived::{DerivedEvent, SOURCE, detail_type, iso};

/// A derived event as renderings read it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventContent {
    /// Its id.
    pub id: String,
    /// One of [`detail_type`].
    pub detail_type: String,
    /// When it happened, in epoch milliseconds.
    pub time_ms: u64,
    /// The detail as text.
    pub text: String,
    /// The detail.
    pub detail: Value,
}

impl EventContent {
    /// A derived event on its way to the bus.
    pub fn of_derived(derived: &DerivedEvent) -> Self {
        Self {
            id: derived.id.clone(),
            detail_type: derived.detail_type.to_owned(),
            time_ms: derived.time_ms,
            text: derived.detail.clone(),
            // INVARIANT: the detail was written by serde_json.
            detail: serde_json::from_str(&derived.detail).unwrap_or_default(),
        }
    }

    /// A derived event as it lies on a bus; `None` where the envelope is none of a derived event.
    pub fn of_envelope(event: &aws::Event) -> Option<Self> {
        if event.source != SOURCE {
            return None;
        }
        let detail: Value = serde_json::from_str(&event.detail).ok()?;
        let of_detail = ["endTime", "time"].iter().find_map(|name| detail.get(*name)?.as_str());
        let exact = of_detail.and_then(aws::Timestamp::parse_iso).unwrap_or(event.time);
        Some(Self {
            id: event.id.clone(),
            detail_type: event.detail_type.clone(),
            time_ms: exact.unix_ms(),
            text: event.detail.clone(),
            detail,
        })
    }

    /// The conversation; `None` in `user.state.change`.
    pub fn conversation_id(&self) -> Option<&str> {
        self.text_at("/conversationId")
    }

    fn text_at(&self, pointer: &str) -> Option<&str> {
        self.detail.pointer(pointer)?.as_str()
    }

    fn time(&self) -> String {
        iso(self.time_ms)
    }

    /// What happened as one of the tutorials' event types, such as `conversation:end`. What is neither a start nor an
    /// end of a conversation is its update.
    fn kind(&self) -> &'static str {
        match self.detail_type.as_str() {
            detail_type::CONVERSATION_START => "conversation:start",
            detail_type::CONVERSATION_END => "conversation:end",
            detail_type::USER_STATE_CHANGE => "user:state:change",
            _ => "conversation:update",
        }
    }
}

/// The kinds of event that there are: what a list of event types can name.
pub const KINDS: &[&str] =
    &["conversation:start", "conversation:update", "conversation:end", "user:state:change"];

/// The members that have a value.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
