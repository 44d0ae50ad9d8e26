//! Moving messages on from one queue to another, without anybody receiving them: what a redrive does.

use aws::Timestamp;
use store::{Found, Read, Tx};

use crate::engine::Queues;
use crate::engine::desk::{Desk, Entry};
use crate::engine::record::{NOTES, Phase, QueueId, State};

/// How much is moved at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// When: messages that could be received then are moved.
    pub now: Timestamp,
    /// At most so many messages.
    pub max: usize,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relocation {
    /// So many messages have a new queue.
    pub moved: usize,
    /// The next message has nowhere to go.
    pub stuck: bool,
}

impl Queues {
    /// Moves a portion of the messages that could be received to the queue that `target` names for each: given the
    /// name of the queue that dead-lettered it. Stops at the first that has none.
    pub fn relocate<T>(&self, tx: &mut Tx<'_>, from: QueueId, portion: Portion, mut target: T) -> Relocation
    where
        T: FnMut(&mut Tx<'_>, Option<&str>) -> Option<QueueId>,
    {
        let Portion { now, max } = portion;
        let mut desk = Desk::new(tx);
        let mut done = Relocation::default();
        while done.moved < max && !done.stuck && !desk.tx.has_failed() {
            // One at a time where there are groups: with the first gone, the next of its group falls due.
            let due = desk.list_due(from, now, max - done.moved);
            if due.is_empty() {
                break;
            }
            let listed = due.len();
            let moved = due.into_iter().take_while(|entry| {
                let source = desk.source_of(entry);
                let to = target(&mut desk.tx, source.as_deref());
                to.map(|to| desk.start_again(from, entry, to, now.unix_ms())).is_some()
            });
            let moved = moved.count();
            done.moved += moved;
            done.stuck = moved < listed;
        }
        desk.finish(&self.memory);
        done
    }
}

impl Desk<'_> {
    /// The queue that dead-lettered a message; `None` also where the note that says so is damaged.
    fn source_of(&mut self, entry: &Entry) -> Option<String> {
        if !entry.state.noted {
            return None;
        }
        match self.tx.find(&NOTES, &entry.sequence) {
            Found::Value(note) => note.source,
            Found::Nothing | Found::Damaged => None,
        }
    }

    /// Moves a message to another queue as if it had just been sent there: its age and its count begin anew, else it
    /// would go straight back to the dead-letter queue.
    fn start_again(&mut self, from: QueueId, entry: &Entry, to: QueueId, now_ms: u64) {
        self.leave(from, entry);
        if entry.state.noted {
            self.tx.remove(&NOTES, &entry.sequence);
        }
        let group = entry.state.group.clone();
        let state = State {
            sent_at_ms: now_ms,
            received: 0,
            carried: 0,
            first_received_at_ms: 0,
            moved: false,
            noted: false,
            group,
        };
        self.place(to, Entry { phase: Phase::Waiting, at_ms: now_ms, sequence: entry.sequence, state });
    }
}
