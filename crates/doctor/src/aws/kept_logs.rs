//! The check: do functions' log groups have a retention?

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "kept-logs",
    asks: "Do functions' log groups have a retention?",
    why: "a group that Lambda made keeps everything for ever, and a stack that wants to make it fails on it",
    fix: "`aws logs put-retention-policy`; before a first `apply --to aws`, delete or adopt the group",
    sureness: Sureness::Possible,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let groups = facts.log_groups.iter().filter(|group| group.get("retentionInDays").is_none());
    let names = groups.filter_map(|group| text(group, "logGroupName").strip_prefix("/aws/lambda/"));
    let called = |name: &str| {
        facts.functions.iter().any(|function| text(&function.configuration, "FunctionName") == name)
    };
    names.filter(|name| called(name)).map(|name| format!("/aws/lambda/{name} is kept for ever")).collect()
}
