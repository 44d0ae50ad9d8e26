//! The check: does every dead-letter queue exist?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "existing-dead-letter-queues",
    asks: "Does every dead-letter queue exist?",
    why: "what cannot be delivered is dropped where its dead-letter queue is missing",
    fix: "make the queue, or name another one",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("ListQueues") || !facts.has_read("GetQueueAttributes") {
        return Vec::new();
    }
    let arns =
        facts.dead_letter_arns().into_iter().filter(|arn| facts.is_here(arn) && facts.queue(arn).is_none());
    arns.map(|arn| format!("the dead-letter queue {arn} does not exist")).collect()
}
