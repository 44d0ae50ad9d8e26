//! The check: do mappings tell failed messages apart?

use serde_json::Value;

use crate::aws::facts::{Facts, text};
use crate::aws::{AwsCheck, Sureness};

pub(super) const CHECK: AwsCheck = AwsCheck {
    name: "partial-batches",
    asks: "Do mappings tell failed messages apart?",
    why: "without ReportBatchItemFailures one failed message brings the whole batch back: the others are worked on twice, and go to the dead-letter queue with it",
    fix: "`--function-response-types ReportBatchItemFailures`, and return batchItemFailures",
    sureness: Sureness::Likely,
    run,
};

fn run(facts: &Facts) -> Vec<String> {
    let reports = |mapping: &Value| {
        mapping
            .get("FunctionResponseTypes")
            .is_some_and(|types| types.to_string().contains("ReportBatchItemFailures"))
    };
    let is_single = |mapping: &Value| mapping.get("BatchSize").and_then(Value::as_u64) == Some(1);
    let whole = facts.mappings.iter().filter(|mapping| {
        text(mapping, "EventSourceArn").contains(":sqs:") && !reports(mapping) && !is_single(mapping)
    });
    whole
        .map(|mapping| {
            format!(
                "the mapping {} of {} fails whole batches",
                text(mapping, "UUID"),
                text(mapping, "EventSourceArn")
            )
        })
        .collect()
}
