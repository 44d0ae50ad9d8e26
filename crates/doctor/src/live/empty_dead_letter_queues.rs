//! Whether there are dead letters.

use std::collections::BTreeSet;

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "empty-dead-letter-queues",
    asks: "Are all dead-letter queues empty?",
    why: "each letter is an event that did not reach its target",
    fix: "run `trunkline dlq list`, mend the cause, then `trunkline dlq redrive`",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let arns: BTreeSet<&str> = facts.dead_letter_arns().collect();
    let queues = arns.into_iter().filter_map(|arn| facts.queue(arn)).filter(|queue| queue.messages > 0);
    queues
        .map(|queue| format!("the dead-letter queue {} has {} letters", queue.name, queue.messages))
        .collect()
}
