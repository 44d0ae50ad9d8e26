//! Withdrawing: messages looked at without receiving them, taken out whole, and put back as they were.

use std::ops::ControlFlow;

use aws::Timestamp;
use serde::{Deserialize, Serialize};
use store::read::Direction;
use store::{Found, KeyRange, Read, Tx};

use crate::engine::Queues;
use crate::engine::desk::{Desk, Entry};
use crate::engine::record::{
    Attribute, CONTENTS, Content, INDEX, NOTES, Note, OrderKey, PARKED, Phase, QueueId, State,
};
use crate::engine::send::NewMessage;

/// So many places are read at a time.
const AT_ONCE: usize = 256;
/// What stands in a [`QueuePosition`] for a message that waits behind others of its group.
const PARKED_PHASE: u8 = 2;

/// A message that nobody has in hand, and all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    sequence: u64,
    content: Content,
    state: State,
    note: Note,
}

/// Where a message stands in its queue, in the order of the fields; to go on behind it. In JSON a list of three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u8, u64, u64)", into = "(u8, u64, u64)")]
pub struct QueuePosition {
    phase: u8,
    at_ms: u64,
    sequence: u64,
}

impl From<(u8, u64, u64)> for QueuePosition {
    fn from((phase, at_ms, sequence): (u8, u64, u64)) -> Self {
        Self { phase, at_ms, sequence }
    }
}

impl From<QueuePosition> for (u8, u64, u64) {
    fn from(QueuePosition { phase, at_ms, sequence }: QueuePosition) -> Self {
        (phase, at_ms, sequence)
    }
}

impl QueuePosition {
    /// Its key among the queue's.
    fn key(self, queue: QueueId) -> OrderKey {
        (queue.0, self.phase, (self.at_ms, self.sequence))
    }
}

/// A message at its position.
struct Standing {
    position: QueuePosition,
    state: State,
}

/// A look at the messages of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The queue.
    pub queue: QueueId,
    /// Where the last look ended; `None`: from the beginning.
    pub after: Option<QueuePosition>,
    /// When: what is in flight then is not shown.
    pub now: Timestamp,
}

impl Withdrawn {
    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.content.id
    }

    /// Its text.
    pub fn body(&self) -> &str {
        &self.content.body
    }

    /// Its attributes, with what a dead-lettering added.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.content.attributes.iter().chain(&self.note.attributes)
    }

    /// The queue that dead-lettered it, an ARN.
    pub fn source(&self) -> Option<&str> {
        self.note.source.as_deref()
    }

    /// How often it was received.
    pub fn received(&self) -> u32 {
        self.state.received
    }

    /// When it was sent.
    pub fn sent_at(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.state.sent_at_ms)
    }

    /// A message to send with the same content, or with another body.
    pub fn again(&self, body: Option<String>, now: Timestamp) -> NewMessage {
        NewMessage {
            id: self.content.id.clone(),
            body: body.unwrap_or_else(|| self.content.body.clone()),
            attributes: self.content.attributes.clone(),
            sender: self.content.sender.clone(),
            trace_header: self.content.trace_header.clone(),
            tenant: self.content.tenant.clone(),
            now,
            not_before: now,
            ..NewMessage::default()
        }
    }
}

impl Queues {
    /// Shows the messages that could be received at `now`, and those of groups that wait behind such ones, behind a position,
    /// until `visit` breaks. Damaged ones are left out.
    pub fn look(
        &self,
        read: &mut impl Read,
        mut look: Look,
        visit: &mut dyn FnMut(QueuePosition, Withdrawn) -> ControlFlow<()>,
    ) {
        loop {
            let some = entries(read, look);
            let Some(last) = some.last() else { break };
            look.after = Some(last.position);
            for Standing { position, state } in some {
                let Some(withdrawn) = whole(read, position.sequence, state) else { continue };
                if visit(position, withdrawn).is_break() {
                    return;
                }
            }
        }
        for Standing { position, state } in parked(read, look) {
            let Some(withdrawn) = whole(read, position.sequence, state) else { continue };
            if visit(position, withdrawn).is_break() {
                return;
            }
        }
    }

