//! What is owed: deliveries as messages of the queue engine, one internal queue for each target.

use aws::{Arn, Timestamp};
use queue::{
    Extension, Handle, LeaseChange, NewMessage, QueueId, Receive, ReceivedMessage, SendReceipt, Settings,
};
use store::{Commit, Read, Tx};

use std::time::Duration;

use crate::buses::bus::BusName;
use crate::buses::routing::Outlet;
use crate::buses::rule::{RuleKey, RuleName};
use crate::dead_letters::give_up::{Cause, FailedDelivery};
use crate::events::Events;
use crate::limits::slots::Slots;
use crate::target::Target;
use crate::target::input::InputContext;
use crate::target::kind::TargetKind;
use crate::trip::attempts::{Attempt, DeliveryAttempt, Outcome, Retry};
use crate::trip::books::Counts;
use crate::trip::delivery::Delivery;

/// How long a target may take to answer where no rule asks for less: what AWS allows an API destination (user guide, "API
/// destinations"). A call that takes longer is cut off and has failed.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(5);
/// Maximum time for the lease's commit before a call and for its settlement after it; never more than the call itself may take.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(1);
/// What the names of deliveries' queues begin with; the target's ARN follows.
const PREFIX: &str = "delivery:";
/// Deliveries leased in one commit.
const LEASED_AT_ONCE_MAX: usize = 200;
/// Deliveries under way to one target at a time where no limit was set, so that a target that hangs does not take every
/// slot.
pub const UNDER_WAY_MAX: u32 = 100;
/// A delivery that has fallen due and is leased to the caller.
#[derive(Clone, Debug)]
pub struct DueDelivery {
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
    pub kind: &'static TargetKind,
    /// The rule that matched.
    pub rule_arn: Arn,
    /// The bus that the event was accepted on.
    pub bus: BusName,
    /// When it was accepted there.
    pub accepted: Timestamp,
    /// 1 at the first try.
    pub attempt: u32,
    /// How long its call may take from its beginning, which is not before the lease's commit.
    pub call_time: Duration,
    /// When its call is cut off at the latest. INVARIANT (C11): the lease holds until then, also where the carrier was killed:
    /// the target may still be at work on the call, and the permit is in use.
    pub call_until: Timestamp,
    /// The X-Ray header that came with the event.
    pub trace_header: Option<String>,
    /// Where the event's record is on its bus.
    pub(crate) position: u64,
    pub(crate) handle: Handle,
}

impl Events {
    /// The internal queue of a target.
    fn delivery_queue(&self, tx: &mut Tx<'_>, target: &Arn) -> QueueId {
        let known = self.queues().find_internal(tx, &format!("{PREFIX}{target}"));
        known.unwrap_or_else(|| self.set_permits(tx, target, UNDER_WAY_MAX))
    }

    /// Sets how many deliveries may be under way to a target at a time.
    pub(crate) fn set_permits(&self, tx: &mut Tx<'_>, target: &Arn, permits: u32) -> QueueId {
        let settings = Settings { permits: Some(permits), ..Settings::default() };
        self.queues().internal(tx, &format!("{PREFIX}{target}"), settings)
    }

    /// Owes a delivery from now on; where its message is.
    pub(crate) fn send_delivery(
        &self,
        commit: &mut Commit<'_>,
        delivery: &Delivery,
        event: &str,
    ) -> (QueueId, SendReceipt) {
        let queue = self.delivery_queue(commit, &delivery.target.arn);
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: delivery.write(event),
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        (queue, self.queues().send(commit, queue, message))
    }

    /// Leases deliveries that have fallen due, as far as the targets' permits and the porter's slots go; the share of each
    /// target is about equal, and each look begins with another target, so that none holds up another. Those whose input
    /// cannot be made are given up here, and those that are damaged are dropped, each counted (contracts C2 and C9).
    pub fn due(&self, commit: &mut Commit<'_>, mut slots: Slots) -> Vec<DueDelivery> {
        let mut queues = self.queues().due(&mut commit.tx, PREFIX, commit.now);
        let first = queues.iter().position(|due| target_of(&due.name) > slots.last()).unwrap_or(0);
        queues.rotate_left(first);
        let mut owed = Vec::new();
        let mut left = queues.len();
        for due in queues {
            let share = LEASED_AT_ONCE_MAX.saturating_sub(owed.len()).div_ceil(left.max(1));
            left -= 1;
            let target = target_of(&due.name);
            let max = share.min(slots.available(target, commit.now));
            if max == 0 {
                continue;
            }
            let Ok(arn) = target.parse() else { continue };
            let taken = self.lease(commit, &arn, due.queue, max);
            taken.iter().for_each(|_| slots.take(target));
            owed.extend(taken);
        }
        owed
    }

    /// Leases the next delivery to a target if one has fallen due and the target has a permit: for a carrier that has just
    /// given one back in this transaction.
    pub fn next_due_to(&self, commit: &mut Commit<'_>, target: &Arn) -> Option<DueDelivery> {
        let queue = self.queues().find_internal(&mut commit.tx, &format!("{PREFIX}{target}"))?;
        self.lease(commit, target, queue, 1).pop()
    }

