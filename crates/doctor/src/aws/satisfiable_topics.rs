//! The check: can a known event match every rule's pattern?

use pattern::EventPattern;

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};
use crate::unsatisfiable::{Events, findings};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "satisfiable-topics",
    asks: "Can a known event match every rule's pattern?",
    why: "a pattern that nothing can match is valid, and its rule stays silent",
    fix: "correct what is named; `trunkline explain` tells pattern and event apart",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut out = Vec::new();
    for rule in facts.rules.iter().filter(|rule| rule.is_enabled() && is_of_genesys(rule.pattern())) {
        let Ok(pattern) = EventPattern::parse(rule.pattern()) else { continue };
        let told = findings(&pattern, Events::Any);
        out.extend(
            told.iter()
                .map(|finding| format!("the rule {} can match nothing: {}", rule.label(), finding.sentence)),
        );
    }
    out
}

/// Whether a pattern is for events that the catalogue knows.
fn is_of_genesys(pattern: &str) -> bool {
    pattern.contains("genesys") || pattern.contains("\"v2.")
}
