//! The check: does every rule on a partner bus ask for particular events?

use crate::aws::facts::{Facts, Rule};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "narrow-patterns",
    asks: "Does every rule on a partner bus ask for particular events?",
    why: "a pattern of account or region alone matches every event: its targets pay for each, and new topics arrive unasked",
    fix: "name the topics: {\"detail-type\": [...]}",
    sureness: Sureness::Certain,
    run,
};

/// Members that all events of a source have alike.
const ALIKE: &[&str] = &["account", "region", "version", "source"];

fn run(facts: &Facts) -> Vec<String> {
    let is_wide = |rule: &&Rule| {
        let members =
            rule.pattern_value().and_then(|pattern| pattern.as_object().cloned()).unwrap_or_default();
        rule.is_on_partner_bus()
            && !members.is_empty()
            && members.keys().all(|name| ALIKE.contains(&name.as_str()))
    };
    let wide = facts.rules.iter().filter(is_wide);
    wide.map(|rule| format!("the rule {} matches every event of its bus", rule.label())).collect()
}
