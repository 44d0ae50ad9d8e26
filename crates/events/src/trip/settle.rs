//! Settling an attempt: the delivery is done, planned again with back-off and jitter, or given up.

use std::time::Duration;

use aws::Timestamp;
use queue::Handle;
use queue::backoff::pause_after;
use store::{Commit, Tx};

use crate::dead_letters::give_up::{Cause, FailedDelivery, GiveUp, RetryLimit};
use crate::events::Events;
use crate::trip::attempts::{Attempt, DeliveryAttempt, Outcome, Retry, Settlement};
use crate::trip::books::Counts;
use crate::trip::hold::Hold;
use crate::trip::owe::DueDelivery;

/// How long a target is left alone while something of ours stands in the way: then one delivery is tried again.
pub const HELD_FOR: Duration = Duration::from_secs(30);

impl Events {
    /// Settles an attempt: done, planned again, or given up, by the target's retry policy and in this commit. What is kept
    /// of the attempt is kept in it too.
    pub fn settle(&self, commit: &mut Commit<'_>, owed: &DueDelivery, attempt: &Attempt) -> Settlement {
        let settled = match &attempt.outcome {
            Outcome::Delivered => self.settle_delivered(commit, owed),
            Outcome::Failed { code, message, retry } => match self.after_failure(owed, *retry, commit) {
                Next::Try { at } => self.plan_again(commit, owed, at),
                Next::Hold { until } => self.hold(commit, owed, until),
                Next::GiveUp { exhausted } => {
                    let retries = owed.attempt.saturating_sub(1);
                    let cause = Cause { code: code.clone(), message: message.clone(), retries, exhausted };
                    let delivery = owed.delivery();
                    let failed = FailedDelivery { delivery: &delivery, event: &owed.event, cause: &cause };
                    self.settle_given_up(commit, &owed.handle, failed)
                }
            },
        };
        let noted = DeliveryAttempt { delivery_id: &owed.id, number: owed.attempt, attempt };
        if Self::has_record(&mut commit.tx, &owed.bus, owed.position) {
            Self::note_attempt(commit, noted, &settled);
        }
        if self.spans().is_some() {
            self.trace_attempt(commit, &owed.delivery(), noted, &settled);
        }
        settled
    }

    fn settle_delivered(&self, tx: &mut Tx<'_>, owed: &DueDelivery) -> Settlement {
        if !self.queues().delete(tx, &owed.handle) {
            return Settlement::Gone;
        }
        Counts::change(tx, |counts| {
            counts.owed = counts.owed.saturating_sub(1);
            counts.delivered += 1;
        });
        Settlement::Delivered
    }

    fn plan_again(&self, tx: &mut Tx<'_>, owed: &DueDelivery, at: Timestamp) -> Settlement {
        if !self.queues().reschedule(tx, &owed.handle, at) {
            return Settlement::Gone;
        }
        Counts::change(tx, |counts| counts.retried += 1);
        Settlement::Rescheduled { at }
    }

    fn hold(&self, commit: &mut Commit<'_>, owed: &DueDelivery, until: Timestamp) -> Settlement {
        if !self.queues().give_back(commit, &owed.handle, until) {
            return Settlement::Gone;
        }
        let now = commit.now;
        Hold::note(commit, &owed.target.arn, now);
        Settlement::Held { until }
    }

    pub(crate) fn settle_given_up(
        &self,
        commit: &mut Commit<'_>,
        handle: &Handle,
        failed: FailedDelivery<'_>,
    ) -> Settlement {
        // INVARIANT (C7): deletion and dead letter are one transaction; the one does not happen without the other.
        if !self.queues().delete(commit, handle) {
            return Settlement::Gone;
        }
        let expired = failed.cause.exhausted.is_some();
        #[cfg(feature = "planted")]
        let given = if crate::planted::is_planted(crate::planted::Bug::ForgottenDeadLetter) {
            GiveUp::DeadLettered
        } else {
            self.give_up(commit, failed)
        };
        #[cfg(not(feature = "planted"))]
        let given = self.give_up(commit, failed);
        Counts::change(commit, |counts| {
            counts.owed = counts.owed.saturating_sub(1);
            match (given, expired) {
                (GiveUp::DeadLettered, _) => counts.dead_lettered += 1,
                (GiveUp::Lost, true) => counts.expired += 1,
                (GiveUp::Lost, false) => counts.dropped += 1,
            }
        });
        match (given, &failed.delivery.target.dead_letter_arn) {
            (GiveUp::DeadLettered, Some(queue)) => Settlement::DeadLettered { queue: queue.clone() },
            (GiveUp::DeadLettered, None) | (GiveUp::Lost, _) => Settlement::Lost { expired },
        }
    }
}

/// What follows a failed attempt.
enum Next {
    Try { at: Timestamp },
    Hold { until: Timestamp },
    GiveUp { exhausted: Option<RetryLimit> },
}

impl Events {
    fn after_failure(&self, owed: &DueDelivery, retry: Retry, commit: &mut Commit<'_>) -> Next {
        let now = commit.now;
        let asked = match retry {
            Retry::Never => return Next::GiveUp { exhausted: None },
            Retry::Held => return Next::Hold { until: now.plus(HELD_FOR) },
            Retry::ByPolicy => now,
            Retry::NotBefore(at) => at,
        };
        if owed.attempt > owed.target.retry.attempts_max() {
            return Next::GiveUp { exhausted: Some(RetryLimit::Attempts) };
        }
        let held = Hold::time_of(&mut commit.tx, &owed.target.arn, owed.accepted);
        let age_max = Duration::from_secs(u64::from(owed.target.retry.age_seconds_max()));
        let last = owed.accepted.plus(age_max + held);
        let pause = pause_after(owed.attempt, commit.ids.next_u64());
        if self.queues().keeps_expired(now) {
            // A clock that may be wrong ends nothing.
            return Next::Try { at: now.plus(pause).max(asked) };
        }
        // A target that asks for more time than there is will not take it in time.
        if now >= last || asked > last {
            return Next::GiveUp { exhausted: Some(RetryLimit::Age) };
        }
        Next::Try { at: now.plus(pause).max(asked).min(last) }
    }
}
