//! The check: does a rule listen on every partner bus?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "heard-buses",
    asks: "Does a rule listen on every partner bus?",
    why: "events that no rule matches are gone",
    fix: "put rules on the partner's bus; those on the default bus never see its events",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let partners = facts.event_sources.iter().filter(|source| text(source, "State") == "ACTIVE");
    let names = partners.map(|source| text(source, "Name"));
    let is_heard = |name: &str| facts.rules.iter().any(|rule| rule.bus() == name && rule.is_enabled());
    names.filter(|name| !is_heard(name)).map(|name| format!("no enabled rule is on the bus {name}")).collect()
}
