//! Receiving: a lease on what has fallen due, first first.

use std::collections::HashSet;
use std::ops::ControlFlow;

use aws::Timestamp;
use store::{Found, KeyRange, Read, Tx};

use crate::engine::Queues;
use crate::engine::desk::{Desk, Entry};
use crate::engine::handle::Handle;
use crate::engine::record::{
    Attribute, CONTENTS, Content, INDEX, MOVED, NOTES, Note, OrderKey, Phase, QUEUES, QueueId, Settings,
    State,
};
use crate::engine::settle::{Transfer, find};

/// What to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receive {
    /// At most so many messages.
    pub max: usize,
    /// Until when the messages are leased to the receiver.
    pub until: Timestamp,
    /// When the receive happens.
    pub now: Timestamp,
    /// Where messages go that have been received too often.
    pub redrive: Option<Redrive>,
}

/// A dead-letter queue and when it takes a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// A message that was received so often from this queue goes there instead of being received once more.
    pub max_receives: u32,
    /// The dead-letter queue.
    pub to: QueueId,
    /// The name of the queue it comes from, an ARN; kept with the message.
    pub source: String,
}

/// A message that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Settles this receive of it.
    pub handle: Handle,
    /// As it was sent.
    pub id: String,
    /// As it was sent.
    pub body: String,
    /// As they were sent, and what a dead-lettering added.
    pub attributes: Vec<Attribute>,
    /// As it was sent.
    pub sender: String,
    /// As it was sent.
    pub trace_header: Option<String>,
    /// As it was sent.
    pub group: Option<String>,
    /// As it was sent.
    pub tenant: Option<String>,
    /// As it was sent.
    pub deduplication_id: Option<String>,
    /// Greater than that of every message sent before.
    pub sequence: u64,
    /// When it was first sent; a redrive does not change it.
    pub sent_at: Timestamp,
    /// How often it was received, from all queues it was in, this time included.
    pub receive_count: u32,
    /// When it was first received.
    pub first_received_at: Timestamp,
    /// The queue that dead-lettered it, an ARN.
    pub dead_letter_source: Option<String>,
}

/// So many messages that are dropped or moved away do not hold up a receive longer.
const SETTLED_PER_RECEIVE_MAX: usize = 100;
/// So many looks that meet damage do not hold up a job longer.
const DAMAGED_LOOKS_MAX: usize = 10;

impl Queues {
    /// Leases up to `max` due messages. Those that were received too often are moved to the dead-letter queue in the
    /// same transaction (contract C7), those past their retention are dropped, and those that are damaged are passed over
    /// and never met again (contract C9).
    pub fn receive(&self, tx: &mut Tx<'_>, queue: QueueId, receive: &Receive) -> Vec<ReceivedMessage> {
        self.receive_counting(tx, queue, receive).0
    }

    /// As [`Queues::receive`], for a room that keeps books of what it has sent: also how many messages were damaged.
    pub fn receive_counting(
        &self,
        tx: &mut Tx<'_>,
        queue: QueueId,
        receive: &Receive,
    ) -> (Vec<ReceivedMessage>, usize) {
        let Some(settings) = self.settings(tx, queue) else { return (Vec::new(), 0) };
        let max = receive.max.min(free_permits(tx, queue, &settings, receive.now));
        let mut desk = Desk::new(tx);
        let mut round = Round {
            queue,
            receive,
            settings: &settings,
            received: Vec::new(),
            settled: 0,
            closed_groups: HashSet::new(),
            keeps_expired: self.keeps_expired(receive.now),
        };
        // More than one look: what is dropped, moved, parked or passed over makes room for what lies behind it. What the
        // engine cannot read stays where it is, so that a look after a failure would find it for ever.
        while round.received.len() < max && round.settled < SETTLED_PER_RECEIVE_MAX && !desk.tx.has_failed() {
            let due = desk.list_due(queue, receive.now, max - round.received.len());
            if due.is_empty() {
                break;
            }
            for entry in due {
                round.take(&mut desk, entry, max);
            }
        }
        let received = round.received;
        (received, desk.finish(&self.memory))
    }

    /// The message as it was received with this handle; `None`: it is gone, was received again, or is damaged.
    pub(crate) fn received_with(read: &mut impl Read, handle: &Handle) -> Option<ReceivedMessage> {
        let entry = find(read, handle)?;
        let Found::Value(content) = read.find(&CONTENTS, &entry.sequence) else { return None };
        let note = if entry.state.noted { read.get(&NOTES, &entry.sequence) } else { None };
        let message = received(handle.queue, entry, content, note.unwrap_or_default());
        Some(ReceivedMessage { handle: *handle, ..message })
    }

