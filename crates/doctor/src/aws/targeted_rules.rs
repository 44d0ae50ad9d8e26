//! The check: does every enabled rule have a target?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "targeted-rules",
    asks: "Does every enabled rule have a target?",
    why: "a rule without targets matches events and does nothing",
    fix: "add a target, or delete the rule",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("ListTargetsByRule") {
        return Vec::new();
    }
    let bare = facts.rules.iter().filter(|rule| rule.is_enabled() && rule.targets.is_empty());
    bare.map(|rule| format!("the rule {} has no targets", rule.label())).collect()
}
