//! What comes out of queues: nothing invented, nothing early, nothing twice at a time, groups in order, nothing lost.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::judge::{Judge, Kind, Wanted};

/// A queue of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Queue {
    /// Standard.
    Plain,
    /// Where the standard queue's messages go that were received too often.
    PlainDead,
    /// FIFO.
    Line,
    /// Where the FIFO queue's messages go that were received too often.
    LineDead,
    /// A rule's.
    Ruled,
    /// A rule's, FIFO.
    Ordered,
    /// Dead letters of the scripted target.
    Dead,
    /// What executions send.
    Tasks,
}

impl Queue {
    pub(crate) const ALL: [Self; 8] = [
        Self::Plain,
        Self::PlainDead,
        Self::Line,
        Self::LineDead,
        Self::Ruled,
        Self::Ordered,
        Self::Dead,
        Self::Tasks,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::PlainDead => "plain-dead",
            Self::Line => "line.fifo",
            Self::LineDead => "line-dead.fifo",
            Self::Ruled => "ruled",
            Self::Ordered => "ordered.fifo",
            Self::Dead => "dead",
            Self::Tasks => "tasks",
        }
    }

    /// Whether messages of one group come out in the order in which they were sent.
    pub(crate) const fn is_fifo(self) -> bool {
        matches!(self, Self::Line | Self::LineDead | Self::Ordered)
    }
}

/// A message, given out by a receive.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) queue: Queue,
    pub(crate) id: String,
    pub(crate) body: String,
    /// When the receive was asked for, and answered, in ms.
    pub(crate) asked_ms: u64,
    pub(crate) at_ms: u64,
    pub(crate) visibility_ms: u64,
}

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) queue: Queue,
    /// Of what was sent.
    pub(crate) number: u64,
    /// Its own id, where one number may be several messages: a Task that is called again after a kill sends again.
    id: Option<String>,
}

impl Place {
    fn new(queue: Queue, number: u64) -> Self {
        Self { queue, number, id: None }
    }
}

/// What is known of a message in a queue.
#[derive(Debug, Default)]
pub(crate) struct Copy {
    ids: BTreeSet<String>,
    /// Nobody else may have it before.
    leased_until_ms: u64,
    /// A delete was asked for.
    is_deleted: bool,
    /// A delete was acknowledged while its lease held: it never comes again.
    is_surely_deleted: bool,
    received: u64,
}

impl Judge {
    /// A message was given out; the ones before it in the same answer are `before`. What it is, where anybody has sent it.
    pub(crate) fn given(&mut self, given: &Given, before: &[u64]) -> Option<Place> {
        self.tally.received += 1;
        let body: Value = serde_json::from_str(&given.body).unwrap_or_default();
        let content = body.get("detail").unwrap_or(&body);
        let number = content.get("n").and_then(Value::as_u64);
        let name = given.queue.name();
        let Some((number, thing)) = number.and_then(|n| Some((n, self.things.get_mut(&n)?))) else {
            self.broken(format!("invented: {name} gave out {}, which nobody sent", given.body));
            return None;
        };
        thing.is_there = true;
        let kind = thing.kind;
        let early = match kind {
            Kind::Plain { delay_ms } if given.queue == Queue::Plain => thing.sent_ms.saturating_add(delay_ms),
            Kind::Execution { wait_ms } => thing.sent_ms.saturating_add(wait_ms),
            _ => thing.sent_ms,
        };
        let told = (thing.content != *content)
            .then(|| format!("changed: #{number} came out of {name} as {}", given.body))
            .or((given.at_ms < early).then(|| {
                format!(
                    "early: #{number} came out of {name} at {} ms, and not before {early} ms it may",
                    given.at_ms
                )
            }))
            .or((!belongs(given.queue, kind))
                .then(|| format!("invented: #{number} came out of {name}, where nobody sent it")));
        if let Some(sentence) = told {
            self.broken(sentence);
        }
        let id = (given.queue == Queue::Tasks).then(|| given.id.clone());
        let place = Place { queue: given.queue, number, id };
        self.leased(&place, given);
        if given.queue == Queue::Dead {
            self.dead_letter(number);
        }
        if given.queue.is_fifo() {
            self.judge_order(number, given.queue, before);
        }
        Some(place)
    }

    fn leased(&mut self, place: &Place, given: &Given) {
        let (name, number) = (given.queue.name(), place.number);
        let copy = self.copies.entry(place.clone()).or_default();
        copy.ids.insert(given.id.clone());
        copy.received += 1;
        let ids = copy.ids.len();
        let sentence = if copy.is_surely_deleted {
            Some(format!("resurrected: #{number} came out of {name} after its delete was acknowledged"))
        } else if given.at_ms < copy.leased_until_ms {
            Some(format!(
                "given out twice: #{number} of {name} at {} ms, while somebody had it until {} ms",
                given.at_ms, copy.leased_until_ms
            ))
        } else if ids > 1 {
            Some(format!("invented: #{number} is {ids} messages in {name}: {:?}", copy.ids))
        } else {
            None
        };
        copy.leased_until_ms = given.asked_ms.saturating_add(given.visibility_ms);
        if let Some(sentence) = sentence {
            self.broken(sentence);
        }
    }

