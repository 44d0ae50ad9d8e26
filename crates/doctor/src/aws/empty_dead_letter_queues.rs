//! The check: are the dead-letter queues empty?

use crate::aws::facts::{Facts, number, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "empty-dead-letter-queues",
    asks: "Are the dead-letter queues empty?",
    why: "each message there is an event that reached nobody",
    fix: "look at it (`aws sqs receive-message`), mend the cause, then `aws sqs start-message-move-task`",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let queues = facts.dead_letter_arns();
    let queues = queues.iter().filter_map(|arn| facts.queue(arn));
    let waiting = queues.filter_map(|queue| {
        Some((queue_name(queue), number(queue, "ApproximateNumberOfMessages").filter(|many| *many > 0)?))
    });
    waiting.map(|(name, many)| format!("{name} has {many} messages")).collect()
}
