//! Queues, and the one for events that could not be delivered where a target names none.

use std::collections::BTreeSet;

use aws::Arn;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::{Block, Holds};
use crate::cloudformation::builder::Builder;
use crate::resource::{Id, Resource, Settings};

/// The kind's name at the end of a queue's logical id.
pub(super) const KIND: &str = "Queue";
/// How long what could not be delivered is kept: as long as SQS keeps anything.
const RETENTION_S: u64 = 14 * 86_400;

pub(super) fn render(builder: &mut Builder<'_>) {
    let dead = dead_letter_queues(builder.wanted);
    for resource in builder.wanted {
        let Id::Queue(id) = &resource.id else { continue };
        let mut properties = Map::from_iter([("QueueName".to_owned(), json!(id.name))]);
        // The policy for this machine is made by what is granted there.
        for (name, value) in resource.settings.iter().filter(|(name, _)| *name != "Policy") {
            properties.insert(name.clone(), property(builder, name, value));
        }
        // SQS's own keys: EventBridge may send without a grant on a key, which is lost in silence where it is missing.
        properties.insert("SqsManagedSseEnabled".to_owned(), json!(true));
        let logical_id = builder.ids.of(KIND, &id.name);
        let holds = if dead.contains(&id.name) { Holds::Data } else { Holds::Nothing };
        builder.add_wanted(
            resource,
            logical_id,
            Block { holds, ..Block::new("AWS::SQS::Queue", properties) },
        );
    }
}

/// The queue for events of targets without a dead-letter queue of the file: without one, they would be gone after 24 hours.
pub(super) fn undelivered(builder: &mut Builder<'_>) -> String {
    let logical_id = builder.ids.of(KIND, "undelivered events");
    let properties = json!({
        // By the stack's name, so that a stack that is made again adopts what was kept.
        "QueueName": {"Fn::Sub": "${AWS::StackName}-undelivered"},
        "MessageRetentionPeriod": RETENTION_S,
        "SqsManagedSseEnabled": true,
    });
    let properties = properties.as_object().cloned().unwrap_or_default();
    let mut block = Block { holds: Holds::Data, ..Block::new("AWS::SQS::Queue", properties) };
    block.metadata.insert("Added".to_owned(), json!("for targets without a dead-letter queue"));
    builder.add(logical_id.clone(), block);
    logical_id
}

/// A setting as CloudFormation has it: numbers, and the dead-letter queue by its resource.
fn property(builder: &mut Builder<'_>, name: &str, value: &Value) -> Value {
    if name == "RedrivePolicy" {
        let mut policy = value.clone();
        let arn = policy.get("deadLetterTargetArn").and_then(Value::as_str).and_then(|arn| arn.parse().ok());
        if let Some(queue) = arn.and_then(|arn: Arn| builder.own_queue(&arn)) {
            let logical_id = builder.ids.of(KIND, queue);
            if let Some(members) = policy.as_object_mut() {
                members.insert("deadLetterTargetArn".to_owned(), json!({"Fn::GetAtt": [logical_id, "Arn"]}));
            }
        }
        return policy;
    }
    value
        .as_str()
        .and_then(|text| text.parse::<u64>().ok())
        .map_or_else(|| value.clone(), |number| json!(number))
}

/// The names of the queues that others name as their dead-letter queue.
fn dead_letter_queues(wanted: &[Resource]) -> BTreeSet<String> {
    let arn = |settings: &Settings, name: &str, member: &str| -> Option<Arn> {
        settings.get(name)?.get(member)?.as_str()?.parse().ok()
    };
    let arns = wanted.iter().flat_map(|resource| {
        [
            arn(&resource.settings, "RedrivePolicy", "deadLetterTargetArn"),
            arn(&resource.settings, "DeadLetterConfig", "Arn"),
        ]
    });
    arns.flatten().filter(|arn| arn.service == "sqs").map(|arn| arn.resource).collect()
}
