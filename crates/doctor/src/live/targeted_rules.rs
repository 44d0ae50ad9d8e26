//! Whether every rule has somewhere to send.

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "targeted-rules",
    asks: "Does every rule have a target?",
    why: "a rule without targets matches events and does nothing",
    fix: "add a target (`aws events put-targets`) or delete the rule",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let bare = facts.rules.iter().filter(|rule| rule.targets.is_empty());
    bare.map(|rule| format!("the rule {} has no targets", rule.label())).collect()
}
