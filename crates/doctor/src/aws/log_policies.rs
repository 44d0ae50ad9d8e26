//! The check: does a policy let rules write to their log groups?

use crate::aws::facts::{Facts, lets_in};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "log-policies",
    asks: "Does a policy let rules write to their log groups?",
    why: "without a resource policy of CloudWatch Logs for events.amazonaws.com nothing is written, and nobody is told",
    fix: "`aws logs put-resource-policy` with logs:CreateLogStream and logs:PutLogEvents for events.amazonaws.com",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    if !facts.has_read("DescribeResourcePolicies") {
        return Vec::new();
    }
    let may = |arn: &str, rule: &str| {
        let stream = format!("{}:log-stream:s", arn.trim_end_matches(":*"));
        facts
            .log_policies
            .iter()
            .any(|policy| lets_in(Some(policy), "logs:PutLogEvents", (&stream, rule)) != Some(false))
    };
    let groups = facts.targets().filter(|(_, target)| target.is_of("logs") && facts.is_here(target.arn()));
    let refused = groups.filter(|(rule, target)| !may(target.arn(), rule.arn()));
    refused
        .map(|(rule, target)| format!("no policy lets the rule {} write to {}", rule.label(), target.arn()))
        .collect()
}
