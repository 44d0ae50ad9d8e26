//! The check: is every event source mapping enabled?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "running-mappings",
    asks: "Is every event source mapping enabled?",
    why: "a disabled mapping leaves its messages in the queue until they expire",
    fix: "`aws lambda update-event-source-mapping --enabled`",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let off = facts.mappings.iter().filter(|mapping| text(mapping, "State") == "Disabled");
    off.map(|mapping| {
        format!("the mapping {} of {} is disabled", text(mapping, "UUID"), text(mapping, "EventSourceArn"))
    })
    .collect()
}
