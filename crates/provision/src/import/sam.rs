//! SAM's resources as those of CloudFormation that they become. Logical ids are SAM's: the rule of the event `Ended` of the function
//! `Notify` is `NotifyEnded`. Source: "Generated CloudFormation resources" in the SAM developer guide.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::import::remark::{Grade, Remarks};
use crate::import::stack::{Item, Place, Stack, object};

/// Replaces SAM's resources.
pub(super) fn expand(stack: &mut Stack, globals: &Map<String, Value>, folder: &Path, remarks: &mut Remarks) {
    let mut out = Vec::with_capacity(stack.items.len());
    for item in std::mem::take(&mut stack.items) {
        let Some(kind) = item.kind.strip_prefix("AWS::Serverless::").map(str::to_owned) else {
            out.push(item);
            continue;
        };
        let mut item = item;
        if let Some(Value::Object(global)) = globals.get(&kind) {
            item.properties = merged(global, &item.properties);
        }
        match kind.as_str() {
            "Function" => function(item, folder, remarks, &mut out),
            "StateMachine" => state_machine(item, folder, remarks, &mut out),
            "SimpleTable" => out.push(simple_table(item)),
            "LayerVersion" => out.push(layer(item, folder)),
            // Left out by its kind, with everything else that has no section.
            _ => out.push(item),
        }
    }
    stack.items = out;
}

