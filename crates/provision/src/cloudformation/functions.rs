//! Functions, each with its log group, made before it, and a role that may do what its variables name.

use aws::Arn;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::builder::Builder;
use crate::cloudformation::{bus, kept, layers, logical, marks, written};
use crate::pipeline::Pipeline;
use crate::reference;
use crate::resource::function::{Code, Function};
use crate::resource::{Id, Resource};

/// The kind's name at the end of a function's logical id.
const KIND: &str = "Function";

pub(super) fn render(builder: &mut Builder<'_>, pipeline: &Pipeline) {
    for resource in builder.wanted {
        match &resource.id {
            Id::Function(id) => {
                if let Some(function) = pipeline.functions.iter().find(|one| one.name.value == id.name) {
                    one(builder, resource, (function, &pipeline.bus.value));
                }
            }
            Id::Permission(id) => permission(builder, resource, &id.function),
            // Of this machine: on AWS each function, state machine and target has a role of its own.
            Id::Role(_) => builder.is_within(resource),
            _ => {}
        }
    }
}

fn one(builder: &mut Builder<'_>, resource: &Resource, (function, bus): (&Function, &str)) {
    let name = &function.name.value;
    let logical_id = builder.ids.of(KIND, name);
    let mut properties = json!(resource.settings);
    for pointer in resource.secrets.places().filter(|pointer| pointer.starts_with("/Environment/")) {
        let variable = pointer.rsplit('/').next().unwrap_or_default();
        let about = format!("The variable {variable} of the function {name}");
        let parameter = format!("{logical_id}{}", logical::camel(variable));
        let reference = written::member(builder.written, ("functions", name), &["environment", variable]);
        let value = builder.secret(parameter, &about, (resource.secrets.at(pointer), reference));
        if let Some(Value::Object(variables)) = properties.pointer_mut("/Environment/Variables") {
            variables.insert(variable.to_owned(), value);
        }
    }
    let mut properties = properties.as_object().cloned().unwrap_or_default();
    properties.insert("FunctionName".to_owned(), json!(name));
    properties.insert("Code".to_owned(), code(builder, &logical_id, function));
    if let Some(named) = resource.settings.get("Layers") {
        properties.insert("Layers".to_owned(), layers::of_function(builder, named));
    }
    let group = log_group(builder, name);
    if function.role.is_none() {
        let role = role(builder, (function, bus), &group);
        properties.insert("Role".to_owned(), role);
    }
    let mut block = Block::new("AWS::Lambda::Function", properties);
    // Lambda makes a missing group at the first invocation, and the stack would then fail on it.
    block.depends_on.insert(group);
    if let Code::Folder(folder) = &function.code.value {
        block.metadata.insert("Code".to_owned(), json!(folder));
    }
    if function.is_optional {
        block.metadata.insert("Optional".to_owned(), json!(true));
    }
    builder.add_wanted(resource, logical_id, block);
}

/// Inline code where CloudFormation takes it; a folder is a zip in a bucket, whose place is given at deployment.
fn code(builder: &mut Builder<'_>, logical_id: &str, function: &Function) -> Value {
    let name = &function.name.value;
    match &function.code.value {
        Code::Inline(text) => {
            if function.inline_file() == "index.mjs" {
                builder.note(format!(
                    "CloudFormation calls the inline code of the function {name} index.js, where older Node reads no `import` and `export`: \
                     use `require` and `exports.handler`, or a folder"
                ));
            }
            json!({"ZipFile": text})
        }
        Code::Folder(folder) => {
            builder.note(format!("the code of the function {name} is the folder {folder}: upload it as a zip, and name bucket and key as parameters"));
            let bucket = builder.parameter(
                format!("{logical_id}CodeBucket"),
                &format!("The bucket with the code of the function {name}"),
            );
            let key = builder.parameter(
                format!("{logical_id}CodeKey"),
                &format!("The key of the zip with the code of the function {name}"),
            );
            json!({"S3Bucket": bucket, "S3Key": key})
        }
    }
}

