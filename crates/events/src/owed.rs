//! What is owed: deliveries as messages of the queue engine, one internal queue for each target.

use aws::{Arn, Ids, Timestamp};
use queue::{Extended, Handle, NewMessage, QueueId, Receive, Received, Settings};
use store::{Read, Tx};

use std::time::Duration;

use crate::attempt::{Attempt, Outcome, Retry};
use crate::bus::BusName;
use crate::counts::Counts;
use crate::dead_letter::{Cause, Exhausted, Given};
use crate::delivery::{DELIVERIES, Delivery};
use crate::events::Events;
use crate::input::Surroundings;
use crate::routing::Outlet;
use crate::rule::RuleName;
use crate::target::{Target, TargetKind};

/// How long a delivery is leased to whoever carries it; who needs longer renews ([`Events::renew`]).
pub const LEASE: Duration = Duration::from_secs(60);
/// Deliveries under way to one target at a time where no limit was set, so that a target that hangs does not take every
/// carrier.
pub const UNDER_WAY_MAX: u32 = 100;
/// The longest pause that the first retry may make; doubled with each further one.
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);
/// The longest pause of all: with half of it on average, 185 retries take about the 24 hours that AWS retries for.
const BACK_OFF_MAX: Duration = Duration::from_secs(900);

/// A delivery that has fallen due and is leased to the caller.
#[derive(Clone, Debug)]
pub struct Owed {
    /// Its stable id: the same at every attempt (contract C4).
    pub id: String,
    /// The whole envelope.
    pub event: String,
    /// The event's id.
    pub event_id: String,
    /// What the target is given.
    pub input: String,
    /// The target as it was when the event was accepted.
    pub target: Target,
    /// Its kind.
    pub kind: TargetKind,
    /// The rule that matched.
    pub rule_arn: Arn,
    /// The bus that the event was accepted on.
    pub bus: BusName,
    /// When it was accepted there.
    pub accepted: Timestamp,
    /// 1 at the first try.
    pub attempt: u32,
    /// When the lease ends.
    pub leased_until: Timestamp,
    /// The X-Ray header that came with the event.
    pub trace_header: Option<String>,
    /// Where the event's record is on its bus.
    position: u64,
    handle: Handle,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is done.
    Delivered,
    /// It is tried again.
    Rescheduled {
        /// Not before this.
        at: Timestamp,
    },
    /// It is in its dead-letter queue.
    DeadLettered {
        /// That queue.
        queue: Arn,
    },
    /// It is given up and kept nowhere: there is no dead-letter queue, or it does not exist. Counted; to be logged.
    Lost {
        /// All retries were used, which is "expired"; otherwise it was "dropped" at once.
        expired: bool,
    },
    /// It was settled before, or its lease ended and somebody else has it: nothing was done.
    Gone,
}

impl Events {
    /// The internal queue of a target.
    fn delivery_queue(&self, tx: &mut Tx<'_, '_>, target: &Arn) -> QueueId {
        let name = format!("{DELIVERIES}:{target}");
        match self.queues().find_internal(tx, &name) {
            Some(queue) => queue,
            None => {
                let settings = Settings { permits: Some(UNDER_WAY_MAX), ..Settings::default() };
                self.queues().internal(tx, &name, settings)
            }
        }
    }

    /// Sets how many deliveries may be under way to a target at a time, across all events, rules and buses; kept through
    /// crashes (contract C11). `None`: as many as where nothing was set, [`UNDER_WAY_MAX`].
    pub fn limit_concurrency(&self, tx: &mut Tx<'_, '_>, target: &Arn, permits: Option<u32>) {
        let settings = Settings { permits: Some(permits.unwrap_or(UNDER_WAY_MAX)), ..Settings::default() };
        self.queues().internal(tx, &format!("{DELIVERIES}:{target}"), settings);
    }

    /// Owes a delivery from now on; its id.
    pub(crate) fn send_delivery(
        &self,
        tx: &mut Tx<'_, '_>,
        (delivery, event): (&Delivery, &str),
        now: Timestamp,
        ids: &Ids,
    ) -> String {
        let queue = self.delivery_queue(tx, &delivery.target.arn);
        let message = NewMessage {
            id: ids.next_uuid(),
            body: delivery.write(event),
            now,
            not_before: now,
            ..NewMessage::default()
        };
        self.queues().send(tx, queue, message).id
    }

