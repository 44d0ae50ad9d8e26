//! The check: does every partner bus have its event source?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "sourced-buses",
    asks: "Does every partner bus have its event source?",
    why: "a partner's bus without a source receives nothing",
    fix: "enable the integration in Genesys Cloud, or delete the bus",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("ListEventSources") {
        return Vec::new();
    }
    let partners =
        facts.buses.iter().map(|bus| text(bus, "Name")).filter(|name| name.starts_with("aws.partner/"));
    let bare =
        partners.filter(|name| !facts.event_sources.iter().any(|source| text(source, "Name") == *name));
    bare.map(|name| format!("the bus {name} has no event source")).collect()
}
