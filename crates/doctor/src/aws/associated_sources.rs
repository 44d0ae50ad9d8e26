//! The check: is every partner event source associated with a bus?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "associated-sources",
    asks: "Is every partner event source associated with a bus?",
    why: "what a partner sends before its source has a bus is dropped, and a source that nobody associates expires",
    fix: "make the bus: `aws events create-event-bus --name SOURCE --event-source-name SOURCE`",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let pending = facts.event_sources.iter().filter(|source| text(source, "State") == "PENDING");
    pending
        .map(|source| format!("the event source {} is PENDING: its events are dropped", text(source, "Name")))
        .collect()
}
