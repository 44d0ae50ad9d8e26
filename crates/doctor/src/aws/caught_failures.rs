//! The check: are events kept that a function fails on?

use std::collections::BTreeSet;

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "caught-failures",
    asks: "Are events kept that a function fails on?",
    why: "a rule calls functions asynchronously: its dead-letter queue does not catch what the function throws; after two retries the event is gone",
    fix: "`aws lambda put-function-event-invoke-config` with an OnFailure destination, or a DeadLetterConfig of the function",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("GetFunctionEventInvokeConfig") {
        return Vec::new();
    }
    let mut out = BTreeSet::new();
    for function in facts.targets().filter_map(|(_, target)| facts.function(target.arn())) {
        let caught = function.invoke.pointer("/DestinationConfig/OnFailure/Destination").is_some();
        if !caught && function.configuration.pointer("/DeadLetterConfig/TargetArn").is_none() {
            out.insert(format!(
                "what the function {} throws is lost",
                text(&function.configuration, "FunctionName")
            ));
        }
    }
    out.into_iter().collect()
}
