//! Queues.

use serde_json::{Map, Value, json};

use crate::import::kinds::Known;
use crate::import::properties::Properties;
use crate::import::value::{Noun, Use};

/// SQS's defaults. Source: SetQueueAttributes in the SQS API reference.
const VISIBILITY_S: u64 = 30;
const RETENTION_S: u64 = 4 * 86_400;

/// Whether it is a FIFO queue, which the file cannot have.
pub(in crate::import) fn is_fifo(properties: &Map<String, Value>) -> bool {
    properties.get("FifoQueue").is_some_and(|flag| flag == true || flag == "true")
}

pub(in crate::import) fn queue(
    mut of: Properties<'_, '_>,
    name: &str,
    known: &Known<'_>,
) -> Map<String, Value> {
    let mut out = Map::from_iter([("name".to_owned(), json!(name))]);
    let times = [
        ("visibilityTimeout", "VisibilityTimeout", VISIBILITY_S),
        ("retention", "MessageRetentionPeriod", RETENTION_S),
        ("delay", "DelaySeconds", 0),
    ];
    for (key, property, default) in times {
        if let Some(value) = of.seconds(property, default) {
            out.insert(key.to_owned(), value);
        }
    }
    if let Some(policy) = of.value("RedrivePolicy", Use::Name) {
        let policy = policy.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(policy);
        dead_letter(&mut of, &policy, (known, &mut out));
    }
    of.done(&["QueueName", "FifoQueue", "SqsManagedSseEnabled"]);
    out
}

fn dead_letter(
    of: &mut Properties<'_, '_>,
    policy: &Value,
    (known, out): (&Known<'_>, &mut Map<String, Value>),
) {
    let arn = policy.get("deadLetterTargetArn").and_then(Value::as_str).unwrap_or_default();
    let count = policy.get("maxReceiveCount").cloned().unwrap_or_default();
    let count =
        count.as_str().and_then(|text| text.parse::<u64>().ok()).map_or(count, |number| json!(number));
    match known.named(arn).filter(|own| own.noun == Noun::Queue && own.is_made) {
        Some(queue) => {
            out.insert("deadLetter".to_owned(), json!({"queue": queue.name, "maxReceiveCount": count}));
        }
        None => of.left_out("RedrivePolicy", format!("its dead-letter queue {arn} is not imported")),
    }
}
