//! Withdrawing: messages looked at without receiving them, taken out whole, and put back as they were.

use std::ops::ControlFlow;

use aws::Timestamp;
use serde::{Deserialize, Serialize};
use store::read::Direction;
use store::{Found, KeyRange, Read, Tx};

use crate::engine::Queues;
use crate::engine::desk::{Desk, Entry};
use crate::engine::record::{
    Attribute, CONTENTS, Content, INDEX, NOTES, Note, PARKED, Phase, QueueId, State,
};
use crate::engine::send::NewMessage;

/// So many places are read at a time.
const AT_ONCE: usize = 256;
/// What stands in a [`Spot`] for a message that waits behind others of its group.
const PARKED_PHASE: u8 = 2;

/// A message that nobody has in hand, and all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    sequence: u64,
    content: Content,
    state: State,
    note: Note,
}

/// Where a message stands in its queue; to go on behind it.
pub type Spot = (u8, u64, u64);

/// A look at the messages of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The queue.
    pub queue: QueueId,
    /// Where the last look ended; `None`: from the beginning.
    pub after: Option<Spot>,
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
    /// Shows the messages that could be received at `now`, and those of groups that wait behind such ones, behind a spot,
    /// until `visit` breaks. Damaged ones are left out.
    pub fn look(
        &self,
        read: &mut impl Read,
        mut look: Look,
        visit: &mut dyn FnMut(Spot, Withdrawn) -> ControlFlow<()>,
    ) {
        loop {
            let some = entries(read, look);
            let Some((last, _)) = some.last() else { break };
            look.after = Some(*last);
            for (spot, state) in some {
                let Some(withdrawn) = whole(read, spot.2, state) else { continue };
                if visit(spot, withdrawn).is_break() {
                    return;
                }
            }
        }
        for (spot, state) in parked(read, look) {
            let Some(withdrawn) = whole(read, spot.2, state) else { continue };
            if visit(spot, withdrawn).is_break() {
                return;
            }
        }
    }

    /// Takes a message out of its queue that [`Queues::look`] has shown at a spot; `false`: it is not there any more.
    pub fn withdraw(&self, tx: &mut Tx<'_>, queue: QueueId, (phase, at_ms, sequence): Spot) -> bool {
        let place = (queue.0, phase, (at_ms, sequence));
        let Some(state) = tx.get(&INDEX, &place) else { return false };
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
        let spot = (Phase::Waiting.byte(), at.unix_ms(), sequence);
        let state = tx.get(&INDEX, &(queue.0, spot.0, (spot.1, spot.2)));
        state.is_some_and(|state: State| state.received == 0) && self.withdraw(tx, queue, spot)
    }
}

/// The next entries of a queue that nobody has in hand, in the order of their places.
fn entries(read: &mut impl Read, look: Look) -> Vec<(Spot, State)> {
    let Look { queue, after, now } = look;
    let mut entries = Vec::new();
    for phase in [Phase::Waiting.byte(), Phase::Leased.byte()] {
        let from = match after {
            Some((at_phase, ..)) if at_phase > phase => continue,
            Some((at_phase, at_ms, sequence)) if at_phase == phase => (at_ms, sequence.saturating_add(1)),
            Some(_) | None => (0, 0),
        };
        let until = (queue.0, phase, now.unix_ms().saturating_add(1));
        let range = KeyRange::between(&(queue.0, phase, from), &until);
        read.visit(&INDEX, &range, Direction::Forwards, &mut |(_, _, (at_ms, sequence)), state| {
            entries.push(((phase, at_ms, sequence), state));
            if entries.len() < AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if entries.len() >= AT_ONCE {
            break;
        }
    }
    entries
}

/// What waits behind others of its group, in the order in which it was sent.
fn parked(read: &mut impl Read, look: Look) -> Vec<(Spot, State)> {
    let Look { queue, after, .. } = look;
    let mut parked = Vec::new();
    read.scan(&PARKED, &KeyRange::prefix(&queue.0), &mut |(_, _, sequence), waits| {
        parked.push(((PARKED_PHASE, 0, sequence), waits.state));
        ControlFlow::Continue(())
    });
    parked.retain(|(spot, _)| after.is_none_or(|after| *spot > after));
    parked.sort_unstable_by_key(|(spot, _)| *spot);
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
