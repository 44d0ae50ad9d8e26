//! Whether AWS would deliver what is delivered here.

use crate::live::{Facts, LiveCheck, Refusal};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "deliverable-targets",
    asks: "Would AWS deliver to every target?",
    why: "on AWS such a delivery is not tried again and, without a dead-letter queue, lost",
    fix: "correct the policy, the role or the input transformer that is named; docs/permissions.md has examples",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let finding = |refusal: &Refusal| {
        let Refusal { rule, target_arn, reason } = refusal;
        format!("AWS would not deliver to {target_arn} of the rule {rule}: {reason}")
    };
    facts.refusals.iter().map(finding).collect()
}
