//! Whether every rule takes part.

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "enabled-rules",
    asks: "Is every rule enabled?",
    why: "a disabled rule takes nothing, and events pass it in silence",
    fix: "enable it (`aws events enable-rule`) or delete it",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let disabled = facts.rules.iter().filter(|rule| !rule.is_enabled);
    disabled.map(|rule| format!("the rule {} is disabled", rule.label())).collect()
}
