//! Whether the named dead-letter queues are there.

use std::collections::BTreeSet;

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "existing-dead-letter-queues",
    asks: "Does every dead-letter queue that is named exist?",
    why: "where it does not, what cannot be delivered is lost",
    fix: "create the queue, or name another one",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let arns: BTreeSet<&str> = facts.dead_letter_arns().collect();
    let gone = arns.into_iter().filter(|arn| facts.queue(arn).is_none());
    gone.map(|arn| format!("the dead-letter queue {arn} does not exist here")).collect()
}
