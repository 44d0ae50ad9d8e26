//! Events on their way: delivered in order of their due time, with trouble where it is configured.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::parameters::{DUPLICATE_AFTER_MS, LATE_WRAPUP_MS};
use super::random::Dice;
use super::trouble::Trouble;

/// One event of the org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedEvent {
    /// When it is delivered, in simulated milliseconds since 1970. Never before the event delivered before it.
    pub due_ms: u64,
    /// The whole event, envelope and all, as compact JSON without a line break.
    pub text: String,
}

/// How trouble treats an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Wrapup,
    Other,
}

#[derive(Debug)]
pub(super) struct Outbox {
    waiting: BinaryHeap<Reverse<Parcel>>,
    sequence: u64,
    trouble: Trouble,
    dice: Dice,
    /// Nothing is delivered before, in simulated milliseconds since 1970.
    closed_until_ms: u64,
}

#[derive(Debug)]
struct Parcel {
    due_ms: u64,
    sequence: u64,
    text: String,
}

/// The beginning of each event, up to its id.
pub(super) const BEFORE_ID: &str = "{\"version\":\"0\",\"id\":\"";
const ID_LENGTH: usize = 36;

impl Outbox {
    pub(super) fn new(trouble: Trouble, start_ms: u64, dice: Dice) -> Self {
        let closed_until_ms = start_ms.saturating_add(trouble.backlog_ms);
        Self { waiting: BinaryHeap::new(), sequence: 0, trouble, dice, closed_until_ms }
    }

    /// The first event if it is due by `until_ms`.
    pub(super) fn pop_due(&mut self, until_ms: u64) -> Option<SimulatedEvent> {
        self.waiting.peek().filter(|Reverse(parcel)| parcel.due_ms <= until_ms)?;
        let Reverse(parcel) = self.waiting.pop()?;
        // A backlog is not stored here: what it delays arrives in its order all the same, so the delay is added at delivery.
        Some(SimulatedEvent { due_ms: parcel.due_ms.max(self.closed_until_ms), text: parcel.text })
    }

    pub(super) fn push(&mut self, due_ms: u64, text: String, sort: Sort) {
        if !self.trouble.is_on_the_way() {
            return self.add(due_ms, text);
        }
        // Every event takes the same throws, so that one kind of trouble does not shift another.
        let throws = [(); 4].map(|()| self.dice.unit());
        let [drop, duplicate, reorder, late] = throws;
        let held_back_ms = self.dice.between(1..=self.trouble.reorder_window_ms.max(1));
        let late_ms = self.dice.between(LATE_WRAPUP_MS);
        let again_ms = self.dice.between(DUPLICATE_AFTER_MS);
        let new_id = self.dice.uuid().to_string();
        let is_republished = self.dice.chance(0.5);
        if drop < self.trouble.drop {
            return;
        }
        let mut due_ms = due_ms;
        if sort == Sort::Wrapup && late < self.trouble.late_wrapup {
            due_ms += late_ms;
        }
        if reorder < self.trouble.reorder {
            due_ms += held_back_ms;
        }
        if duplicate < self.trouble.duplicate {
            let copy = if is_republished { with_id(&text, &new_id) } else { text.clone() };
            self.add(due_ms + again_ms, copy);
        }
        self.add(due_ms, text);
    }

    fn add(&mut self, due_ms: u64, text: String) {
        self.sequence += 1;
        self.waiting.push(Reverse(Parcel { due_ms, sequence: self.sequence, text }));
    }
}

/// The same event under another envelope id.
fn with_id(text: &str, id: &str) -> String {
    let rest = text.get(BEFORE_ID.len() + ID_LENGTH..).unwrap_or_default();
    [BEFORE_ID, id, rest].concat()
}

impl Parcel {
    fn order(&self) -> (u64, u64) {
        (self.due_ms, self.sequence)
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Parcel {}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}
