//! Whether targets are in the account of an example.

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "own-accounts",
    asks: "Is every target in an account of yours?",
    why: "a target of another account is never found here, and its events are not delivered",
    fix: "start Trunkline with `--account` and that number, or write your own account into the target's ARN",
    run,
};

/// The accounts that AWS's documentation and tutorials write their examples with.
const EXAMPLES: &[&str] = &[
    "012345678901",
    "111111111111",
    "111122223333",
    "123456789012",
    "222222222222",
    "444455556666",
    "777788889999",
    "987654321098",
    "999999999999",
];

fn run(facts: &Facts) -> Vec<String> {
    let mut findings = Vec::new();
    for rule in &facts.rules {
        for target in &rule.targets {
            let account = target.arn.split(':').nth(4).unwrap_or_default();
            if EXAMPLES.contains(&account) && !facts.accounts.iter().any(|own| own == account) {
                findings.push(format!(
                    "the target {} of the rule {} is in the account {account}, which looks like a tutorial's; this Trunkline's is {}",
                    target.id,
                    rule.label(),
                    facts.accounts.join(", ")
                ));
            }
        }
    }
    findings
}
