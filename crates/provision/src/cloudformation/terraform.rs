//! The template in Terraform's JSON syntax (`*.tf.json`): the same resources, policies and roles under the AWS provider's names.
//!
//! A target waits for the policies and permissions that its rule waits for in the template. What the template carries in `Metadata` is the
//! local value `trunkline`. Source: "JSON Configuration Syntax" in Terraform's documentation; the provider's documentation, a page a
//! resource.

mod expression;
mod kinds;

use serde_json::{Map, Value, json};

use crate::cloudformation::Exported;
use crate::cloudformation::terraform::expression::{Names, escaped};

impl Exported {
    /// The same as Terraform's configuration, indented.
    pub fn terraform(&self) -> String {
        let mut text = serde_json::to_string_pretty(&configuration(&self.template)).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A configuration that is being made.
#[derive(Debug, Default)]
struct Configuration {
    resources: Map<String, Value>,
    /// Zips of functions' code.
    archives: Map<String, Value>,
}

impl Configuration {
    fn resource(&mut self, kind: &str, name: &str, arguments: Map<String, Value>) {
        let of_kind = self.resources.entry(kind).or_insert_with(|| json!({}));
        if let Some(members) = of_kind.as_object_mut() {
            members.insert(name.to_owned(), Value::Object(arguments));
        }
    }
}

fn configuration(template: &Value) -> Value {
    let resources = template.get("Resources").and_then(Value::as_object).cloned().unwrap_or_default();
    let names = Names { resources: &resources };
    let mut made = Configuration::default();
    for (id, resource) in &resources {
        kinds::add(&mut made, (id, resource), &names);
    }
    let parameters = template.get("Parameters").and_then(Value::as_object).into_iter().flatten();
    let mut variables: Map<String, Value> = parameters
        .filter(|(name, _)| !name.ends_with("CodeBucket") && !name.ends_with("CodeKey"))
        .map(|(name, parameter)| (name.clone(), variable(parameter)))
        .collect();
    if made.resources.values().any(|of_kind| of_kind.to_string().contains("${var.StackName}")) {
        let description = "What the names of added resources begin with";
        variables.insert("StackName".to_owned(), json!({"type": "string", "description": description}));
    }
    let mut data = json!({
        "aws_caller_identity": {"current": {}}, "aws_partition": {"current": {}}, "aws_region": {"current": {}},
    });
    let mut providers = json!({"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}});
    if !made.archives.is_empty() {
        put(&mut data, "archive_file", Value::Object(made.archives));
        put(&mut providers, "archive", json!({"source": "hashicorp/archive", "version": ">= 2.0"}));
    }
    let carried = template.pointer("/Metadata/Trunkline").cloned().unwrap_or_default();
    let mut out = json!({
        "//": template.get("Description"),
        "terraform": {"required_providers": providers},
        "data": data,
        "locals": {"trunkline": escaped(&carried)},
        "resource": made.resources,
    });
    if let (false, Some(members)) = (variables.is_empty(), out.as_object_mut()) {
        members.insert("variable".to_owned(), Value::Object(variables));
    }
    out
}

fn variable(parameter: &Value) -> Value {
    let mut out = json!({"type": "string", "description": parameter.get("Description")});
    if let (Some(true), Some(members)) =
        (parameter.get("NoEcho").and_then(Value::as_bool), out.as_object_mut())
    {
        members.insert("sensitive".to_owned(), json!(true));
    }
    out
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
