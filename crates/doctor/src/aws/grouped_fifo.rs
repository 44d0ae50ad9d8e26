//! The check: has every FIFO queue that is a target a message group?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "grouped-fifo",
    asks: "Has every FIFO queue that is a target a message group?",
    why: "a FIFO queue takes no message without a group id: the event is dropped",
    fix: "SqsParameters with a MessageGroupId on the target",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let queues = facts.targets().filter(|(_, target)| target.arn().ends_with(".fifo"));
    let bare = queues.filter(|(_, target)| target.0.pointer("/SqsParameters/MessageGroupId").is_none());
    bare.map(|(rule, target)| {
        format!("the target {} of the rule {} names no message group", target.id(), rule.label())
    })
    .collect()
}
