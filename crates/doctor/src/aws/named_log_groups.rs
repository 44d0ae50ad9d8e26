//! The check: do the log groups of rules begin with /aws/events/?

use crate::aws::facts::Facts;
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "named-log-groups",
    asks: "Do the log groups of rules begin with /aws/events/?",
    why: "EventBridge writes to log groups of that name only, in its console and by AWS's own policies",
    fix: "a log group whose name begins with /aws/events/",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let groups = facts.targets().filter(|(_, target)| target.is_of("logs"));
    let other = groups.filter(|(_, target)| !target.arn().contains(":log-group:/aws/events/"));
    other.map(|(rule, target)| format!("the rule {} writes to {}", rule.label(), target.arn())).collect()
}
