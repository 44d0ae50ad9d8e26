//! One engine call at work inside a write: it changes the index, and remembers what memory must learn after the commit.

use std::sync::Arc;

use store::{Key, Record, Table, Tx};

use crate::engine::memory::{Change, Memory};
use crate::engine::record::{CONTENTS, INDEX, MOVED, NOTES, OrderKey, Phase, QueueId, State};

/// A message in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) phase: Phase,
    pub(crate) at_ms: u64,
    pub(crate) sequence: u64,
    pub(crate) state: State,
}

pub(crate) struct Desk<'t> {
    pub(crate) tx: Tx<'t>,
    changes: Vec<Change>,
    arrived: Vec<QueueId>,
    /// Messages that are lost to damage.
    lost: usize,
}

impl<'t> Desk<'t> {
    pub(crate) fn new(tx: &'t mut Tx<'_>) -> Self {
        Self { tx: tx.by_ref(), changes: Vec::new(), arrived: Vec::new(), lost: 0 }
    }

    /// Hands what was done to memory, once it is on disk; tells how many messages were lost to damage.
    pub(crate) fn finish(self, memory: &Arc<Memory>) -> usize {
        if self.changes.is_empty() && self.arrived.is_empty() {
            return self.lost;
        }
        let memory = Arc::clone(memory);
        let Self { mut tx, changes, arrived, lost } = self;
        tx.after_commit(move || {
            memory.count(&changes);
            for queue in arrived {
                memory.ring(queue);
            }
        });
        lost
    }

    /// A message can never be given out again, because this record of it is damaged or missing. What is left of it stays
    /// for `trunkline fsck` to name; its place in the queue is the caller's to give up.
    pub(crate) fn lose<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) {
        self.tx.pass_over(table, key);
        self.lost += 1;
    }

    /// Somebody who waits for a message of this queue should look.
    pub(crate) fn ring(&mut self, queue: QueueId) {
        self.arrived.push(queue);
    }

    pub(crate) fn note(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(crate) fn index(&mut self, queue: QueueId, entry: &Entry) {
        let place = (queue.0, entry.phase.byte(), (entry.at_ms, entry.sequence));
        self.tx.put(&INDEX, &place, &entry.state);
        self.changes.push(Change::Added(queue, entry.phase, entry.at_ms));
    }

    pub(crate) fn unindex(&mut self, queue: QueueId, entry: &Entry) {
        let place = (queue.0, entry.phase.byte(), (entry.at_ms, entry.sequence));
        self.tx.remove(&INDEX, &place);
        self.changes.push(Change::Removed(queue, entry.phase, entry.at_ms));
        if entry.state.moved {
            self.tx.remove(&MOVED, &(queue.0, entry.sequence));
        }
    }

    /// As [`Desk::unindex`], where the entry's state cannot be read.
    pub(crate) fn unindex_place(&mut self, place: OrderKey) {
        let (queue, phase, (at_ms, sequence)) = place;
        self.tx.remove(&INDEX, &place);
        self.tx.remove(&MOVED, &(queue, sequence));
        self.changes.push(Change::Removed(QueueId(queue), Phase::of_byte(phase), at_ms));
    }

    /// Removes what is kept beside the index.
    pub(crate) fn discard(&mut self, sequence: u64, state: &State) {
        self.tx.remove(&CONTENTS, &sequence);
        if state.noted {
            self.tx.remove(&NOTES, &sequence);
        }
    }
}
