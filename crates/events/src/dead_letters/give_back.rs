//! Giving back what a hook had taken in an event's commit and could not serve in the end: it is given up like any delivery.

use aws::Arn;
use serde::{Deserialize, Serialize};
use store::Commit;

use crate::buses::bus::BusName;
use crate::buses::rule::{RuleKey, RuleName};
use crate::dead_letters::give_up::{Cause, FailedDelivery, GiveUp};
use crate::events::Events;
use crate::records::place::EventPlace;
use crate::records::record::Step;
use crate::target::Target;
use crate::trip::books::Counts;
use crate::trip::delivery::Delivery;
use crate::trip::pay_hook::Debt;

/// A debt as a hook keeps it that does not serve it at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDebt {
    rule_arn: Arn,
    target: Target,
    event: String,
}

impl KeptDebt {
    /// What must be kept of a debt so that it can be given back.
    pub fn of(debt: &Debt<'_>) -> Self {
        Self { rule_arn: debt.rule_arn.clone(), target: debt.target.clone(), event: debt.event.to_owned() }
    }

    /// The rule that matched.
    pub const fn rule_arn(&self) -> &Arn {
        &self.rule_arn
    }

    /// Whom it was owed to.
    pub const fn target_arn(&self) -> &Arn {
        &self.target.arn
    }
}

/// Why a debt is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveBack {
    /// One of the user guide's error codes for dead-letter queues.
    pub code: &'static str,
    /// A sentence for a person.
    pub message: String,
}

impl Events {
    /// Gives back what was taken as paid: it goes to the target's dead-letter queue, the books and the event's record say so.
    /// `false`: there is no queue that keeps it.
    pub fn give_back(&self, commit: &mut Commit<'_>, debt: KeptDebt, why: GiveBack) -> bool {
        let KeptDebt { rule_arn, target, event } = debt;
        let cause = Cause::at_once(why.code, why.message);
        let rule = RuleKey::of_arn(&rule_arn);
        let about = aws::Event::from_json(&event, commit.now).ok();
        let delivery = Delivery {
            bus: rule.as_ref().map_or_else(BusName::default_bus, |key| key.bus.clone()),
            event_id: about.map(|event| event.id).unwrap_or_default(),
            position: 0,
            accepted: commit.now,
            trace_header: None,
            rule_arn,
            target,
        };
        let given =
            self.give_up(commit, FailedDelivery { delivery: &delivery, event: &event, cause: &cause });
        let is_kept = given == GiveUp::DeadLettered;
        Counts::change(commit, |counts| {
            counts.delivered = counts.delivered.saturating_sub(1);
            counts.dead_lettered += u64::from(is_kept);
            counts.dropped += u64::from(!is_kept);
        });
        let queue = delivery.target.dead_letter_arn.clone().filter(|_| is_kept);
        let step = Step::GivenUp { code: cause.code.clone(), message: cause.message.clone(), queue };
        self.note_given_back(commit, &delivery, rule.as_ref().map(|key| &key.rule), &step);
        is_kept
    }

    fn note_given_back(
        &self,
        commit: &mut Commit<'_>,
        delivery: &Delivery,
        rule: Option<&RuleName>,
        step: &Step,
    ) {
        for (bus, position, _) in self.event(&mut commit.tx, &delivery.event_id) {
            if bus != delivery.bus {
                continue;
            }
            Self::change_record(commit, EventPlace { bus: &bus, position }, |event| {
                let of_rule = event.matched.iter_mut().filter(|matched| Some(&matched.rule) == rule);
                let mut made = of_rule.flat_map(|matched| &mut matched.deliveries);
                let made = made.find(|made| made.target == delivery.target.id && made.step == Step::Paid);
                made.map(|made| made.step = step.clone()).is_some()
            });
        }
    }
}
