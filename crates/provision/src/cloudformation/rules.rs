//! Rules with their targets.

use aws::Arn;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::builder::Builder;
use crate::cloudformation::grants::{self, Delivery};
use crate::cloudformation::{bus, marks, queues};
use crate::pipeline::Pipeline;
use crate::resource::rule::Matching;
use crate::resource::{Id, Resource, Settings, bus as bus_noun, rule};

/// The kind's name at the end of a rule's logical id.
const KIND: &str = "Rule";

pub(super) fn render(builder: &mut Builder<'_>, pipeline: &Pipeline) {
    for resource in builder.wanted {
        if let Id::Rule(id) = &resource.id {
            one(builder, resource, (id, pipeline));
        }
    }
}

fn one(builder: &mut Builder<'_>, resource: &Resource, (id, pipeline): (&rule::Id, &Pipeline)) {
    let logical_id = builder.ids.of(KIND, &id.name);
    let mut block = Block::new("AWS::Events::Rule", Map::new());
    let mut properties: Map<String, Value> =
        resource.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    // Tags carry what only Trunkline's own porter does.
    properties.remove("Tags");
    properties.insert("Name".to_owned(), json!(id.name));
    properties.insert("EventBusName".to_owned(), bus::reference(builder, &id.bus));
    let rule_arn = arn(id);
    let mut targets = Vec::new();
    for target in builder.wanted {
        let Id::Target(target_id) = &target.id else { continue };
        if (&target_id.bus, &target_id.rule) != (&id.bus, &id.name) {
            continue;
        }
        builder.is_within(target);
        let (delivery, needs) = delivery(builder, &target.settings, (&rule_arn, &target_id.id));
        block.depends_on.extend(needs);
        targets.push(delivery.json(&target_id.id));
    }
    properties.insert("Targets".to_owned(), Value::Array(targets));
    block.properties = properties;
    block.metadata = ours(builder, &id.name, pipeline);
    builder.add_wanted(resource, logical_id, block);
}

/// A rule's ARN as text: never by `GetAtt`, which would make the rule before what lets it deliver.
fn arn(id: &rule::Id) -> String {
    let path = if id.bus == bus_noun::DEFAULT { id.name.clone() } else { format!("{}/{}", id.bus, id.name) };
    Arn::new("events", &marks::mark(marks::REGION), &marks::mark(marks::ACCOUNT), format!("rule/{path}"))
        .to_string()
}

/// A target, and the logical ids of what must be there before its rule.
fn delivery(
    builder: &mut Builder<'_>,
    settings: &Settings,
    (rule_arn, id): (&str, &str),
) -> (Delivery, Vec<String>) {
    let (mut delivery, mut needs) = grants::to_target(builder, settings, (rule_arn, id));
    let dead = settings.get("DeadLetterConfig").and_then(|config| config.get("Arn")).and_then(Value::as_str);
    let dead = dead.and_then(|arn| arn.parse::<Arn>().ok());
    let dead = match dead.as_ref().map(|arn| (arn, builder.own_queue(arn))) {
        Some((_, Some(queue))) => builder.ids.of(queues::KIND, queue),
        _ => queues::undelivered(builder),
    };
    needs.push(builder.granted.queue(&dead, rule_arn));
    delivery.put("DeadLetterConfig", json!({"Arn": {"Fn::GetAtt": [dead, "Arn"]}}));
    (delivery, needs)
}

/// What of a rule has no place in CloudFormation: the queue that its pattern stands for, its targets' limits.
fn ours(builder: &mut Builder<'_>, name: &str, pipeline: &Pipeline) -> Map<String, Value> {
    let mut out = Map::new();
    let Some(rule) = pipeline.rules.iter().find(|rule| rule.name.value == name) else { return out };
    if let Matching::EndedIn(queue) = &rule.matching {
        out.insert("Queue".to_owned(), json!(queue.value));
    }
    let mut targets = Map::new();
    for target in &rule.targets {
        let limits = [("Concurrency", target.concurrency), ("TimeoutMs", target.timeout_ms)];
        let limits: Map<String, Value> =
            limits.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect();
        if !limits.is_empty() {
            builder.note(format!(
                "EventBridge keeps no concurrency and no timeout: those of the target {} of the rule {name} are kept in Metadata alone",
                target.id.value
            ));
            targets.insert(target.id.value.clone(), Value::Object(limits));
        }
    }
    if !targets.is_empty() {
        out.insert("Targets".to_owned(), Value::Object(targets));
    }
    out
}
