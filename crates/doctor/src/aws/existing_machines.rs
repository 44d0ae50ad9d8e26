//! The check: does every state machine that is a target exist?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "existing-machines",
    asks: "Does every state machine that is a target exist?",
    why: "a target that is missing is not tried again: its events are dropped",
    fix: "deploy the state machine, or name another one",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("ListStateMachines") {
        return Vec::new();
    }
    let machines =
        facts.targets().filter(|(_, target)| target.is_of("states") && facts.is_here(target.arn()));
    let is_missing =
        |arn: &str| !facts.state_machines.iter().any(|one| arn.starts_with(text(one, "stateMachineArn")));
    let missing = machines.filter(|(_, target)| is_missing(target.arn()));
    missing
        .map(|(rule, target)| format!("{} of the rule {} does not exist", target.arn(), rule.label()))
        .collect()
}
