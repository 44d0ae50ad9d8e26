//! The check: does every FIFO queue that is a target deduplicate by content?

use crate::aws::facts::{Facts, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "deduplicated-fifo",
    asks: "Does every FIFO queue that is a target deduplicate by content?",
    why: "EventBridge gives no deduplication id: a FIFO queue without content-based deduplication refuses every message",
    fix: "`aws sqs set-queue-attributes --attributes ContentBasedDeduplication=true`",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let queues = facts.targets().filter(|(_, target)| target.arn().ends_with(".fifo"));
    let queues = queues.filter_map(|(rule, target)| Some((rule, facts.queue(target.arn())?)));
    let refusing =
        queues.filter(|(_, queue)| queue.get("ContentBasedDeduplication").is_none_or(|flag| flag != "true"));
    refusing
        .map(|(rule, queue)| {
            format!("the queue {} refuses the messages of the rule {}", queue_name(queue), rule.label())
        })
        .collect()
}
