//! The check: does every partner event source still exist on the partner's side?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "living-sources",
    asks: "Does every partner event source still exist on the partner's side?",
    why: "a bus whose source was deleted by the partner receives nothing, and its rules stay silent",
    fix: "make the integration in Genesys Cloud again, then a bus for its new source",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let deleted = facts.event_sources.iter().filter(|source| text(source, "State") == "DELETED");
    deleted
        .map(|source| format!("the event source {} was deleted by the partner", text(source, "Name")))
        .collect()
}