    /// How a queue treats its messages; as memory has it where the record is damaged. `None`: there is no such queue.
    pub(crate) fn settings(&self, read: &mut impl Read, queue: QueueId) -> Option<Settings> {
        match read.find(&QUEUES, &queue.0) {
            Found::Value(record) => Some(record.settings),
            Found::Damaged => self.memory.settings(queue),
            Found::Nothing => None,
        }
    }

    /// When the first message falls due that is not in flight, or when its lease ends; `None`: the queue is empty.
    pub fn due_at(&self, read: &mut impl Read, queue: QueueId) -> Option<Timestamp> {
        let first = |phase: Phase, read: &mut _| first_at(read, queue, phase);
        let times = Phase::BOTH.map(|phase| first(phase, read));
        times.into_iter().flatten().min().map(Timestamp::from_unix_ms)
    }

    /// Whether a receive at `now` would find something. Costs nothing while the queue is quiet.
    pub fn is_due(&self, read: &mut impl Read, queue: QueueId, now: Timestamp) -> bool {
        self.memory.may_be_due(queue, now) && self.due_at(read, queue).is_some_and(|at| at <= now)
    }

    /// How many messages are in flight at `now`, at most `limit`: the permits in use.
    pub fn in_flight(&self, read: &mut impl Read, queue: QueueId, now: Timestamp, limit: usize) -> usize {
        count_in_flight(read, queue, now, limit)
    }
}

/// One receive at work.
struct Round<'r> {
    queue: QueueId,
    receive: &'r Receive,
    settings: &'r Settings,
    received: Vec<ReceivedMessage>,
    settled: usize,
    closed_groups: HashSet<String>,
    /// Nothing is dropped for its age.
    keeps_expired: bool,
}

impl Round<'_> {
    /// Gives out what fell due: the message, or of its group what is first.
    fn take(&mut self, desk: &mut Desk<'_>, entry: Entry, max: usize) {
        let room = max.saturating_sub(self.received.len());
        if room == 0 {
            // A group has given more than the one message that fell due.
            return;
        }
        let now_ms = self.receive.now.unix_ms();
        match entry.state.group.clone() {
            None => self.lease_or_settle(desk, entry),
            Some(group) if self.closed_groups.contains(&group) => {
                self.settled += 1;
                desk.park_again(self.queue, entry);
            }
            Some(group) => {
                let before = self.received.len();
                let ready = desk.ready_of_group(self.queue, entry, now_ms, room);
                let nothing = ready.is_empty();
                for entry in ready {
                    self.lease_or_settle(desk, entry);
                }
                // A group of which something is in flight, or whose first is not due, has no more to give.
                if nothing || self.received.len() > before {
                    self.settled += usize::from(nothing);
                    self.closed_groups.insert(group);
                }
            }
        }
    }

    fn lease_or_settle(&mut self, desk: &mut Desk<'_>, entry: Entry) {
        let now_ms = self.receive.now.unix_ms();
        if !self.keeps_expired && self.expired(&entry.state, now_ms) {
            self.settled += 1;
            desk.leave(self.queue, &entry);
            desk.discard(entry.sequence, &entry.state);
            return;
        }
        let receives = entry.state.received.saturating_sub(entry.state.carried);
        match self.receive.redrive.as_ref().filter(|redrive| receives >= redrive.max_receives) {
            None => self.lease(desk, &entry),
            Some(redrive) => {
                self.settled += 1;
                let note = Note { source: Some(redrive.source.clone()), attributes: Vec::new() };
                desk.transfer(self.queue, entry, Transfer { to: redrive.to, note, now_ms });
            }
        }
    }

    fn expired(&self, state: &State, now_ms: u64) -> bool {
        self.settings
            .retention_ms
            .is_some_and(|retention| state.sent_at_ms.saturating_add(retention) <= now_ms)
    }

    fn lease(&mut self, desk: &mut Desk<'_>, entry: &Entry) {
        let Found::Value(content) = desk.tx.find(&CONTENTS, &entry.sequence) else {
            self.settled += 1;
            desk.leave(self.queue, entry);
            desk.lose(&CONTENTS, &entry.sequence);
            return;
        };
        let now_ms = self.receive.now.unix_ms();
        let first = entry.state.first_received_at_ms;
        let state = State {
            received: entry.state.received.saturating_add(1),
            first_received_at_ms: if first == 0 { now_ms } else { first },
            // Handles of earlier receives may still change the lease, and do not say where it is.
            moved: entry.state.received > 0,
            ..entry.state.clone()
        };
        // A lease lasts a millisecond at least: this receive does not meet the message again.
        let at_ms = self.receive.until.unix_ms().max(now_ms.saturating_add(1));
        let leased = Entry { phase: Phase::Leased, at_ms, sequence: entry.sequence, state };
        desk.shift(self.queue, entry, &leased);
        if leased.state.moved {
            desk.tx.put(&MOVED, &(self.queue.0, leased.sequence), &at_ms);
        }
        let note = desk.note_of(&leased);
        self.received.push(received(self.queue, leased, content, note));
    }
}

