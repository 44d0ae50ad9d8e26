//! The check: does every queue that is worked on set failing messages aside?

use crate::aws::facts::{Facts, queue_name, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "bounded-receives",
    asks: "Does every queue that is worked on set failing messages aside?",
    why: "a message that always fails comes back until it expires, and is then gone without a trace",
    fix: "a RedrivePolicy with a dead-letter queue and a maxReceiveCount of 5",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let queues = facts.mappings.iter().filter_map(|mapping| facts.queue(text(mapping, "EventSourceArn")));
    let bare = queues.filter(|queue| !queue.contains_key("RedrivePolicy"));
    bare.map(|queue| format!("the queue {} has no dead-letter queue", queue_name(queue))).collect()
}
