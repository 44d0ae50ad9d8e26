//! Sweeping: what nobody can receive any more is removed, a little at a time.

use std::ops::ControlFlow;

use aws::Timestamp;
use store::{Found, Key, KeyRange, Read, Record, Table, Tx};

use crate::attempt::{FORGET_ATTEMPTS, forget_attempts};
use crate::engine::Queues;
use crate::engine::desk::Desk;
use crate::engine::record::{
    CONTENTS, DUPLICATES, FORGET, GROUPS, INDEX, MOVED, NOTES, PARKED, Phase, QUEUES, QueueId,
};

impl Queues {
    /// Removes up to `limit` messages that are past their queue's retention or whose queue was deleted, and as many
    /// forgotten deduplication keys and receive attempts. Gives back how much it removed; as long as that is not 0 there may be more.
    pub fn sweep(&self, tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
        let mut removed = forget_duplicates(tx, now, limit);
        removed += forget_attempts(tx, now.unix_ms(), limit.saturating_sub(removed));
        for known in self.memory.known() {
            if removed >= limit {
                break;
            }
            if known.dropped {
                removed += self.sweep_dropped(tx, known.id, limit - removed);
            } else if let Some(retention_ms) = known.settings.retention_ms {
                // What has been in its place for longer than the retention was sent even before. A message that was
                // put back into the index meanwhile is met later, and never received: receive looks at its age.
                let until_ms = now.unix_ms().saturating_sub(retention_ms);
                removed += self.sweep_expired(tx, known.id, until_ms, limit - removed);
            }
        }
        removed
    }

    /// Whether a sweep would find something to do: asked before a write is made for it.
    pub fn needs_sweep(&self, read: &mut impl Read, now: Timestamp) -> bool {
        let forgettable = KeyRange::between(&0u64, &now.unix_ms().saturating_add(1));
        let mut found = false;
        for expiry in [&FORGET, &FORGET_ATTEMPTS] {
            read.keys(expiry, &forgettable, &mut |_| {
                found = true;
                ControlFlow::Break(())
            });
        }
        if found {
            return true;
        }
        self.memory.known().into_iter().any(|known| {
            let Some(retention_ms) = known.settings.retention_ms else { return known.dropped };
            let until = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(retention_ms));
            known.dropped || self.is_due(read, known.id, until)
        })
    }

    fn sweep_expired(&self, tx: &mut Tx<'_>, queue: QueueId, until_ms: u64, limit: usize) -> usize {
        let until = Timestamp::from_unix_ms(until_ms);
        if until_ms == 0 || !self.memory.may_be_due(queue, until) {
            return 0;
        }
        let mut desk = Desk::new(tx);
        let expired = desk.list_due(queue, until, limit);
        let removed = expired.len();
        for entry in expired {
            desk.leave(queue, &entry);
            desk.discard(entry.sequence, &entry.state);
        }
        desk.finish(&self.memory);
        removed
    }

    fn sweep_dropped(&self, tx: &mut Tx<'_>, queue: QueueId, limit: usize) -> usize {
        let mut removed = 0;
        for phase in Phase::BOTH {
            let range = KeyRange::prefix(&(queue.0, phase.byte()));
            for place in first_keys(tx, &INDEX, &range, limit - removed) {
                let (_, _, (_, sequence)) = place;
                tx.remove(&INDEX, &place);
                tx.remove(&CONTENTS, &sequence);
                tx.remove(&NOTES, &sequence);
                removed += 1;
            }
        }
        for key in first_keys(tx, &PARKED, &KeyRange::prefix(&queue.0), limit - removed) {
            tx.remove(&PARKED, &key);
            tx.remove(&CONTENTS, &key.2);
            tx.remove(&NOTES, &key.2);
            removed += 1;
        }
        for key in first_keys(tx, &GROUPS, &KeyRange::prefix(&queue.0), limit - removed) {
            tx.remove(&GROUPS, &key);
            removed += 1;
        }
        for key in first_keys(tx, &MOVED, &KeyRange::prefix(&queue.0), limit - removed) {
            tx.remove(&MOVED, &key);
            removed += 1;
        }
        if removed < limit {
            tx.remove(&QUEUES, &queue.0);
            removed += 1;
            let memory = std::sync::Arc::clone(&self.memory);
            tx.after_commit(move || memory.forget(queue));
        }
        removed
    }
}

fn forget_duplicates(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
    let range = KeyRange::between(&0u64, &now.unix_ms().saturating_add(1));
    let forgettable = first_keys(tx, &FORGET, &range, limit);
    let removed = forgettable.len();
    for key in forgettable {
        tx.remove(&FORGET, &key);
        let (until_ms, duplicate) = key;
        let over = match tx.find(&DUPLICATES, &duplicate) {
            Found::Value(known) => known.until_ms <= until_ms,
            Found::Damaged => true,
            Found::Nothing => false,
        };
        if over {
            tx.remove(&DUPLICATES, &duplicate);
        }
    }
    removed
}

/// The first `limit` keys of a range. What is to be removed need not be readable.
fn first_keys<K: Key, V: Record>(
    tx: &mut Tx<'_>,
    table: &Table<K, V>,
    range: &KeyRange,
    limit: usize,
) -> Vec<K> {
    let mut keys = Vec::new();
    if limit > 0 {
        tx.keys(table, range, &mut |key| {
            keys.push(key);
            if keys.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
    }
    keys
}