    /// Leases up to `max` deliveries that have fallen due, as far as the targets' permits go; the share of each target is
    /// about equal, so that none holds up another. Those whose input cannot be made are given up here, and those that are
    /// damaged are dropped, each counted (contracts C2 and C9).
    pub fn due(&self, tx: &mut Tx<'_, '_>, (now, max): (Timestamp, usize), ids: &Ids) -> Vec<Owed> {
        let queues = self.queues().due(tx, &format!("{DELIVERIES}:"), now);
        let mut owed = Vec::new();
        let mut left = queues.len();
        for due in queues {
            let share = max.saturating_sub(owed.len()).div_ceil(left.max(1));
            left -= 1;
            if share == 0 {
                break;
            }
            let receive = Receive { max: share, until: now.plus(LEASE), now, redrive: None };
            let (received, damaged) = self.queues().receive_counting(tx, due.queue, &receive);
            for received in received {
                owed.extend(self.owed_of(tx, received, now, ids));
            }
            if let Some(damaged) = u64::try_from(damaged).ok().filter(|damaged| *damaged > 0) {
                Counts::change(tx, |counts| {
                    counts.owed = counts.owed.saturating_sub(damaged);
                    counts.dropped += damaged;
                });
            }
        }
        owed
    }

    /// When [`Events::due`] is worth asking next, as far as that is known already; `None`: nothing is owed.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        self.queues().next_due(&format!("{DELIVERIES}:"))
    }

    /// Keeps a delivery leased until `until`, for a target that takes longer. `false`: the lease had ended already.
    pub fn renew(&self, tx: &mut Tx<'_, '_>, owed: &Owed, until: Timestamp, now: Timestamp) -> bool {
        self.queues().extend(tx, &owed.handle, (until, now)) == Extended::Yes
    }

    /// Settles an attempt: done, planned again, or given up, by the target's retry policy and in this transaction. What is
    /// kept of the attempt is kept in this transaction too.
    pub fn settle(
        &self,
        tx: &mut Tx<'_, '_>,
        (owed, attempt): (&Owed, &Attempt),
        now: Timestamp,
        ids: &Ids,
    ) -> Settled {
        let settled = match &attempt.outcome {
            Outcome::Delivered => self.settle_delivered(tx, owed),
            Outcome::Failed { code, message, retry } => match after_failure(owed, *retry, now, ids) {
                Next::Try { at } => self.plan_again(tx, owed, at),
                Next::GiveUp { exhausted } => {
                    let retries = owed.attempt.saturating_sub(1);
                    let cause = Cause { code: code.clone(), message: message.clone(), retries, exhausted };
                    self.settle_given_up(tx, (&owed.handle, &owed.delivery(), &owed.event, &cause), now, ids)
                }
            },
        };
        if Self::is_kept(tx, &owed.bus, owed.position) {
            Self::note_attempt(tx, (&owed.id, owed.attempt), (attempt, &settled));
        }
        settled
    }

    fn settle_delivered(&self, tx: &mut Tx<'_, '_>, owed: &Owed) -> Settled {
        if !self.queues().delete(tx, &owed.handle) {
            return Settled::Gone;
        }
        Counts::change(tx, |counts| {
            counts.owed = counts.owed.saturating_sub(1);
            counts.delivered += 1;
        });
        Settled::Delivered
    }

    /// Deliveries owed now, counted by looking at each queue: what [`Counts::owed`] is checked against.
    pub fn count_owed(&self, read: &mut impl Read, targets: &[Arn], now: Timestamp) -> u64 {
        let mut owed = 0;
        for target in targets {
            if let Some(queue) = self.queues().find_internal(read, &format!("{DELIVERIES}:{target}")) {
                let counts = self.queues().counts(read, queue, now);
                owed += counts.visible + counts.in_flight + counts.delayed;
            }
        }
        owed
    }

    fn plan_again(&self, tx: &mut Tx<'_, '_>, owed: &Owed, at: Timestamp) -> Settled {
        if !self.queues().reschedule(tx, &owed.handle, at) {
            return Settled::Gone;
        }
        Counts::change(tx, |counts| counts.retried += 1);
        Settled::Rescheduled { at }
    }

    fn settle_given_up(
        &self,
        tx: &mut Tx<'_, '_>,
        (handle, delivery, event, cause): (&Handle, &Delivery, &str, &Cause),
        now: Timestamp,
        ids: &Ids,
    ) -> Settled {
        // INVARIANT (C7): deletion and dead letter are one transaction; the one does not happen without the other.
        if !self.queues().delete(tx, handle) {
            return Settled::Gone;
        }
        let expired = cause.exhausted.is_some();
        let given = self.give_up(tx, (delivery, event, cause), now, ids);
        Counts::change(tx, |counts| {
            counts.owed = counts.owed.saturating_sub(1);
            match (given, expired) {
                (Given::DeadLettered, _) => counts.dead_lettered += 1,
                (Given::Lost, true) => counts.expired += 1,
                (Given::Lost, false) => counts.dropped += 1,
            }
        });
        match (given, &delivery.target.dead_letter_arn) {
            (Given::DeadLettered, Some(queue)) => Settled::DeadLettered { queue: queue.clone() },
            (Given::DeadLettered, None) | (Given::Lost, _) => Settled::Lost { expired },
        }
    }

    /// A delivery out of its message. Given up where its input cannot be made; a message that is none of ours stays
    /// where it is, leased again and again, for a person to find.
    fn owed_of(&self, tx: &mut Tx<'_, '_>, received: Received, now: Timestamp, ids: &Ids) -> Option<Owed> {
        let (delivery, event) = Delivery::read(&received.body)?;
        let made = make_input(&delivery, event);
        let (kind, input) = match made {
            Ok(made) => made,
            Err(cause) => {
                let given_up = (&received.handle, &delivery, event, &cause);
                let settled = self.settle_given_up(tx, given_up, now, ids);
                if Self::is_kept(tx, &delivery.bus, delivery.position) {
                    let Cause { code, message, .. } = cause;
                    let failed = Outcome::Failed { code, message, retry: Retry::Never };
                    let attempt = Attempt::at_once(now, failed);
                    Self::note_attempt(tx, (&received.id, received.receive_count), (&attempt, &settled));
                }
                return None;
            }
        };
        Some(Owed {
            id: received.id,
            event: event.to_owned(),
            event_id: delivery.event_id,
            position: delivery.position,
            input,
            target: delivery.target,
            kind,
            rule_arn: delivery.rule_arn,
            bus: delivery.bus,
            accepted: delivery.accepted,
            attempt: received.receive_count,
            leased_until: now.plus(LEASE),
            trace_header: delivery.trace_header,
            handle: received.handle,
        })
    }
}

