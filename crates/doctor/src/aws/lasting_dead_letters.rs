//! The check: are dead letters kept for at least a week?

use crate::aws::facts::{Facts, number, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "lasting-dead-letters",
    asks: "Are dead letters kept for at least a week?",
    why: "a dead letter that expires before somebody looks is lost; a queue's redriven messages keep their first time stamp",
    fix: "`aws sqs set-queue-attributes --attributes MessageRetentionPeriod=1209600`",
    sureness: Sureness::Likely,
    run,
};

const WEEK_S: u64 = 7 * 86_400;

fn run(facts: &Facts) -> Vec<String> {
    let queues = facts.dead_letter_arns();
    let queues = queues.iter().filter_map(|arn| facts.queue(arn));
    let short =
        queues.filter(|queue| number(queue, "MessageRetentionPeriod").is_some_and(|kept_s| kept_s < WEEK_S));
    short
        .map(|queue| {
            format!("the dead-letter queue {} keeps its messages for less than 7 days", queue_name(queue))
        })
        .collect()
}
