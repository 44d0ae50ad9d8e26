//! The check: may every function that is called run at all?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "callable-functions",
    asks: "May every function that is called run at all?",
    why: "a function whose reserved concurrency is 0 is throttled until its events expire",
    fix: "`aws lambda delete-function-concurrency`, or reserve more",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let off = facts.functions.iter().filter(|function| function.reserved == Some(0));
    off.map(|function| {
        format!(
            "the function {} has a reserved concurrency of 0",
            text(&function.configuration, "FunctionName")
        )
    })
    .collect()
}