    /// Its lease is asked to end at a moment.
    pub(crate) fn hiding(&mut self, place: &Place, until_ms: u64) {
        if let Some(copy) = self.copies.get_mut(place) {
            copy.leased_until_ms = copy.leased_until_ms.min(until_ms);
        }
    }

    /// That was acknowledged.
    pub(crate) fn hidden(&mut self, place: &Place, until_ms: u64) {
        if let Some(copy) = self.copies.get_mut(place) {
            copy.leased_until_ms = until_ms;
        }
    }

    /// A delete is asked for.
    pub(crate) fn deleting(&mut self, place: &Place) {
        if let Some(copy) = self.copies.get_mut(place) {
            copy.is_deleted = true;
        }
    }

    /// A delete was acknowledged.
    pub(crate) fn deleted(&mut self, place: &Place, at_ms: u64) {
        if let Some(copy) = self.copies.get_mut(place) {
            copy.is_surely_deleted |= at_ms < copy.leased_until_ms;
        }
    }

    /// The earlier messages of a group are gone, or before it in the same answer.
    fn judge_order(&mut self, number: u64, queue: Queue, before: &[u64]) {
        let Some(group) = self.group_of(number) else { return };
        let earlier = self.things.range(..number).filter(|(_, thing)| thing.is_there);
        let earlier: Vec<u64> =
            earlier.map(|(n, _)| *n).filter(|n| self.group_of(*n) == Some(group)).collect();
        for first in earlier {
            let is_known = self.copies.get(&Place::new(queue, first));
            let is_gone = is_known.is_some_and(|copy| copy.is_deleted) || before.contains(&first);
            // It may lie in the dead-letter queue already, where nobody has seen it yet. Out of that queue they come in the order in which they were given up.
            if !is_gone && queue != Queue::LineDead {
                self.overtaken.push((queue, first, number));
            }
        }
    }

    fn group_of(&self, number: u64) -> Option<u64> {
        match self.kind(number)? {
            Kind::Line { group } => Some(group),
            Kind::Event(Wanted::Ordered) => Some(u64::MAX),
            Kind::Plain { .. } | Kind::Event(_) | Kind::Execution { .. } => None,
        }
    }

    /// Whatever was overtaken had been moved to the dead-letter queue before.
    pub(super) fn judge_overtaken(&mut self) {
        for (queue, first, second) in std::mem::take(&mut self.overtaken) {
            let is_dead = queue == Queue::Line && self.has_come(Queue::LineDead, first);
            if !is_dead {
                let name = queue.name();
                self.broken(format!("order: #{second} of {name} was given out while #{first}, sent before it in its group, was not deleted"));
            }
        }
    }

    /// It was received and deleted, or lies in the dead-letter queue.
    pub(super) fn came_out(&mut self, number: u64, queue: Queue, dead: Option<Queue>) {
        let is_out = |queue| self.copies.get(&Place::new(queue, number)).is_some_and(|copy| copy.is_deleted);
        if !is_out(queue) && !dead.is_some_and(is_out) {
            let seen = self.copies.get(&Place::new(queue, number)).map_or(0, |copy| copy.received);
            let name = queue.name();
            self.broken(format!("lost: #{number} of {name} was received {seen} times and never deleted, and the queue is empty"));
        }
    }

    /// Whether a number has come out of a queue.
    pub(super) fn has_come(&self, queue: Queue, number: u64) -> bool {
        let from = Place::new(queue, number);
        self.copies
            .range(from..)
            .next()
            .is_some_and(|(place, _)| (place.queue, place.number) == (queue, number))
    }
}

/// Whether things of a kind may come out of a queue.
fn belongs(queue: Queue, kind: Kind) -> bool {
    match queue {
        Queue::Plain | Queue::PlainDead => matches!(kind, Kind::Plain { .. }),
        Queue::Line | Queue::LineDead => matches!(kind, Kind::Line { .. }),
        Queue::Ruled => matches!(kind, Kind::Event(Wanted::Ruled | Wanted::Both)),
        Queue::Ordered => kind == Kind::Event(Wanted::Ordered),
        Queue::Dead => matches!(kind, Kind::Event(wanted) if wanted.is_called()),
        Queue::Tasks => matches!(kind, Kind::Execution { .. }),
    }
}
