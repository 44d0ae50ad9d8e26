//! The check: is every rule for a partner's events on the partner's bus?

use crate::aws::facts::{Facts, Rule};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "rules-on-their-bus",
    asks: "Is every rule for a partner's events on the partner's bus?",
    why: "a partner's events are on the bus of their source alone: a rule on another bus waits for ever",
    fix: "make the rule on the bus aws.partner/genesys.com/...",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let asks_partner = |rule: &&Rule| {
        let pattern = rule.pattern();
        !rule.is_on_partner_bus()
            && (pattern.contains("aws.partner/genesys.com") || pattern.contains("\"v2.detail.events."))
    };
    let astray = facts.rules.iter().filter(asks_partner);
    astray
        .map(|rule| {
            format!("the rule {} asks for Genesys Cloud's own events on the bus {}", rule.label(), rule.bus())
        })
        .collect()
}
