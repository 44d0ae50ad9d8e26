//! Settling: a message that was received is deleted, kept longer, tried again later, or dead-lettered.

use aws::Timestamp;
use store::{Found, Read, Tx};

use crate::engine::Queues;
use crate::engine::desk::{Desk, Entry};
use crate::engine::handle::Handle;
use crate::engine::record::{Attribute, INDEX, MOVED, NOTES, Note, Phase, QueueId, State};

/// What became of a change of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseChange {
    /// The lease ends at the new time.
    Yes,
    /// The lease had ended: the message may be received by anybody.
    Expired,
    /// The message is gone, or was received again.
    Gone,
}

/// A change of a lease's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// When it is made.
    pub now: Timestamp,
    /// When the lease shall end.
    pub until: Timestamp,
}

/// Where a dead letter goes and what is said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The dead-letter queue.
    pub to: QueueId,
    /// The name of where it comes from, an ARN.
    pub source: Option<String>,
    /// Why it went there; added to the message's attributes.
    pub cause: Vec<Attribute>,
}

impl Queues {
    /// Deletes the message; `false`: it is gone already, or was received again.
    pub fn delete(&self, tx: &mut Tx<'_>, handle: &Handle) -> bool {
        self.settle(tx, handle, |desk, entry| {
            desk.leave(handle.queue, &entry);
            desk.discard(entry.sequence, &entry.state);
        })
    }

    /// Gives the message back to its queue, to be received again from `not_before` on; it is not in flight meanwhile.
    /// `false`: it is gone already, or was received again.
    pub fn reschedule(&self, tx: &mut Tx<'_>, handle: &Handle, not_before: Timestamp) -> bool {
        self.settle(tx, handle, |desk, entry| {
            let state = State { moved: false, ..entry.state.clone() };
            let at_ms = not_before.unix_ms();
            desk.shift(handle.queue, &entry, &Entry { phase: Phase::Waiting, at_ms, state, ..entry });
            desk.ring(handle.queue);
        })
    }

    /// As [`Queues::reschedule`], and as if this receive had not been: it does not count.
    pub fn give_back(&self, tx: &mut Tx<'_>, handle: &Handle, not_before: Timestamp) -> bool {
        self.settle(tx, handle, |desk, entry| {
            let received = entry.state.received.saturating_sub(1);
            let state = State { moved: false, received, ..entry.state.clone() };
            let at_ms = not_before.unix_ms();
            desk.shift(handle.queue, &entry, &Entry { phase: Phase::Waiting, at_ms, state, ..entry });
            desk.ring(handle.queue);
        })
    }

    /// Moves the message to another queue, its content and what was sent with it unchanged, in this transaction
    /// (contract C7). `false`: it is gone already, or was received again.
    pub fn dead_letter(&self, tx: &mut Tx<'_>, handle: &Handle, letter: DeadLetter, now: Timestamp) -> bool {
        self.settle(tx, handle, |desk, entry| {
            let note = Note { source: letter.source, attributes: letter.cause };
            desk.transfer(handle.queue, entry, Transfer { to: letter.to, note, now_ms: now.unix_ms() });
        })
    }

    /// Changes the end of a lease, unless it has ended: the permit may be somebody else's by now. The handle
    /// stays valid.
    pub fn extend(&self, tx: &mut Tx<'_>, handle: &Handle, extension: Extension) -> LeaseChange {
        let Extension { now, until } = extension;
        match self.leased_until(tx, handle) {
            None => LeaseChange::Gone,
            Some(end) if end <= now => LeaseChange::Expired,
            Some(_) => {
                self.renew(tx, handle, until);
                LeaseChange::Yes
            }
        }
    }

    /// As [`Queues::extend`], also where the lease has ended, as long as nobody has received the message again.
    /// `false`: somebody has, or it is gone.
    pub fn renew(&self, tx: &mut Tx<'_>, handle: &Handle, until: Timestamp) -> bool {
        self.settle(tx, handle, |desk, entry| {
            let at_ms = until.unix_ms();
            let state = State { moved: true, ..entry.state.clone() };
            desk.shift(handle.queue, &entry, &Entry { at_ms, state, ..entry });
            desk.tx.put(&MOVED, &(handle.queue.0, handle.sequence), &at_ms);
            // Those who wait must learn the new time, also where it is an earlier one.
            desk.ring(handle.queue);
        })
    }

    /// As [`Queues::renew`], with the handle of an earlier receive of a message that somebody has in flight now.
    /// `false`: it is gone, or not in flight.
    pub fn renew_by_earlier(&self, tx: &mut Tx<'_>, handle: &Handle, extension: Extension) -> bool {
        let place = tx
            .get(&MOVED, &(handle.queue.0, handle.sequence))
            .filter(|at_ms| *at_ms > extension.now.unix_ms());
        let newest = place.and_then(|at_ms| {
            let place = (handle.queue.0, Phase::Leased.byte(), (at_ms, handle.sequence));
            let Found::Value(state) = tx.find(&INDEX, &place) else { return None };
            (state.received > handle.receive).then_some(Handle { at_ms, receive: state.received, ..*handle })
        });
        newest.is_some_and(|newest| self.renew(tx, &newest, extension.until))
    }

    /// Until when the handle's message is leased; `None`: it is gone, or was received again.
    pub fn leased_until(&self, read: &mut impl Read, handle: &Handle) -> Option<Timestamp> {
        find(read, handle).map(|entry| Timestamp::from_unix_ms(entry.at_ms))
    }

    fn settle(&self, tx: &mut Tx<'_>, handle: &Handle, act: impl FnOnce(&mut Desk<'_>, Entry)) -> bool {
        let Some(entry) = find(tx, handle) else { return false };
        let mut desk = Desk::new(tx);
        act(&mut desk, entry);
        desk.finish(&self.memory);
        true
    }
}

/// Where a message goes, what is noted about it, and when.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) to: QueueId,
    pub(crate) note: Note,
    pub(crate) now_ms: u64,
}

impl Desk<'_> {
    /// Takes a message out of one queue and puts it in another, at once to be received there. Its content stays where
    /// it is, its count goes on.
    pub(crate) fn transfer(&mut self, from: QueueId, entry: Entry, transfer: Transfer) {
        let Transfer { to, note, now_ms } = transfer;
        self.leave(from, &entry);
        let mut known = self.note_of(&entry);
        known.source = note.source.or(known.source);
        known.attributes.retain(|old| !note.attributes.iter().any(|new| new.name == old.name));
        known.attributes.extend(note.attributes);
        self.tx.put(&NOTES, &entry.sequence, &known);
        let carried = entry.state.received;
        let state = State { moved: false, noted: true, carried, ..entry.state };
        self.place(to, Entry { phase: Phase::Waiting, at_ms: now_ms, sequence: entry.sequence, state });
    }
}

/// The message in the state that the handle speaks of. One whose state is damaged is gone: the queue passes it over as
/// soon as its lease ends.
pub(crate) fn find(read: &mut impl Read, handle: &Handle) -> Option<Entry> {
    let at = |at_ms: u64, read: &mut _| {
        let place = (handle.queue.0, Phase::Leased.byte(), (at_ms, handle.sequence));
        let Found::Value(state) = Read::find(read, &INDEX, &place) else { return None };
        (state.received == handle.receive).then_some(Entry {
            phase: Phase::Leased,
            at_ms,
            sequence: handle.sequence,
            state,
        })
    };
    if let Some(entry) = at(handle.at_ms, read) {
        return Some(entry);
    }
    let moved_to = read.get(&MOVED, &(handle.queue.0, handle.sequence))?;
    at(moved_to, read)
}