/// The function's log group; the file may have it among its own.
fn log_group(builder: &mut Builder<'_>, function: &str) -> String {
    let name = format!("/aws/lambda/{function}");
    let logical_id = builder.ids.of("LogGroup", &name);
    let is_of_file =
        builder.wanted.iter().any(|one| matches!(&one.id, Id::LogGroup(group) if group.name == name));
    if !is_of_file {
        let mut block = kept::log_group(&name, None);
        block.metadata.insert("Added".to_owned(), json!("for a function"));
        builder.add(logical_id.clone(), block);
    }
    logical_id
}

/// What the function may do: write its log, put events on the pipeline's bus, use the tables, queues and functions that its
/// variables name.
fn role(builder: &mut Builder<'_>, (function, bus_name): (&Function, &str), group: &str) -> Value {
    let arn = |service: &str, resource: String| {
        Arn::new(service, &marks::mark(marks::REGION), &marks::mark(marks::ACCOUNT), resource).to_string()
    };
    let bus = match bus::reference(builder, bus_name) {
        Value::Object(reference) => json!({"Fn::GetAtt": [reference.get("Ref"), "Arn"]}),
        _ => json!(arn("events", format!("event-bus/{bus_name}"))),
    };
    let allow = |actions: &[&str], resource: Value| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    let mut statements = vec![
        allow(&["logs:CreateLogStream", "logs:PutLogEvents"], json!({"Fn::GetAtt": [group, "Arn"]})),
        allow(&["events:PutEvents"], bus),
    ];
    let texts: Vec<&str> =
        function.environment.iter().map(|variable| variable.value.value.as_str()).collect();
    for found in texts.iter().flat_map(|text| reference::all(text)) {
        let name = found.name;
        let statement = match found.kind {
            "table" => allow(TABLE_ACTIONS, json!(arn("dynamodb", format!("table/{name}")))),
            "function" => allow(&["lambda:InvokeFunction"], json!(arn("lambda", format!("function:{name}")))),
            "queue" if builder.own_queue_named(name) => {
                allow(&["sqs:SendMessage"], json!(arn("sqs", name.to_owned())))
            }
            _ => continue,
        };
        if !statements.contains(&statement) {
            statements.push(statement);
        }
    }
    service_role(builder, (KIND, &function.name.value), ("lambda.amazonaws.com", statements))
}

/// What code does with a table; nothing that changes or deletes the table.
pub(super) const TABLE_ACTIONS: &[&str] = &[
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

/// A role that a service takes for one resource of this account; its ARN.
pub(super) fn service_role(
    builder: &mut Builder<'_>,
    (kind, name): (&str, &str),
    (service, statements): (&str, Vec<Value>),
) -> Value {
    let logical_id = builder.ids.of("Role", &format!("{name} {kind}"));
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
    }]});
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let mut properties = Map::from_iter([("AssumeRolePolicyDocument".to_owned(), trust)]);
    if !statements_are_none(&document) {
        properties.insert("Policies".to_owned(), json!([{"PolicyName": "own", "PolicyDocument": document}]));
    }
    builder.add(logical_id.clone(), Block::new("AWS::IAM::Role", properties));
    json!({"Fn::GetAtt": [logical_id, "Arn"]})
}

fn statements_are_none(document: &Value) -> bool {
    document.get("Statement").and_then(Value::as_array).is_none_or(Vec::is_empty)
}

/// A permission that the file gives; those of its rules are made with their targets.
fn permission(builder: &mut Builder<'_>, resource: &Resource, function: &str) {
    let source = resource.settings.get("SourceArn").and_then(Value::as_str).unwrap_or_default();
    if source.contains(&marks::mark(marks::ACCOUNT)) && source.contains(":rule/") {
        builder.is_within(resource);
        return;
    }
    let mut properties: Map<String, Value> =
        resource.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let of = builder.ids.of(KIND, function);
    properties.insert("FunctionName".to_owned(), json!({"Ref": of}));
    let logical_id = builder.ids.of("Permission", &resource.id.to_string());
    builder.add_wanted(resource, logical_id, Block::new("AWS::Lambda::Permission", properties));
}
