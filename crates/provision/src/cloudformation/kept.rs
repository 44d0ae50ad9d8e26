//! What keeps data: tables, log groups, archives. All of it outlives the stack.

use serde_json::{Map, Value, json};

use crate::cloudformation::block::{Block, Holds};
use crate::cloudformation::builder::Builder;
use crate::cloudformation::bus;
use crate::resource::{Id, Resource, Settings};

pub(super) fn render(builder: &mut Builder<'_>) {
    for resource in builder.wanted {
        match &resource.id {
            Id::Table(id) => add(builder, resource, ("Table", &id.name), table(&id.name, &resource.settings)),
            Id::LogGroup(id) => {
                let days = resource.settings.get("retentionInDays").cloned();
                add(builder, resource, ("LogGroup", &id.name), log_group(&id.name, days));
            }
            Id::Archive(id) => {
                let archive = archive(builder, &id.name, &resource.settings);
                add(builder, resource, ("Archive", &id.name), archive);
            }
            _ => {}
        }
    }
}

fn add(builder: &mut Builder<'_>, resource: &Resource, (kind, name): (&'static str, &str), block: Block) {
    let logical_id = builder.ids.of(kind, name);
    builder.add_wanted(resource, logical_id, block);
}

fn table(name: &str, settings: &Settings) -> Block {
    let types = settings.get("AttributeTypes").and_then(Value::as_object).into_iter().flatten();
    let attributes: Value =
        types.map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind})).collect();
    let mut properties = Map::from_iter([
        ("AttributeDefinitions".to_owned(), attributes),
        ("BillingMode".to_owned(), json!("PAY_PER_REQUEST")),
        ("KeySchema".to_owned(), settings.get("KeySchema").cloned().unwrap_or_default()),
        ("TableName".to_owned(), json!(name)),
    ]);
    if let Some(attribute) = settings.get("TimeToLive") {
        let ttl = json!({"AttributeName": attribute, "Enabled": true});
        properties.insert("TimeToLiveSpecification".to_owned(), ttl);
    }
    Block { holds: Holds::Data, ..Block::new("AWS::DynamoDB::Table", properties) }
}

/// A log group; kept for ever where no days are said.
pub(super) fn log_group(name: &str, days: Option<Value>) -> Block {
    let days = days.map(|days| ("RetentionInDays".to_owned(), days));
    let properties = [("LogGroupName".to_owned(), json!(name))].into_iter().chain(days).collect();
    Block { holds: Holds::Data, ..Block::new("AWS::Logs::LogGroup", properties) }
}

fn archive(builder: &mut Builder<'_>, name: &str, settings: &Settings) -> Block {
    let mut properties: Map<String, Value> =
        settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let source = properties.remove("EventSourceArn").unwrap_or_default();
    let of_bus = source.as_str().and_then(|arn| arn.rsplit_once("event-bus/")).map(|(_, bus)| bus.to_owned());
    // By its resource, so that the bus is made first; every account has the default one.
    let source = match of_bus.map(|name| bus::reference(builder, &name)) {
        Some(Value::Object(reference)) => json!({"Fn::GetAtt": [reference.get("Ref"), "Arn"]}),
        _ => source,
    };
    properties.insert("ArchiveName".to_owned(), json!(name));
    properties.insert("SourceArn".to_owned(), source);
    Block { holds: Holds::Data, ..Block::new("AWS::Events::Archive", properties) }
}
