//! The check: is no queue called with a role?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "roleless-queues",
    asks: "Is no queue called with a role?",
    why: "EventBridge delivers to queues by their policy; with a role, above all on an encrypted queue, deliveries may fail",
    fix: "take RoleArn off the target, and let the rule in by the queue's policy",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let queues = facts.targets().filter(|(_, target)| {
        target.is_of("sqs") && target.0.get("RoleArn").is_some_and(|role| !role.is_null())
    });
    queues
        .map(|(rule, target)| {
            format!("the target {} of the rule {} is a queue with a role", target.id(), rule.label())
        })
        .collect()
}
