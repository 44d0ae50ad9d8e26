//! The check: is every target's dead-letter queue a standard queue?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "standard-dead-letter-queues",
    asks: "Is every target's dead-letter queue a standard queue?",
    why: "EventBridge sends dead letters to standard queues only",
    fix: "name a standard queue as dead-letter queue",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let fifo =
        facts.targets().filter(|(_, target)| target.dead_letter().is_some_and(|arn| arn.ends_with(".fifo")));
    fifo.map(|(rule, target)| {
        format!("the dead-letter queue of the target {} of the rule {} is FIFO", target.id(), rule.label())
    })
    .collect()
}
