//! The check: are deliveries tried for more than a few minutes?

use crate::aws::facts::{Facts, Target};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "patient-retries",
    asks: "Are deliveries tried for more than a few minutes?",
    why: "a retry policy of no attempts or a few minutes gives up in the first short outage",
    fix: "leave RetryPolicy out (24 hours, 185 attempts), or give it at least an hour",
    sureness: Sureness::Likely,
    run,
};

const AGE_S_MIN: u64 = 600;

fn run(facts: &Facts) -> Vec<String> {
    let gives_up = |target: &Target| {
        let policy =
            |member: &str| target.0.get("RetryPolicy").and_then(|policy| policy.get(member)?.as_u64());
        policy("MaximumRetryAttempts") == Some(0)
            || policy("MaximumEventAgeInSeconds").is_some_and(|age_s| age_s < AGE_S_MIN)
    };
    let hasty = facts.targets().filter(|(_, target)| gives_up(target));
    hasty
        .map(|(rule, target)| {
            format!("the target {} of the rule {} is given up early", target.id(), rule.label())
        })
        .collect()
}
