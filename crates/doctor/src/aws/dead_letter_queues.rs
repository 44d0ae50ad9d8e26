//! The check: has every target a dead-letter queue?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "dead-letter-queues",
    asks: "Has every target a dead-letter queue?",
    why: "after 24 hours or 185 attempts, and at once where it is not permitted, an event is gone",
    fix: "a standard queue of the same region as DeadLetterConfig, with a policy that lets the rule in",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let bare = facts.targets().filter(|(_, target)| target.dead_letter().is_none());
    bare.map(|(rule, target)| {
        format!("the target {} of the rule {} has no dead-letter queue", target.id(), rule.label())
    })
    .collect()
}
