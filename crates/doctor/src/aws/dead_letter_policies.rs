//! The check: does every dead-letter queue let its rules in?

use crate::aws::facts::{Facts, lets_in, queue_name};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "dead-letter-policies",
    asks: "Does every dead-letter queue let its rules in?",
    why: "EventBridge needs sqs:SendMessage on the dead-letter queue, too: without, the event is dropped in silence",
    fix: "a statement for events.amazonaws.com with the rule's ARN in the dead-letter queue's own policy",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut out = Vec::new();
    for (rule, target) in facts.targets() {
        let Some((arn, queue)) = target.dead_letter().and_then(|arn| Some((arn, facts.queue(arn)?))) else {
            continue;
        };
        let policy = queue.get("Policy").map(String::as_str);
        if lets_in(policy, "sqs:SendMessage", (arn, rule.arn())) == Some(false) {
            out.push(format!(
                "the dead-letter queue {} does not let the rule {} in",
                queue_name(queue),
                rule.label()
            ));
        }
    }
    out
}
