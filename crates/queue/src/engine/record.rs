//! What the engine stores, and under which keys.

use serde::{Deserialize, Serialize};
use store::{Table, record};

/// A queue of the engine: one that SQS shows, or an internal one. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QueueId(pub u64);

/// How a queue treats its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// At most so many messages are in flight (leased and not expired) at a time; `None`: any number. Counted in the
    /// store, so that it holds across a crash (contract C11).
    pub permits: Option<u32>,
    /// A message older than this is dropped, in milliseconds; `None`: never.
    pub retention_ms: Option<u64>,
}

/// A typed value that travels with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// 1 to 256 characters.
    pub name: String,
    /// `String`, `Number` or `Binary`, perhaps with a suffix as `Number.int`.
    pub data_type: String,
    /// The value.
    pub value: Value,
}

impl Attribute {
    /// An attribute of type `String`.
    pub fn text(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), data_type: "String".to_owned(), value: Value::Text(value.into()) }
    }

    /// Its text; none of a `Binary`.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Bytes(_) => None,
        }
    }
}

/// The value of an [`Attribute`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// Of a `String` or `Number`.
    Text(String),
    /// Of a `Binary`.
    Bytes(Vec<u8>),
}

/// What stays the same in a message's life. Written once, under its sequence number, and not moved by a redrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) sender: String,
    pub(crate) trace_header: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) deduplication_id: Option<String>,
}

/// What changes in a message's life: the value of its place in the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) sent_at_ms: u64,
    /// How often it was received; also what tells an old receipt handle from the newest.
    pub(crate) received: u32,
    /// How often it had been received when it came to this queue: a redrive policy counts from there.
    pub(crate) carried: u32,
    /// 0: not received yet.
    pub(crate) first_received_at_ms: u64,
    /// Its lease was changed after the handle was given: [`MOVED`] knows its place.
    pub(crate) moved: bool,
    /// [`NOTES`] has something on it.
    pub(crate) noted: bool,
    pub(crate) group: Option<String>,
}

/// What was added to a message when it was dead-lettered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Where it came from: the queue's ARN.
    pub(crate) source: Option<String>,
    pub(crate) attributes: Vec<Attribute>,
}

/// A queue as the engine knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueueRecord {
    /// `kind:rest` of an internal queue; `None` for one of SQS.
    pub(crate) internal_name: Option<String>,
    pub(crate) settings: Settings,
    /// Nobody can reach it any more: its messages are removed bit by bit.
    pub(crate) dropped: bool,
}

/// The messages of a group that are in the index; the group's others are parked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) members: Vec<Member>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) sequence: u64,
    pub(crate) phase: Phase,
    pub(crate) at_ms: u64,
}

/// A message that waits for the earlier ones of its group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedMessage {
    pub(crate) state: State,
    pub(crate) not_before_ms: u64,
}

/// A message that was sent once already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Duplicate {
    pub(crate) id: String,
    pub(crate) sequence: u64,
    pub(crate) until_ms: u64,
}

record!(Content, version 1, about |content| content.body.len() + 128);
record!(State, version 1);
record!(Note, version 1);
record!(QueueRecord, version 1);
record!(Group, version 1);
record!(ParkedMessage, version 1);
record!(Duplicate, version 1);
record!(QueueId, version 1);

/// Which half of the index a message is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Not in flight; can be received from its time on.
    Waiting,
    /// In flight until its time; then it can be received again.
    Leased,
}

impl Phase {
    pub(crate) const BOTH: [Self; 2] = [Self::Leased, Self::Waiting];

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Leased => 1,
        }
    }

    pub(crate) const fn of_byte(byte: u8) -> Self {
        if byte == 0 { Self::Waiting } else { Self::Leased }
    }
}

/// A message's place: queue, phase, (time in ms, sequence number).
pub(crate) type OrderKey = (u64, u8, (u64, u64));

/// Queue id to queue.
pub(crate) const QUEUES: Table<u64, QueueRecord> = Table::new(10, "queues");
/// Name of an internal queue to its id.
pub(crate) const INTERNAL: Table<String, QueueId> = Table::new(11, "internal queues");
/// The order in which messages fall due, and their states.
pub(crate) const INDEX: Table<OrderKey, State> = Table::new(12, "message index");
/// Sequence number to content.
pub(crate) const CONTENTS: Table<u64, Content> = Table::new(13, "message contents");
/// (queue, sequence number) of a message whose lease was changed, to its time in the index.
pub(crate) const MOVED: Table<(u64, u64), u64> = Table::new(14, "changed leases");
/// Sequence number to what was added at dead-lettering.
pub(crate) const NOTES: Table<u64, Note> = Table::new(15, "message notes");
/// (queue, group) to the group's messages in the index.
pub(crate) const GROUPS: Table<(u64, String), Group> = Table::new(16, "message groups");
/// (queue, group, sequence number) of messages that wait for earlier ones of their group.
pub(crate) const PARKED: Table<(u64, String, u64), ParkedMessage> = Table::new(17, "parked messages");
/// (queue, deduplication key) to what was sent with it.
pub(crate) const DUPLICATES: Table<(u64, String), Duplicate> = Table::new(18, "deduplication");
/// (time in ms, (queue, deduplication key)): when a deduplication key may be forgotten.
pub(crate) const FORGET: Table<(u64, (u64, String)), ()> = Table::new(19, "deduplication expiry");