/// The target's kind and input, or why there is none.
fn make_input(delivery: &Delivery, event: &str) -> Result<(TargetKind, String), Cause> {
    // It was served and parsed when the event was accepted: only another version of Trunkline may think otherwise.
    let outlet = Outlet::of(delivery.target.clone()).ok_or_else(|| {
        Cause::at_once(
            "INVALID_PARAMETER",
            "This version of Trunkline does not serve the target as it was put.",
        )
    })?;
    let rule_name = RuleName::of_arn(&delivery.rule_arn).map(|(_, name)| name);
    let about = Surroundings {
        rule_arn: &delivery.rule_arn,
        rule_name: rule_name.as_ref().map_or("", RuleName::as_str),
        accepted: delivery.accepted,
    };
    let input = outlet.maker.make(event, about).map_err(|failure| Cause::input(&failure))?;
    Ok((outlet.kind, input))
}

impl Owed {
    fn delivery(&self) -> Delivery {
        Delivery {
            bus: self.bus.clone(),
            event_id: self.event_id.clone(),
            position: self.position,
            accepted: self.accepted,
            trace_header: self.trace_header.clone(),
            rule_arn: self.rule_arn.clone(),
            target: self.target.clone(),
        }
    }
}

/// What follows a failed attempt.
enum Next {
    Try { at: Timestamp },
    GiveUp { exhausted: Option<Exhausted> },
}

fn after_failure(owed: &Owed, retry: Retry, now: Timestamp, ids: &Ids) -> Next {
    let last = owed.accepted.plus(Duration::from_secs(u64::from(owed.target.retry.age_seconds_max())));
    let asked = match retry {
        Retry::Never => return Next::GiveUp { exhausted: None },
        Retry::ByPolicy => now,
        Retry::NotBefore(at) => at,
    };
    if owed.attempt > owed.target.retry.attempts_max() {
        return Next::GiveUp { exhausted: Some(Exhausted::Attempts) };
    }
    // A target that asks for more time than there is will not take it in time.
    if now >= last || asked > last {
        return Next::GiveUp { exhausted: Some(Exhausted::Age) };
    }
    Next::Try { at: now.plus(pause(owed.attempt, ids.next_u64())).max(asked).min(last) }
}

/// The pause before the next try: anything up to a bound that doubles with each ("full jitter", Brooker, "Exponential
/// Backoff and Jitter", AWS Architecture Blog, 2015).
fn pause(attempt: u32, random: u64) -> Duration {
    let doubled =
        BACK_OFF_FIRST.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
    let bound_ms = u64::try_from(doubled.min(BACK_OFF_MAX).as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % bound_ms.saturating_add(1))
}
