//! The org's events on AWS: the bus of its partner source, a rule that lets all of them into a queue, the queue that the tracker reads.
//!
//! The source has to be there before the bus: `apply` makes the org's integration first. Whose it is, is a parameter, as its name has the org's
//! id in it.

use aws::Arn;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::{Block, Holds};
use crate::cloudformation::builder::Builder;
use crate::cloudformation::{marks, queues};
use crate::noun::genesys::Source;
use crate::pipeline::Pipeline;

/// The parameter with the name of the partner event source, which is its bus's name too.
pub const SOURCE_PARAMETER: &str = "PartnerEventSource";
/// The output with the URL of the queue of partner events.
pub const QUEUE_OUTPUT: &str = "PartnerQueueUrl";

/// A message that no worker could read so often comes to the queue of what could not be delivered.
const RECEIVES_MAX: u64 = 50;
/// As long as SQS keeps anything: workers may be down for a while.
const RETENTION_S: u64 = 14 * 86_400;

/// The end of the partner event source's name, where the file has its bus made.
pub fn suffix(pipeline: &Pipeline) -> Option<&str> {
    match &pipeline.genesys.as_ref()?.source {
        Source::PartnerQueue(queue) => queue.suffix.as_ref().map(|suffix| suffix.value.as_str()),
        Source::Simulate { .. } | Source::Notifications(_) => None,
    }
}

/// The name of the queue, and of the rule that fills it.
pub fn queue_name(pipeline: &Pipeline) -> String {
    format!("trunkline-{}-partner", pipeline.owner.0)
}

/// Renders them; the outputs are none where the file has no such source.
pub(super) fn render(builder: &mut Builder<'_>, pipeline: &Pipeline) -> Map<String, Value> {
    if suffix(pipeline).is_none() {
        return Map::new();
    }
    let about = "The partner event source, aws.partner/genesys.com/cloud/ORG/SUFFIX";
    let source = builder.parameter(SOURCE_PARAMETER.to_owned(), about);
    let name = queue_name(pipeline);
    let bus = builder.ids.of("Bus", "partner");
    let properties =
        Map::from_iter([("EventSourceName".to_owned(), source.clone()), ("Name".to_owned(), source)]);
    builder.add(bus.clone(), added(Block::new("AWS::Events::EventBus", properties)));
    let undelivered = queues::undelivered(builder);
    let queue = builder.ids.of(queues::KIND, &name);
    let properties = json!({
        "QueueName": name, "MessageRetentionPeriod": RETENTION_S, "SqsManagedSseEnabled": true,
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": [undelivered, "Arn"]}, "maxReceiveCount": RECEIVES_MAX},
    });
    let properties = properties.as_object().cloned().unwrap_or_default();
    let block = Block { holds: Holds::Data, ..Block::new("AWS::SQS::Queue", properties) };
    builder.add(queue.clone(), added(block));
    let path = format!("rule/{}/{name}", marks::mark(SOURCE_PARAMETER));
    let rule_arn =
        Arn::new("events", &marks::mark(marks::REGION), &marks::mark(marks::ACCOUNT), path).to_string();
    let needs = [&queue, &undelivered].map(|one| builder.granted.queue(one, &rule_arn));
    let properties = json!({
        "Name": name, "EventBusName": {"Ref": bus}, "State": "ENABLED",
        "EventPattern": {"source": [{"prefix": "aws.partner/genesys.com/"}]},
        "Targets": [{
            "Id": "tracker", "Arn": {"Fn::GetAtt": [queue, "Arn"]},
            "DeadLetterConfig": {"Arn": {"Fn::GetAtt": [undelivered, "Arn"]}},
        }],
    });
    let properties = properties.as_object().cloned().unwrap_or_default();
    let mut rule = added(Block::new("AWS::Events::Rule", properties));
    rule.depends_on.extend(needs);
    let rule_id = builder.ids.of("Rule", "partner");
    builder.add(rule_id, rule);
    let about = "The queue of the org's events, which workers read";
    Map::from_iter([(QUEUE_OUTPUT.to_owned(), json!({"Description": about, "Value": {"Ref": queue}}))])
}

fn added(mut block: Block) -> Block {
    block.metadata.insert("Added".to_owned(), json!("for the org's events"));
    block
}
