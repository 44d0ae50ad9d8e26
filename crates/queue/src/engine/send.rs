//! Sending: a content written once, a place in the index.

use aws::Timestamp;
use store::{Read, Tx};

use crate::engine::Queues;
use crate::engine::desk::{Desk, Entry};
use crate::engine::record::{
    Attribute, CONTENTS, Content, DUPLICATES, Duplicate, FORGET, Phase, QueueId, State,
};

/// A message to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// Its identifier, a UUID; it stays through redrives.
    pub id: String,
    /// Its text, up to 1 MiB.
    pub body: String,
    /// Typed values beside the body.
    pub attributes: Vec<Attribute>,
    /// Who sent it; empty for internal messages.
    pub sender: String,
    /// The X-Ray header, if one came along.
    pub trace_header: Option<String>,
    /// Messages of one group are received in the order of their sending, and no message of a group is given out while
    /// an earlier receive of the group is unsettled. `None`: no order.
    pub group: Option<String>,
    /// A group that is only shown to the receiver and orders nothing.
    pub tenant: Option<String>,
    /// Under which the duplicate was or would be found; shown to the receiver.
    pub deduplication_id: Option<String>,
    /// When it was sent.
    pub now: Timestamp,
    /// It is not received before; at or before `now`: at once.
    pub not_before: Timestamp,
}

/// Under which key a message is sent only once, and how long that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deduplication {
    /// The same for messages that are the same.
    pub key: String,
    /// Until when another message with this key is a duplicate.
    pub until: Timestamp,
}

/// What became of a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendReceipt {
    /// Its identifier; that of the first one if it is a duplicate.
    pub id: String,
    /// Greater than that of every message sent before.
    pub sequence: u64,
    /// It is not received before.
    pub at: Timestamp,
    /// It had been sent before, and was not sent again.
    pub duplicate: bool,
}

impl Queues {
    /// Sends a message.
    pub fn send(&self, tx: &mut Tx<'_>, queue: QueueId, message: NewMessage) -> SendReceipt {
        let sequence = tx.next_number();
        let id = message.id.clone();
        let mut desk = Desk::new(tx);
        let at_ms = message.not_before.max(message.now).unix_ms();
        let state = State {
            sent_at_ms: message.now.unix_ms(),
            received: 0,
            carried: 0,
            first_received_at_ms: 0,
            moved: false,
            noted: false,
            group: message.group,
        };
        let content = Content {
            id: message.id,
            body: message.body,
            attributes: message.attributes,
            sender: message.sender,
            trace_header: message.trace_header,
            tenant: message.tenant,
            deduplication_id: message.deduplication_id,
        };
        desk.tx.put(&CONTENTS, &sequence, &content);
        desk.place(queue, Entry { phase: Phase::Waiting, at_ms, sequence, state });
        desk.finish(&self.memory);
        SendReceipt { id, sequence, at: Timestamp::from_unix_ms(at_ms), duplicate: false }
    }

    /// Sends a message unless one with the same key was sent to this queue and is remembered, whatever became of it
    /// since; remembers this one.
    pub fn send_once(
        &self,
        tx: &mut Tx<'_>,
        queue: QueueId,
        message: NewMessage,
        Deduplication { key, until }: Deduplication,
    ) -> SendReceipt {
        let key = (queue.0, key);
        let now_ms = message.now.unix_ms();
        if let Some(known) = tx.get(&DUPLICATES, &key).filter(|known| known.until_ms > now_ms) {
            return SendReceipt {
                id: known.id,
                sequence: known.sequence,
                at: message.not_before,
                duplicate: true,
            };
        }
        let sent = self.send(tx, queue, message);
        let until_ms = until.unix_ms();
        let duplicate = Duplicate { id: sent.id.clone(), sequence: sent.sequence, until_ms };
        tx.put(&DUPLICATES, &key, &duplicate);
        tx.put(&FORGET, &(until_ms, key), &());
        sent
    }
}
