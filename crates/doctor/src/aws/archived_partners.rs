//! The check: is every partner bus archived?

use serde_json::Value;

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "archived-partners",
    asks: "Is every partner bus archived?",
    why: "what a rule missed cannot be replayed, and Genesys Cloud sends nothing twice",
    fix: "`aws events create-archive` on the bus, with a retention as long as an outage may go unnoticed",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("ListArchives") {
        return Vec::new();
    }
    let partners = facts.buses.iter().filter(|bus| text(bus, "Name").starts_with("aws.partner/"));
    let is_archived = |bus: &Value| {
        facts.archives.iter().any(|archive| {
            text(archive, "EventSourceArn") == text(bus, "Arn") && text(archive, "State") != "DISABLED"
        })
    };
    let bare = partners.filter(|bus| !is_archived(bus));
    bare.map(|bus| format!("the bus {} has no archive", text(bus, "Name"))).collect()
}
