//! A receive that is asked for again with the same ReceiveRequestAttemptId, because its answer was lost on the way.
//!
//! For five minutes after a receive from a FIFO queue, the same id brings the same messages with the same receipt handles
//! and begins their visibility timeout anew, as long as none of them was deleted, had its visibility changed, or became
//! visible again; then it is a new receive. Source: SQS API reference, ReceiveMessage.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{Found, KeyRange, Read, Table, Tx, record};

use crate::engine::Queues;
use crate::engine::handle::Handle;
use crate::engine::receive::{Receive, ReceivedMessage};
use crate::engine::record::QueueId;
use crate::limits;

/// (queue, attempt id) to what was received.
const ATTEMPTS: Table<(u64, String), Attempt> = Table::new(60, "receive attempts");
/// (time in ms, (queue, attempt id)): when an attempt may be forgotten.
pub(crate) const FORGET_ATTEMPTS: Table<(u64, (u64, String)), ()> = Table::new(61, "receive attempts expiry");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    handles: Vec<Handle>,
    /// The end of their leases, unless somebody has changed one.
    leased_until_ms: u64,
    /// How long the attempt is remembered.
    until_ms: u64,
}

record!(Attempt, version 1);

/// An attempt whose receive can be repeated, and what it brings again.
struct RepeatableAttempt {
    attempt: Attempt,
    messages: Vec<ReceivedMessage>,
}

impl Queues {
    /// As [`Queues::receive`]; what attempt `id` brought before is brought again where that is still possible.
    pub(crate) fn receive_attempt(
        &self,
        tx: &mut Tx<'_>,
        queue: QueueId,
        id: &str,
        receive: &Receive,
    ) -> Vec<ReceivedMessage> {
        let key = (queue.0, id.to_owned());
        if let Some(RepeatableAttempt { attempt, messages: again }) =
            self.attempt(tx, &key, receive.now.unix_ms())
        {
            let leased_until_ms = self.renew_all(tx, &attempt.handles, receive);
            tx.put(&ATTEMPTS, &key, &Attempt { leased_until_ms, ..attempt });
            return again;
        }
        let received = self.receive(tx, queue, receive);
        if let Some(first) = received.first() {
            let until = receive.now.plus(Duration::from_secs(limits::DEDUPLICATION_S));
            let attempt = Attempt {
                handles: received.iter().map(|message| message.handle).collect(),
                leased_until_ms: first.handle.at_ms,
                until_ms: until.unix_ms(),
            };
            tx.put(&ATTEMPTS, &key, &attempt);
            tx.put(&FORGET_ATTEMPTS, &(attempt.until_ms, key), &());
        }
        received
    }

    /// Whether a receive with this attempt id would bring again what it brought before.
    pub(crate) fn has_attempt(&self, read: &mut impl Read, queue: QueueId, id: &str, now_ms: u64) -> bool {
        self.attempt(read, &(queue.0, id.to_owned()), now_ms).is_some()
    }

    /// The attempt and its messages, all of which are as it left them.
    fn attempt(&self, read: &mut impl Read, key: &(u64, String), now_ms: u64) -> Option<RepeatableAttempt> {
        let attempt = read.get(&ATTEMPTS, key)?;
        if attempt.until_ms <= now_ms || attempt.leased_until_ms <= now_ms {
            return None;
        }
        let untouched = |handle: &Handle, read: &mut _| {
            let until = self.leased_until(read, handle)?;
            if until.unix_ms() != attempt.leased_until_ms {
                return None;
            }
            Self::received_with(read, handle)
        };
        let again: Option<Vec<ReceivedMessage>> =
            attempt.handles.iter().map(|handle| untouched(handle, read)).collect();
        Some(RepeatableAttempt { attempt, messages: again? })
    }

    fn renew_all(&self, tx: &mut Tx<'_>, handles: &[Handle], receive: &Receive) -> u64 {
        for handle in handles {
            self.renew(tx, handle, receive.until);
        }
        receive.until.unix_ms()
    }
}

/// Forgets up to `limit` attempts whose time has passed; how many those were.
pub(crate) fn forget_attempts(tx: &mut Tx<'_>, now_ms: u64, limit: usize) -> usize {
    let due = KeyRange::between(&0u64, &now_ms.saturating_add(1));
    let keys: Vec<_> = tx.list_found(&FORGET_ATTEMPTS, &due, limit).into_iter().map(|(key, _)| key).collect();
    for key in &keys {
        tx.remove(&FORGET_ATTEMPTS, key);
        let (until_ms, attempt) = key;
        // The same id may have been used anew since.
        let over = match tx.find(&ATTEMPTS, attempt) {
            Found::Value(known) => known.until_ms <= *until_ms,
            Found::Damaged => true,
            Found::Nothing => false,
        };
        if over {
            tx.remove(&ATTEMPTS, attempt);
        }
    }
    keys.len()
}
