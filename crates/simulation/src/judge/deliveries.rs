//! Calls of the scripted target: at least once until success or a dead letter, not again after a success, never more at a time
//! than the limit.

use crate::judge::{Judge, Kind, Queue};

/// So many calls at a time the rule of the scripted target allows.
pub(crate) const LIMIT: usize = 3;
/// What the porter gives a call; one that takes longer is cut off.
pub(crate) const CALL_TIME_MS: u64 = 5_000;

/// How a call of the target ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallEnd {
    /// It answered with this status.
    Answered(u16),
    /// It broke off, or nobody waited any more.
    Broken,
}

/// The calls with one event.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// Of the target's own, the time in which each began and in which it surely had ended.
    calls: Vec<Called>,
    has_dead_letter: bool,
}

#[derive(Debug)]
struct Called {
    life: u64,
    began_ms: u64,
    /// `None`: under way.
    ended_ms: Option<u64>,
    end: Option<CallEnd>,
}

/// A call that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallPlace {
    number: u64,
    index: usize,
}

impl Judge {
    /// The target is called with an event. `None`: with something that nobody sent.
    pub(crate) fn calling(&mut self, number: Option<u64>, life: u64, at_ms: u64) -> Option<CallPlace> {
        self.tally.calls += 1;
        let known =
            number.filter(|n| matches!(self.kind(*n), Some(Kind::Event(wanted)) if wanted.is_called()));
        let Some(number) = known else {
            self.broken(format!("invented: the target was called with {number:?}, which nobody sent"));
            return None;
        };
        if let Some(thing) = self.things.get_mut(&number) {
            thing.is_there = true;
        }
        let at_work = self.deliveries.values().flat_map(|delivery| &delivery.calls);
        let at_work = at_work.filter(|call| call.ended_ms.is_none_or(|ended_ms| ended_ms > at_ms)).count();
        if at_work >= LIMIT {
            self.broken(format!(
                "limit: the target is at work on {at_work} calls and gets #{number}; {LIMIT} are allowed"
            ));
        }
        let delivery = self.deliveries.entry(number).or_default();
        let succeeded = delivery.calls.iter().find(|call| {
            call.life == life
                && matches!(call.end, Some(CallEnd::Answered(200)))
                && call.ended_ms.is_some_and(|ended_ms| {
                    // At the very end of its time nobody knows whether the answer was waited for.
                    ended_ms.saturating_sub(call.began_ms) + 500 < CALL_TIME_MS
                })
        });
        let again = succeeded.is_some();
        delivery.calls.push(Called { life, began_ms: at_ms, ended_ms: None, end: None });
        let index = delivery.calls.len().saturating_sub(1);
        if again {
            self.broken(format!(
                "twice: #{number} was delivered and is delivered again, and nobody was killed between"
            ));
        }
        Some(CallPlace { number, index })
    }

    /// A call has ended, or will have at `at_ms`: the target works on when its caller is gone.
    pub(crate) fn called(&mut self, place: CallPlace, end: CallEnd, at_ms: u64) {
        let delivery = self.deliveries.get_mut(&place.number);
        if let Some(call) = delivery.and_then(|delivery| delivery.calls.get_mut(place.index)) {
            call.ended_ms = Some(at_ms);
            call.end = Some(end);
        }
    }

    /// A dead letter of an event has come out of its queue.
    pub(super) fn dead_letter(&mut self, number: u64) {
        let delivery = self.deliveries.entry(number).or_default();
        let is_new = !std::mem::replace(&mut delivery.has_dead_letter, true);
        let was_called = !delivery.calls.is_empty();
        self.tally.dead_letters += u64::from(is_new);
        if !was_called {
            self.broken(format!(
                "given up: #{number} has a dead letter, and the target was never called with it"
            ));
        }
    }

    /// It was taken by the target, or has a dead letter.
    pub(super) fn was_delivered(&mut self, number: u64) {
        let delivery = self.deliveries.get(&number);
        let is_taken = delivery.is_some_and(|delivery| {
            delivery.calls.iter().any(|call| matches!(call.end, Some(CallEnd::Answered(200))))
        });
        let is_dead = self.has_come(Queue::Dead, number);
        if !is_taken && !is_dead {
            let calls = delivery.map_or(0, |delivery| delivery.calls.len());
            self.broken(format!(
                "lost: #{number} was called {calls} times without success, is owed no more, and has no dead letter"
            ));
        }
    }
}
