//! Whether somebody reads the queues.

use crate::live::{Facts, LiveCheck, Queue};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "draining-queues",
    asks: "Does somebody receive from every queue with many messages?",
    why: "a queue that nobody reads grows until its messages expire",
    fix: "start the worker of the queue, or see whether its visibility timeout is shorter than its work",
    run,
};

/// So many messages may wait.
const MESSAGES_MAX: u64 = 1_000;

fn run(facts: &Facts) -> Vec<String> {
    let is_left_alone = |queue: &&Queue| {
        let is_dead = facts.dead_letter_arns().any(|arn| arn == queue.arn);
        queue.messages > MESSAGES_MAX && queue.in_flight == 0 && !is_dead
    };
    let finding = |queue: &Queue| {
        format!("the queue {} has {} messages, and nobody holds one", queue.name, queue.messages)
    };
    facts.queues.iter().filter(is_left_alone).map(finding).collect()
}