    /// Takes a message out of its queue that [`Queues::look`] has shown at a position; `false`: it is not there any more.
    pub fn withdraw(&self, tx: &mut Tx<'_>, queue: QueueId, position: QueuePosition) -> bool {
        let Some(state) = tx.get(&INDEX, &position.key(queue)) else { return false };
        let QueuePosition { phase, at_ms, sequence } = position;
        let mut desk = Desk::new(tx);
        let entry = Entry { phase: Phase::of_byte(phase), at_ms, sequence, state };
        desk.leave(queue, &entry);
        desk.discard(sequence, &entry.state);
        desk.finish(&self.memory);
        true
    }

    /// Puts a message back that was withdrawn: its age, count and cause as they were, to be received at once.
    pub fn put_back(&self, tx: &mut Tx<'_>, queue: QueueId, withdrawn: Withdrawn, now: Timestamp) {
        let Withdrawn { sequence, content, state, note } = withdrawn;
        tx.put(&CONTENTS, &sequence, &content);
        if state.noted {
            tx.put(&NOTES, &sequence, &note);
        }
        let mut desk = Desk::new(tx);
        let state = State { moved: false, ..state };
        desk.place(queue, Entry { phase: Phase::Waiting, at_ms: now.unix_ms(), sequence, state });
        desk.finish(&self.memory);
    }

    /// Takes back a message that was sent, as long as nobody has received it; `false`: somebody has, or it is gone.
    pub fn take_back(&self, tx: &mut Tx<'_>, queue: QueueId, at: Timestamp, sequence: u64) -> bool {
        let position = QueuePosition { phase: Phase::Waiting.byte(), at_ms: at.unix_ms(), sequence };
        let state = tx.get(&INDEX, &position.key(queue));
        state.is_some_and(|state: State| state.received == 0) && self.withdraw(tx, queue, position)
    }
}

/// The next entries of a queue that nobody has in hand, in the order of their places.
fn entries(read: &mut impl Read, look: Look) -> Vec<Standing> {
    let Look { queue, after, now } = look;
    let mut entries = Vec::new();
    for phase in [Phase::Waiting.byte(), Phase::Leased.byte()] {
        let from = match after {
            Some(after) if after.phase > phase => continue,
            Some(after) if after.phase == phase => (after.at_ms, after.sequence.saturating_add(1)),
            Some(_) | None => (0, 0),
        };
        let until = (queue.0, phase, now.unix_ms().saturating_add(1));
        let range = KeyRange::between(&(queue.0, phase, from), &until);
        read.visit(&INDEX, &range, Direction::Forwards, &mut |(_, _, (at_ms, sequence)), state| {
            entries.push(Standing { position: QueuePosition { phase, at_ms, sequence }, state });
            if entries.len() < AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if entries.len() >= AT_ONCE {
            break;
        }
    }
    entries
}

/// What waits behind others of its group, in the order in which it was sent.
fn parked(read: &mut impl Read, look: Look) -> Vec<Standing> {
    let Look { queue, after, .. } = look;
    let mut parked = Vec::new();
    read.scan(&PARKED, &KeyRange::prefix(&queue.0), &mut |(_, _, sequence), waits| {
        let position = QueuePosition { phase: PARKED_PHASE, at_ms: 0, sequence };
        parked.push(Standing { position, state: waits.state });
        ControlFlow::Continue(())
    });
    parked.retain(|waiting| after.is_none_or(|after| waiting.position > after));
    parked.sort_unstable_by_key(|waiting| waiting.position);
    parked
}

fn whole(read: &mut impl Read, sequence: u64, state: State) -> Option<Withdrawn> {
    let Found::Value(content) = read.find(&CONTENTS, &sequence) else { return None };
    let note = if state.noted { read.find(&NOTES, &sequence) } else { Found::Nothing };
    let note = match note {
        Found::Value(note) => note,
        Found::Nothing | Found::Damaged => Note::default(),
    };
    Some(Withdrawn { sequence, content, state, note })
}
