//! The check: is every mapping's concurrency within the function's?

use serde_json::Value;

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "fitting-concurrency",
    asks: "Is every mapping's concurrency within the function's?",
    why: "a mapping that calls more than the function's reserved concurrency is throttled: messages come back, and go to the dead-letter queue unread",
    fix: "ScalingConfig.MaximumConcurrency at most the function's reserved concurrency",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut out = Vec::new();
    for mapping in &facts.mappings {
        let most = mapping.pointer("/ScalingConfig/MaximumConcurrency").and_then(Value::as_u64);
        let reserved = facts
            .function(text(mapping, "FunctionArn"))
            .and_then(|function| function.reserved)
            .filter(|reserved| *reserved > 0);
        if let (Some(most), Some(reserved)) = (most, reserved)
            && reserved < most
        {
            out.push(format!(
                "the mapping {} calls up to {most} at a time, and the function has {reserved}",
                text(mapping, "UUID")
            ));
        }
    }
    out
}
