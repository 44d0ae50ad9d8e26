//! The check: is every queue's visibility timeout longer than its function's?

use crate::aws::facts::{Facts, number, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "longer-visibility",
    asks: "Is every queue's visibility timeout longer than its function's?",
    why: "a message becomes visible while it is worked on, and is worked on twice; AWS asks for six times the function's timeout",
    fix: "`aws sqs set-queue-attributes --attributes VisibilityTimeout=` six times the function's timeout",
    sureness: Sureness::Certain,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let mut out = Vec::new();
    for mapping in &facts.mappings {
        let visible_s =
            facts.queue(text(mapping, "EventSourceArn")).and_then(|queue| number(queue, "VisibilityTimeout"));
        let timeout_s = facts
            .function(text(mapping, "FunctionArn"))
            .and_then(|function| function.configuration.get("Timeout")?.as_u64());
        if let (Some(visible_s), Some(timeout_s)) = (visible_s, timeout_s)
            && visible_s < timeout_s.saturating_mul(6)
        {
            out.push(format!(
                "{} hides messages for {visible_s} s, and its function may take {timeout_s} s",
                text(mapping, "EventSourceArn")
            ));
        }
    }
    out
}