fn received(queue: QueueId, entry: Entry, content: Content, note: Note) -> ReceivedMessage {
    let Content { id, body, mut attributes, sender, trace_header, tenant, deduplication_id } = content;
    // Recorded from AWS: a message that was moved to a FIFO dead-letter queue has its id as deduplication id.
    let deduplication_id = deduplication_id.map(|own| if note.source.is_some() { id.clone() } else { own });
    attributes.retain(|own| !note.attributes.iter().any(|added| added.name == own.name));
    attributes.extend(note.attributes);
    let Entry { at_ms, sequence, state, .. } = entry;
    ReceivedMessage {
        handle: Handle { queue, sequence, at_ms, receive: state.received },
        id,
        body,
        attributes,
        sender,
        trace_header,
        group: state.group,
        tenant,
        deduplication_id,
        sequence,
        sent_at: Timestamp::from_unix_ms(state.sent_at_ms),
        receive_count: state.received,
        first_received_at: Timestamp::from_unix_ms(state.first_received_at_ms),
        dead_letter_source: note.source,
    }
}

fn free_permits(read: &mut impl Read, queue: QueueId, settings: &Settings, now: Timestamp) -> usize {
    let Some(permits) = settings.permits.and_then(|permits| usize::try_from(permits).ok()) else {
        return usize::MAX;
    };
    permits.saturating_sub(count_in_flight(read, queue, now, permits))
}

fn count_in_flight(read: &mut impl Read, queue: QueueId, now: Timestamp, limit: usize) -> usize {
    let mut count = 0;
    if limit == 0 {
        return 0;
    }
    let leased = (queue.0, Phase::Leased.byte());
    let unexpired = (leased.0, leased.1, now.unix_ms().saturating_add(1));
    read.keys(&INDEX, &KeyRange::from_within(&unexpired, &leased), &mut |_| {
        count += 1;
        if count < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    count
}

impl Desk<'_> {
    /// Up to `max` due messages, in the order in which they fell due: one that was given back, or whose lease has ended,
    /// goes behind those that have waited since before. Those of which the state is damaged are passed over: nobody knows
    /// their group, or how often they were received.
    pub(crate) fn list_due(&mut self, queue: QueueId, now: Timestamp, max: usize) -> Vec<Entry> {
        for _ in 1..DAMAGED_LOOKS_MAX {
            let DueEntries { due, damaged } = self.look_for_due(queue, now, max);
            if damaged.is_empty() {
                return due;
            }
            for place in &damaged {
                self.unindex_place(*place);
                self.lose(&INDEX, place);
            }
            // With it gone, another of its group may have fallen due.
            self.mend_groups(queue);
        }
        self.look_for_due(queue, now, max).due
    }

    fn look_for_due(&mut self, queue: QueueId, now: Timestamp, max: usize) -> DueEntries {
        let (mut due, mut damaged) = (Vec::new(), Vec::new());
        for phase in Phase::BOTH {
            let from = (queue.0, phase.byte(), 0u64);
            let to = (queue.0, phase.byte(), now.unix_ms().saturating_add(1));
            for (place, state) in self.tx.list_found(&INDEX, &KeyRange::between(&from, &to), max) {
                match state {
                    Some(state) => due.push(entry_of(place, state)),
                    None => damaged.push(place),
                }
            }
        }
        due.sort_by_key(|entry| (entry.at_ms, entry.sequence));
        due.truncate(max);
        DueEntries { due, damaged }
    }

    /// What was added to a message at its dead-lettering. A message is worth more than its note: where that is damaged,
    /// the message goes on without.
    pub(crate) fn note_of(&mut self, entry: &Entry) -> Note {
        if !entry.state.noted {
            return Note::default();
        }
        match self.tx.find(&NOTES, &entry.sequence) {
            Found::Value(note) => note,
            Found::Nothing => Note::default(),
            Found::Damaged => {
                self.tx.pass_over(&NOTES, &entry.sequence);
                self.tx.remove(&NOTES, &entry.sequence);
                Note::default()
            }
        }
    }
}

/// What a look for due messages finds.
struct DueEntries {
    due: Vec<Entry>,
    /// Places whose state cannot be read.
    damaged: Vec<OrderKey>,
}

pub(crate) fn entry_of(place: OrderKey, state: State) -> Entry {
    let (_, phase, (at_ms, sequence)) = place;
    Entry { phase: Phase::of_byte(phase), at_ms, sequence, state }
}

fn first_at(read: &mut impl Read, queue: QueueId, phase: Phase) -> Option<u64> {
    let mut first = None;
    read.keys(&INDEX, &KeyRange::prefix(&(queue.0, phase.byte())), &mut |(_, _, (at_ms, _))| {
        first = Some(at_ms);
        ControlFlow::Break(())
    });
    first
}
