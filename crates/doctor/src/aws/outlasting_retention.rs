//! The check: do queues keep their messages for at least a day?

use std::collections::BTreeSet;

use crate::aws::facts::{Facts, number, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "outlasting-retention",
    asks: "Do queues keep their messages for at least a day?",
    why: "an outage of the receiver that is longer than the retention loses messages, without a dead letter",
    fix: "`aws sqs set-queue-attributes --attributes MessageRetentionPeriod=345600` or more",
    sureness: Sureness::Likely,
    run,
};

const DAY_S: u64 = 86_400;

fn run(facts: &Facts) -> Vec<String> {
    let mut out = BTreeSet::new();
    for queue in facts.targets().filter_map(|(_, target)| facts.queue(target.arn())) {
        if let Some(kept_s) = number(queue, "MessageRetentionPeriod").filter(|kept_s| *kept_s < DAY_S) {
            out.insert(format!("the queue {} keeps its messages for {kept_s} s", queue_name(queue)));
        }
    }
    out.into_iter().collect()
}
