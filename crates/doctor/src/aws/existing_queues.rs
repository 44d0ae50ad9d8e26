//! The check: does every queue that is a target exist?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "existing-queues",
    asks: "Does every queue that is a target exist?",
    why: "a target that is missing is not tried again: its events are dropped",
    fix: "make the queue, or name another one",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("ListQueues") || !facts.has_read("GetQueueAttributes") {
        return Vec::new();
    }
    let queues = facts.targets().filter(|(_, target)| target.is_of("sqs") && facts.is_here(target.arn()));
    let missing = queues.filter(|(_, target)| facts.queue(target.arn()).is_none());
    missing
        .map(|(rule, target)| format!("{} of the rule {} does not exist", target.arn(), rule.label()))
        .collect()
}
