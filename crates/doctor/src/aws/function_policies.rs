//! The check: does every function let its rules in?

use crate::aws::facts::{Facts, lets_in, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "function-policies",
    asks: "Does every function let its rules in?",
    why: "without lambda:InvokeFunction for the rule the event is dropped, without a retry",
    fix: "`aws lambda add-permission --principal events.amazonaws.com --source-arn RULE`",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("GetPolicy") {
        return Vec::new();
    }
    let functions =
        facts.targets().filter_map(|(rule, target)| Some((rule, target, facts.function(target.arn())?)));
    let refused = functions.filter(|(rule, target, function)| {
        // A version or an alias has a policy of its own.
        let is_whole = target.arn() == text(&function.configuration, "FunctionArn");
        is_whole
            && lets_in(function.policy.as_deref(), "lambda:InvokeFunction", (target.arn(), rule.arn()))
                == Some(false)
    });
    refused
        .map(|(rule, target, _)| format!("{} does not let the rule {} in", target.arn(), rule.label()))
        .collect()
}
