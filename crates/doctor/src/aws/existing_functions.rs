//! The check: does every function that is a target exist?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "existing-functions",
    asks: "Does every function that is a target exist?",
    why: "a target that is missing is not tried again: its events are dropped",
    fix: "deploy the function, or name another one",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("ListFunctions") {
        return Vec::new();
    }
    let functions =
        facts.targets().filter(|(_, target)| target.is_of("lambda") && facts.is_here(target.arn()));
    let missing = functions.filter(|(_, target)| facts.function(target.arn()).is_none());
    missing
        .map(|(rule, target)| format!("{} of the rule {} does not exist", target.arn(), rule.label()))
        .collect()
}
