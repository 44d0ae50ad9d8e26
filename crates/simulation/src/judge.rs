//! The judge: is told what was asked, answered and seen, and says which promise was broken first.
//!
//! An answer is told in the moment in which it is given, on the one thread that there is. Where nobody can know what the server did
//! (a call that a kill cut off), both are right.

mod copies;
mod deliveries;
mod executions;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::judge::copies::Copy;
pub(crate) use crate::judge::copies::{Given, Place, Queue};
use crate::judge::deliveries::Delivery;
pub(crate) use crate::judge::deliveries::{CALL_TIME_MS, CallEnd, CallPlace, LIMIT};
use crate::judge::executions::Execution;

/// How much of what happened in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lives of the server.
    pub lives: u64,
    /// Ends by a loss of power.
    pub power_losses: u64,
    /// Ends by a kill.
    pub kills: u64,
    /// Messages, events and executions that were acknowledged.
    pub acknowledged: u64,
    /// Calls that an end cut off.
    pub cut: u64,
    /// Messages received.
    pub received: u64,
    /// Calls of the scripted target.
    pub calls: u64,
    /// Dead letters of deliveries.
    pub dead_letters: u64,
    /// Executions that have ended.
    pub executions: u64,
}

/// A kind of thing that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message of the standard queue; not before so many ms after it is sent.
    Plain { delay_ms: u64 },
    /// A message of a group of the FIFO queue.
    Line { group: u64 },
    /// An event, by what its rules do with it.
    Event(Wanted),
    /// The start of an execution that waits so long.
    Execution { wait_ms: u64 },
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A rule's queue gets it.
    Ruled,
    /// The scripted target is called with it.
    Called,
    /// Both.
    Both,
    /// A rule's FIFO queue gets it, in order.
    Ordered,
    /// No rule matches it.
    Nothing,
}

impl Wanted {
    pub(crate) const ALL: [Self; 5] = [Self::Ruled, Self::Called, Self::Both, Self::Ordered, Self::Nothing];

    /// The event's detail type.
    pub(crate) const fn detail_type(self) -> &'static str {
        match self {
            Self::Ruled => "ruled",
            Self::Called => "called",
            Self::Both => "both",
            Self::Ordered => "ordered",
            Self::Nothing => "nothing",
        }
    }

    /// Whether the scripted target is called.
    pub(crate) const fn is_called(self) -> bool {
        matches!(self, Self::Called | Self::Both)
    }
}

/// A thing that was sent.
#[derive(Clone, Debug)]
struct Thing {
    kind: Kind,
    /// The body of a message, the detail of an event, the input of an execution.
    content: Value,
    sent_ms: u64,
    is_acknowledged: bool,
    /// It was seen somewhere: the server has it, acknowledged or not.
    is_there: bool,
}

/// The judge.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    things: BTreeMap<u64, Thing>,
    copies: BTreeMap<Place, Copy>,
    /// Messages given out while an earlier one of their group, the first number, was still there for all that was known.
    overtaken: Vec<(Queue, u64, u64)>,
    deliveries: BTreeMap<u64, Delivery>,
    executions: BTreeMap<u64, Execution>,
    broken: Option<String>,
    pub(crate) tally: Tally,
    /// The next number.
    next: u64,
}

impl Judge {
    /// A promise was broken; the first one counts.
    pub(crate) fn broken(&mut self, sentence: String) {
        self.broken.get_or_insert(sentence);
    }

    pub(crate) fn verdict(&self) -> Option<&String> {
        self.broken.as_ref()
    }

    /// The number of a thing that will be sent with this content, made from it.
    pub(crate) fn sending(&mut self, kind: Kind, sent_ms: u64, content: impl FnOnce(u64) -> Value) -> u64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        let content = content(number);
        let thing = Thing { kind, content, sent_ms, is_acknowledged: false, is_there: false };
        self.things.insert(number, thing);
        number
    }

    /// The content of a thing.
    pub(crate) fn content(&self, number: u64) -> Value {
        self.things.get(&number).map_or(Value::Null, |thing| thing.content.clone())
    }

    pub(crate) fn kind(&self, number: u64) -> Option<Kind> {
        self.things.get(&number).map(|thing| thing.kind)
    }

    /// The server has acknowledged it: from now on it must be there.
    pub(crate) fn acknowledged(&mut self, number: u64) {
        if let Some(thing) = self.things.get_mut(&number) {
            self.tally.acknowledged += u64::from(!thing.is_acknowledged);
            thing.is_acknowledged = true;
            thing.is_there = true;
        }
    }

    /// Everything has been drained: what was acknowledged has come to its end.
    pub(crate) fn drained(&mut self) {
        let there: Vec<(u64, Kind)> = self
            .things
            .iter()
            .filter(|(_, thing)| thing.is_there)
            .map(|(n, thing)| (*n, thing.kind))
            .collect();
        for (number, kind) in there {
            match kind {
                Kind::Plain { .. } => self.came_out(number, Queue::Plain, Some(Queue::PlainDead)),
                Kind::Line { .. } => self.came_out(number, Queue::Line, Some(Queue::LineDead)),
                Kind::Event(wanted) => {
                    if matches!(wanted, Wanted::Ruled | Wanted::Both) {
                        self.came_out(number, Queue::Ruled, None);
                    }
                    if wanted == Wanted::Ordered {
                        self.came_out(number, Queue::Ordered, None);
                    }
                    if wanted.is_called() {
                        self.was_delivered(number);
                    }
                }
                Kind::Execution { .. } => self.was_executed(number),
            }
        }
        self.judge_overtaken();
    }
}
