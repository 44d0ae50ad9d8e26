//! Sweeping: what nobody can receive any more is removed, a little at a time.

use aws::Timestamp;
use store::{KeyRange, Read, Tx};

use crate::engine::Queues;
use crate::engine::desk::Desk;
use crate::engine::receive::entry_of;
use crate::engine::record::{DUPLICATES, FORGET, GROUPS, INDEX, MOVED, PARKED, Phase, QUEUES, QueueId};

impl Queues {
    /// Removes up to `limit` messages that are past their queue's retention or whose queue was deleted, and as many
    /// forgotten deduplication keys. Gives back how much it removed; as long as that is not 0 there may be more.
    pub fn sweep(&self, tx: &mut Tx<'_, '_>, now: Timestamp, limit: usize) -> usize {
        let mut removed = forget_duplicates(tx, now, limit);
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
                removed += self.sweep_expired(tx, known.id, (until_ms, limit - removed));
            }
        }
        removed
    }

    /// Whether a sweep would find something to do: asked before a write is made for it.
    pub fn needs_sweep(&self, read: &mut impl Read, now: Timestamp) -> bool {
        let forgettable = KeyRange::between(&0u64, &now.unix_ms().saturating_add(1));
        if !read.list(&FORGET, &forgettable, 1).is_empty() {
            return true;
        }
        self.memory.known().into_iter().any(|known| {
            let Some(retention_ms) = known.settings.retention_ms else { return known.dropped };
            let until = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(retention_ms));
            known.dropped || self.is_due(read, known.id, until)
        })
    }

    fn sweep_expired(&self, tx: &mut Tx<'_, '_>, queue: QueueId, (until_ms, limit): (u64, usize)) -> usize {
        let until = Timestamp::from_unix_ms(until_ms);
        if until_ms == 0 || !self.memory.may_be_due(queue, until) {
            return 0;
        }
        let expired = crate::engine::receive::list_due(tx, queue, until, limit);
        let removed = expired.len();
        let mut desk = Desk::new(tx);
        for entry in expired {
            desk.leave(queue, &entry);
            desk.discard(entry.sequence, &entry.state);
        }
        desk.finish(&self.memory);
        removed
    }

    fn sweep_dropped(&self, tx: &mut Tx<'_, '_>, queue: QueueId, limit: usize) -> usize {
        let mut removed = 0;
        for phase in Phase::BOTH {
            let range = KeyRange::prefix(&(queue.0, phase.byte()));
            for (place, state) in tx.list(&INDEX, &range, limit - removed) {
                let entry = entry_of((place, state));
                let mut desk = Desk::new(tx);
                desk.unindex(queue, &entry);
                desk.discard(entry.sequence, &entry.state);
                removed += 1;
            }
        }
        for (key, parked) in tx.list(&PARKED, &KeyRange::prefix(&queue.0), limit - removed) {
            tx.remove(&PARKED, &key);
            Desk::new(tx).discard(key.2, &parked.state);
            removed += 1;
        }
        for (key, _) in tx.list(&GROUPS, &KeyRange::prefix(&queue.0), limit - removed) {
            tx.remove(&GROUPS, &key);
            removed += 1;
        }
        for (key, _) in tx.list(&MOVED, &KeyRange::prefix(&queue.0), limit - removed) {
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

fn forget_duplicates(tx: &mut Tx<'_, '_>, now: Timestamp, limit: usize) -> usize {
    let range = KeyRange::between(&0u64, &now.unix_ms().saturating_add(1));
    let forgettable = tx.list(&FORGET, &range, limit);
    let removed = forgettable.len();
    for (key, ()) in forgettable {
        tx.remove(&FORGET, &key);
        let (until_ms, duplicate) = key;
        if tx.get(&DUPLICATES, &duplicate).is_some_and(|known| known.until_ms <= until_ms) {
            tx.remove(&DUPLICATES, &duplicate);
        }
    }
    removed
}
