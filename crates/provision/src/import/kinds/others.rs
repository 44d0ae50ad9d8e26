//! What no section has: what follows from others, and what is left out.

use serde_json::{Map, Value};

use crate::import::remark::{Grade, Remarks};
use crate::import::stack::Item;

/// Kinds that say nothing of a pipeline.
const SILENT: &[&str] = &["AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle"];

/// What the roles that the file makes may do. Source: `cloudformation::grants`, `cloudformation::functions`.
const GRANTED: &[&str] = &[
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "events:PutEvents",
    "events:InvokeApiDestination",
    "states:StartExecution",
    "lambda:InvokeFunction",
    "sqs:SendMessage",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
];

/// Managed policies that allow no more than that.
const GRANTED_POLICIES: &[&str] = &["AWSLambdaBasicExecutionRole"];

/// Kinds, and what is to be done instead.
const INSTEAD: &[(&str, &str)] = &[
    (
        "AWS::Lambda::EventSourceMapping",
        "the file has no section for event source mappings: make it with `aws lambda create-event-source-mapping` after `apply`",
    ),
    (
        "AWS::Scheduler::Schedule",
        "the file has no schedules of EventBridge Scheduler: a rule with `schedule:` runs in UTC",
    ),
    ("AWS::Pipes::Pipe", "the file has no pipes"),
    (
        "AWS::Lambda::EventInvokeConfig",
        "the file has no destinations of functions: failed events wait in dead-letter queues",
    ),
    ("AWS::CloudWatch::Alarm", "Trunkline has no alarms: `trunkline doctor` tells what is wrong"),
    ("AWS::Events::EventBusPolicy", "who else may put events on the bus is not in the file"),
    ("AWS::CloudFormation::Stack", "a nested stack is a template of its own: import that, too"),
];

pub(in crate::import) fn other(item: &Item, remarks: &mut Remarks) {
    let kind = item.kind.as_str();
    if SILENT.contains(&kind) {
        return;
    }
    match kind {
        "AWS::SQS::QueuePolicy" | "AWS::SQS::QueueInlinePolicy" | "AWS::Logs::ResourcePolicy" => {
            policy(item, remarks);
        }
        "AWS::IAM::Role" | "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => role(item, remarks),
        _ => {
            let instead = INSTEAD.iter().find(|(known, _)| *known == kind);
            let sentence = instead.map_or_else(
                || format!("the pipeline file has no section for {kind}"),
                |(_, sentence)| (*sentence).to_owned(),
            );
            remarks.left_out(&item.place, &item.id, sentence);
        }
    }
}

/// A policy that lets rules in follows from them; one that lets others in is told.
fn policy(item: &Item, remarks: &mut Remarks) {
    let mut others = Vec::new();
    let document = item.properties.get("PolicyDocument").cloned().unwrap_or_default();
    let document = document.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(document);
    for statement in statements(&document) {
        let principal = statement.get("Principal").map(Value::to_string).unwrap_or_default();
        let is_of_rules = principal.contains("events.amazonaws.com") || principal.contains("delivery.logs");
        if !is_of_rules {
            others.push(principal);
        }
    }
    if others.is_empty() {
        remarks.add(
            Grade::Implied,
            (&item.place, &item.id),
            "the file lets its rules send to the queues and log groups that they have as targets",
        );
    } else {
        let sentence = format!("who else may call it is not in the file: {}", others.join(", "));
        remarks.left_out(&item.place, &item.id, sentence);
    }
}

/// The file makes roles of its own; what the template's may do besides is told.
fn role(item: &Item, remarks: &mut Remarks) {
    let mut documents: Vec<Value> = Vec::new();
    documents.extend(item.properties.get("PolicyDocument").cloned());
    let inline = item.properties.get("Policies").and_then(Value::as_array).into_iter().flatten();
    documents.extend(inline.filter_map(|policy| policy.get("PolicyDocument").cloned()));
    let mut beyond: Vec<String> = Vec::new();
    for statement in documents.iter().flat_map(statements) {
        let actions = match statement.get("Action") {
            Some(Value::String(action)) => vec![action.clone()],
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        beyond.extend(actions.into_iter().filter(|action| !GRANTED.contains(&action.as_str())));
    }
    let managed = item.properties.get("ManagedPolicyArns").and_then(Value::as_array).into_iter().flatten();
    let managed = managed.map(Value::to_string);
    beyond.extend(managed.filter(|arn| !GRANTED_POLICIES.iter().any(|known| arn.contains(known))));
    beyond.sort();
    beyond.dedup();
    if beyond.is_empty() {
        remarks.add(
            Grade::Implied,
            (&item.place, &item.id),
            "the file makes roles that may do what functions, state machines and targets name",
        );
    } else {
        let sentence = format!(
            "the roles that the file makes may not: {}; where that is needed, name a role of your own with `role:`",
            beyond.join(", ")
        );
        remarks.left_out(&item.place, &item.id, sentence);
    }
}

fn statements(document: &Value) -> Vec<Map<String, Value>> {
    match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).cloned().collect(),
        Some(Value::Object(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}