    fn lease(&self, commit: &mut Commit<'_>, target: &Arn, queue: QueueId, max: usize) -> Vec<DueDelivery> {
        let now = commit.now;
        let time = Self::call_time(&mut commit.tx, target);
        let until = now.plus(time + time.min(SETTLE_TIME_MAX));
        // A rate is not a failure: what is over it stays where it is and needs no attempt.
        let rate = Self::rate_per_second(&mut commit.tx, target);
        let max = rate.map_or(max, |rate| max.min(self.rates().left(target, rate, now)));
        let receive = Receive { max, until, now, redrive: None };
        let (received, damaged) = self.queues().receive_counting(commit, queue, &receive);
        if rate.is_some() {
            self.rates().note(target, received.len(), now);
        }
        if let Some(damaged) = u64::try_from(damaged).ok().filter(|damaged| *damaged > 0) {
            Counts::change(commit, |counts| {
                counts.owed = counts.owed.saturating_sub(damaged);
                counts.dropped += damaged;
            });
        }
        let owed = received.into_iter().filter_map(|received| self.owed_of(commit, received));
        owed.map(|owed| DueDelivery { call_time: time, call_until: until, ..owed }).collect()
    }

    /// Renews a lease whose commit took so long that a whole call no longer fits into it: from `now` on, with `spare` time for
    /// this commit. Until when the call may take then; `None`: the lease has ended, and the permit is somebody else's.
    pub fn renew_lease(
        &self,
        tx: &mut Tx<'_>,
        owed: &DueDelivery,
        now: Timestamp,
        spare: Duration,
    ) -> Option<Timestamp> {
        let until = now.plus(owed.call_time + spare);
        (self.queues().extend(tx, &owed.handle, Extension { until, now }) == LeaseChange::Yes)
            .then_some(until)
    }

    /// How many requests a second a target may be sent, where it is an API destination.
    fn rate_per_second(read: &mut impl Read, target: &Arn) -> Option<usize> {
        let destination = Self::api_destination_at(read, target)?;
        Some(usize::try_from(destination.rate_per_second).unwrap_or(usize::MAX))
    }

    /// When [`Events::due`] is worth asking next, as far as that is known already; `None`: nothing is owed.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        self.queues().next_due(PREFIX)
    }

    /// Deliveries owed now, counted by looking at each queue: what [`Counts::owed`] is checked against.
    pub fn count_owed(&self, read: &mut impl Read, targets: &[Arn], now: Timestamp) -> u64 {
        let mut owed = 0;
        for target in targets {
            if let Some(queue) = self.queues().find_internal(read, &format!("{PREFIX}{target}")) {
                let counts = self.queues().counts(read, queue, now);
                owed += counts.visible + counts.in_flight + counts.delayed;
            }
        }
        owed
    }

    /// A delivery out of its message. Given up where its input cannot be made; a message that is none of ours stays
    /// where it is, leased again and again, for a person to find.
    fn owed_of(&self, commit: &mut Commit<'_>, received: ReceivedMessage) -> Option<DueDelivery> {
        let (delivery, event) = Delivery::read(&received.body)?;
        let made = make_input(&delivery, event);
        let TargetInput { kind, input } = match made {
            Ok(made) => made,
            Err(cause) => {
                let failed = FailedDelivery { delivery: &delivery, event, cause: &cause };
                let settled = self.settle_given_up(commit, &received.handle, failed);
                let Cause { code, message, .. } = cause;
                let failed = Outcome::Failed { code, message, retry: Retry::Never };
                let attempt = &Attempt::at_once(commit.now, failed);
                let number = received.receive_count;
                let attempt = DeliveryAttempt { delivery_id: &received.id, number, attempt };
                if Self::has_record(&mut commit.tx, &delivery.bus, delivery.position) {
                    Self::note_attempt(commit, attempt, &settled);
                }
                self.trace_attempt(commit, &delivery, attempt, &settled);
                return None;
            }
        };
        Some(DueDelivery {
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
            call_time: Duration::ZERO,
            call_until: commit.now,
            trace_header: delivery.trace_header,
            handle: received.handle,
        })
    }
}

/// The target's ARN in the name of its queue.
fn target_of(queue: &str) -> &str {
    queue.strip_prefix(PREFIX).unwrap_or_default()
}

/// What a target gets.
struct TargetInput {
    kind: &'static TargetKind,
    input: String,
}

/// The target's kind and input, or why there is none.
fn make_input(delivery: &Delivery, event: &str) -> Result<TargetInput, Cause> {
    // It was served and parsed when the event was accepted: only another version of Trunkline may think otherwise.
    let outlet = Outlet::of(delivery.target.clone()).ok_or_else(|| {
        Cause::at_once(
            "INVALID_PARAMETER",
            "This version of Trunkline does not serve the target as it was put.",
        )
    })?;
    let rule_name = RuleKey::of_arn(&delivery.rule_arn).map(|key| key.rule);
    let about = InputContext {
        rule_arn: &delivery.rule_arn,
        rule_name: rule_name.as_ref().map_or("", RuleName::as_str),
        accepted: delivery.accepted,
    };
    let input = outlet.maker.make(event, about).map_err(|failure| Cause::input(&failure))?;
    Ok(TargetInput { kind: outlet.kind, input })
}

impl DueDelivery {
    pub(crate) fn delivery(&self) -> Delivery {
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
