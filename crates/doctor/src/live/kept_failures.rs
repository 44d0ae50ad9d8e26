//! Whether what cannot be delivered is kept.

use crate::live::{Facts, LiveCheck};

pub(super) const CHECK: LiveCheck = LiveCheck {
    name: "kept-failures",
    asks: "Has every target that is called a dead-letter queue?",
    why: "an event that cannot be delivered within its retries is lost",
    fix: "name one: `deadLetter` in the pipeline file, `DeadLetterConfig` in PutTargets",
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut findings = Vec::new();
    for rule in &facts.rules {
        // Queues of this server are paid in the commit that accepts the event: nothing is left to fail.
        let is_called = |arn: &str| !facts.queues.iter().any(|queue| queue.arn == arn);
        for target in rule.targets.iter().filter(|target| target.dead_letter_arn.is_none()) {
            if is_called(&target.arn) && !target.arn.contains(":log-group:") {
                let (id, rule) = (&target.id, rule.label());
                findings.push(format!("the target {id} of the rule {rule} has no dead-letter queue"));
            }
        }
    }
    findings
}
