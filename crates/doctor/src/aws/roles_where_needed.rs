//! The check: has every target a role that needs one?

use serde_json::Value;

use crate::aws::facts::{Facts, Target};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "roles-where-needed",
    asks: "Has every target a role that needs one?",
    why: "a state machine, an API destination or another bus is called in a role: without, the event is dropped",
    fix: "give the target a RoleArn that events.amazonaws.com may assume",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let needs = |target: &Target| target.is_of("states") || target.arn().contains(":api-destination/");
    let bare = facts
        .targets()
        .filter(|(_, target)| needs(target) && target.0.get("RoleArn").and_then(Value::as_str).is_none());
    bare.map(|(rule, target)| format!("the target {} of the rule {} has no role", target.id(), rule.label()))
        .collect()
}
