//! The check: is every rule with targets enabled?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "enabled-rules",
    asks: "Is every rule with targets enabled?",
    why: "a disabled rule matches nothing, and its events are gone",
    fix: "`aws events enable-rule`, or delete the rule",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let off = facts.rules.iter().filter(|rule| !rule.is_enabled() && !rule.targets.is_empty());
    off.map(|rule| format!("the rule {} is disabled", rule.label())).collect()
}
