//! Giving back: what a process that is gone had leased, for queues that only one process at a time takes from.

use store::{KeyRange, Read, Tx};

use crate::engine::Queues;
use crate::engine::handle::Handle;
use crate::engine::record::{INDEX, INTERNAL, Phase, QueueId};

impl Queues {
    /// Ends the leases of the internal queues whose names begin with `prefix`: their messages can be received again at once.
    /// For whoever opens a store and knows that the receivers are gone. How many there were.
    pub fn release_leases(&self, tx: &mut Tx<'_>, prefix: &str) -> usize {
        let all = tx.list(&INTERNAL, &KeyRange::all(), usize::MAX);
        let named = all.into_iter().filter(|(name, _)| name.starts_with(prefix));
        named.map(|(_, queue)| self.release(tx, queue)).sum()
    }

    fn release(&self, tx: &mut Tx<'_>, queue: QueueId) -> usize {
        let leased = tx.list_found(&INDEX, &KeyRange::prefix(&(queue.0, Phase::Leased.byte())), usize::MAX);
        let mut released = 0;
        for ((_, _, (at_ms, sequence)), state) in leased {
            // One that is damaged is passed over when its lease ends.
            let Some(state) = state else { continue };
            let handle = Handle { queue, sequence, at_ms, receive: state.received };
            let sent_at = aws::Timestamp::from_unix_ms(state.sent_at_ms);
            released += usize::from(self.reschedule(tx, &handle, sent_at));
        }
        released
    }
}