/// Globals under a resource's own properties: objects are put together, lists one after the other. Source: SAM specification,
/// "Globals section".
fn merged(global: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut out = global.clone();
    for (name, value) in own {
        let value = match (out.get(name), value) {
            (Some(Value::Object(below)), Value::Object(above))
                if !is_function(above) && !is_function(below) =>
            {
                Value::Object(merged(below, above))
            }
            (Some(Value::Array(first)), Value::Array(then)) => first.iter().chain(then).cloned().collect(),
            _ => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    out
}

fn is_function(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
}

/// Moves a property to another name.
fn renamed(item: &mut Item, from: &str, to: &str) {
    if let Some(value) = item.properties.shift_remove(from) {
        item.properties.insert(to.to_owned(), value);
    }
    if let Some(line) = item.lines.get(from).copied() {
        item.lines.insert(to.to_owned(), line);
    }
}

/// A path of this machine.
fn local(value: Option<&Value>, folder: &Path) -> Option<std::path::PathBuf> {
    let path = value?.as_str()?;
    (!path.starts_with("s3://")).then(|| folder.join(path.trim_end_matches('/')))
}

fn function(mut item: Item, folder: &Path, remarks: &mut Remarks, out: &mut Vec<Item>) {
    item.kind = "AWS::Lambda::Function".to_owned();
    let uri = item.properties.shift_remove("CodeUri");
    item.local = local(uri.as_ref(), folder).filter(|path| path.is_dir());
    if let Some(code) = item.properties.shift_remove("InlineCode") {
        item.properties.insert("Code".to_owned(), json!({"ZipFile": code}));
    }
    policies(&mut item, remarks);
    let events = item.properties.shift_remove("Events").unwrap_or_default();
    let arn = json!({"Fn::GetAtt": [item.id, "Arn"]});
    let place = item.at("Events");
    let caller = Caller { id: item.id.clone(), arn, place, target: "LambdaTarget" };
    out.push(item);
    for (name, event) in events.as_object().into_iter().flatten() {
        caller.event(name, event, remarks, out);
    }
}

fn state_machine(mut item: Item, folder: &Path, remarks: &mut Remarks, out: &mut Vec<Item>) {
    item.kind = "AWS::StepFunctions::StateMachine".to_owned();
    for (from, to) in [("Name", "StateMachineName"), ("Type", "StateMachineType"), ("Role", "RoleArn")] {
        renamed(&mut item, from, to);
    }
    let uri = item.properties.shift_remove("DefinitionUri");
    item.local = local(uri.as_ref(), folder);
    policies(&mut item, remarks);
    let events = item.properties.shift_remove("Events").unwrap_or_default();
    let arn = json!({"Ref": item.id});
    let place = item.at("Events");
    let caller = Caller { id: item.id.clone(), arn, place, target: "StepFunctionsTarget" };
    out.push(item);
    for (name, event) in events.as_object().into_iter().flatten() {
        caller.event(name, event, remarks, out);
    }
}

/// The file makes roles that may do what is named; policies are told.
fn policies(item: &mut Item, remarks: &mut Remarks) {
    if let Some(policies) = item.properties.shift_remove("Policies") {
        let names: Vec<String> = match &policies {
            Value::String(name) => vec![name.clone()],
            Value::Array(list) => list.iter().map(policy_name).collect(),
            other => vec![policy_name(other)],
        };
        let sentence = format!(
            "the role that the file makes may use what the function or state machine names, and has none of these: {}",
            names.join(", ")
        );
        let place = item.at("Policies");
        remarks.left_out(&place, &format!("{}.Policies", item.id), sentence);
    }
}

fn policy_name(policy: &Value) -> String {
    match policy {
        Value::String(name) => name.clone(),
        Value::Object(members) => members.keys().next().cloned().unwrap_or_default(),
        other => other.to_string(),
    }
}

fn layer(mut item: Item, folder: &Path) -> Item {
    item.kind = "AWS::Lambda::LayerVersion".to_owned();
    let uri = item.properties.shift_remove("ContentUri");
    item.local = local(uri.as_ref(), folder).filter(|path| path.is_dir());
    item.properties.shift_remove("RetentionPolicy");
    item
}

fn simple_table(mut item: Item) -> Item {
    item.kind = "AWS::DynamoDB::Table".to_owned();
    let key = item.properties.shift_remove("PrimaryKey").unwrap_or_default();
    let name = key.get("Name").cloned().unwrap_or_else(|| json!("id"));
    let kind = match key.get("Type").and_then(Value::as_str) {
        Some("Number") => "N",
        Some("Binary") => "B",
        _ => "S",
    };
    let properties = [
        ("AttributeDefinitions", json!([{"AttributeName": name, "AttributeType": kind}])),
        ("KeySchema", json!([{"AttributeName": name, "KeyType": "HASH"}])),
    ];
    item.properties.extend(properties.map(|(name, value)| (name.to_owned(), value)));
    item
}

/// What events call.
struct Caller {
    id: String,
    arn: Value,
    place: Place,
    /// The end of the target's id.
    target: &'static str,
}

impl Caller {
    fn event(&self, name: &str, event: &Value, remarks: &mut Remarks, out: &mut Vec<Item>) {
        let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
        let id = format!("{}{name}", self.id);
        let about = format!("{}.Events.{name}", self.id);
        let properties = object(event, "Properties");
        let sentence = match kind {
            "EventBridgeRule" | "CloudWatchEvent" | "Schedule" => {
                out.push(self.rule(id, properties, (&about, remarks)));
                return;
            }
            "ScheduleV2" => "the file has no schedules of EventBridge Scheduler: an event of the type Schedule is a rule".to_owned(),
            "SQS" => "the file has no section for event source mappings: make it with `aws lambda create-event-source-mapping` after \
                      `apply`"
                .to_owned(),
            _ => format!("the pipeline file has nothing for events of the type {kind}"),
        };
        remarks.left_out(&self.place, &about, sentence);
    }

    fn rule(&self, id: String, mut of: Map<String, Value>, (about, remarks): (&str, &mut Remarks)) -> Item {
        let mut target = Map::from_iter([("Arn".to_owned(), self.arn.clone())]);
        let named = of.shift_remove("Target").and_then(|target| target.get("Id").cloned());
        target.insert("Id".to_owned(), named.unwrap_or_else(|| json!(format!("{id}{}", self.target))));
        for name in ["Input", "InputPath", "InputTransformer", "RetryPolicy"] {
            if let Some(value) = of.shift_remove(name) {
                target.insert(name.to_owned(), value);
            }
        }
        if let Some(config) = of.shift_remove("DeadLetterConfig") {
            match config.get("Arn") {
                Some(arn) => {
                    target.insert("DeadLetterConfig".to_owned(), json!({"Arn": arn}));
                }
                None => remarks.add(
                    Grade::LeftOut,
                    (&self.place, &format!("{about}.DeadLetterConfig")),
                    "SAM makes this queue: write one in `queues` and name it as `deadLetter`",
                ),
            }
        }
        let mut properties = Map::from_iter([("Targets".to_owned(), json!([target]))]);
        let renamed = [("Pattern", "EventPattern"), ("Schedule", "ScheduleExpression"), ("RuleName", "Name")];
        for (from, to) in renamed {
            if let Some(value) = of.shift_remove(from) {
                properties.insert(to.to_owned(), value);
            }
        }
        if let Some(enabled) = of.shift_remove("Enabled") {
            let state = if enabled == false || enabled == "false" { "DISABLED" } else { "ENABLED" };
            properties.insert("State".to_owned(), json!(state));
        }
        properties.extend(of);
        Item {
            id,
            kind: "AWS::Events::Rule".to_owned(),
            place: self.place.clone(),
            properties,
            lines: HashMap::new(),
            ..Item::default()
        }
    }
}
