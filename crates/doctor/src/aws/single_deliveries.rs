//! The check: is no event sent to one target by two rules alike?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "single-deliveries",
    asks: "Is no event sent to one target by two rules alike?",
    why: "two rules with the same pattern and target deliver each event twice",
    fix: "delete one of the two rules",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut out = Vec::new();
    for (at, (rule, target)) in facts.targets().enumerate() {
        let alike = facts.targets().take(at).find(|(other, first)| {
            let is_same = (other.bus(), other.pattern_value()) == (rule.bus(), rule.pattern_value());
            is_same && first.arn() == target.arn() && !rule.pattern().is_empty() && other.arn() != rule.arn()
        });
        out.extend(alike.map(|(other, _)| {
            format!("{} and {} send the same events to {}", other.label(), rule.label(), target.arn())
        }));
    }
    out
}
