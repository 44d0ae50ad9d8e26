//! `terraform show -json`, of a state or a plan, as a stack: the AWS provider's resources with CloudFormation's names.

mod kinds;
mod unknown;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::import::remark::Remarks;
use crate::import::stack::{Item, Place, Stack};
use crate::import::terraform::kinds::{KINDS, Reader};
use crate::import::terraform::unknown::Configuration;

/// A resource of Terraform's.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) address: String,
    pub(super) kind: String,
    pub(super) values: Map<String, Value>,
}

/// Whether a document is what `terraform show -json` writes.
pub(super) fn is_terraform(root: &Value) -> bool {
    root.get("format_version").is_some()
        && (root.get("values").is_some() || root.get("planned_values").is_some())
}

pub(super) fn stack(root: &Value, (file, name): (&str, &str), remarks: &mut Remarks) -> Stack {
    let mut stack = Stack { name: name.to_owned(), file: file.to_owned(), ..Stack::default() };
    let values = root.get("values").or_else(|| root.get("planned_values")).cloned().unwrap_or_default();
    let mut blocks = Vec::new();
    collect(values.get("root_module").unwrap_or(&Value::Null), &mut blocks, &mut stack.parameters);
    let configuration = Configuration::of(root);
    configuration.fill(&mut blocks);
    let place = Place { file: file.to_owned(), line: 0 };
    let mut parts = Vec::new();
    for block in &blocks {
        if block.kind == "genesyscloud_integration" {
            topics(block, &mut stack.topics);
            remarks.left_out(
                &place,
                &block.address,
                "the integration is Genesys Cloud's: `trunkline genesys connect` makes one",
            );
            continue;
        }
        if !block.kind.starts_with("aws_") {
            remarks.left_out(&place, &block.address, format!("{} is not AWS's", block.kind));
            continue;
        }
        let reader = Reader { block, place: &place };
        match KINDS.iter().find(|(kind, _)| *kind == block.kind) {
            Some((_, read)) => {
                if let Some(item) = read(&reader, &mut parts, remarks) {
                    know(block, &item, &mut stack.known_as);
                    stack.items.push(item);
                }
            }
            // Left out by its kind, as what no section has.
            None => stack.items.push(reader.item(&block.kind, Map::new())),
        }
    }
    kinds::join(&mut stack, parts, remarks);
    stack
}

/// The managed resources of a module and of those in it.
fn collect(module: &Value, out: &mut Vec<Block>, parameters: &mut Map<String, Value>) {
    let list = |name: &str| module.get(name).and_then(Value::as_array).into_iter().flatten();
    for resource in list("resources") {
        let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("mode") == "managed" || text("mode").is_empty() {
            let mut values = resource.get("values").and_then(Value::as_object).cloned().unwrap_or_default();
            hide(resource, &mut values, parameters);
            out.push(Block { address: text("address"), kind: text("type"), values });
        }
    }
    list("child_modules").for_each(|module| collect(module, out, parameters));
}

/// A function's variables that Terraform calls sensitive are asked of the environment.
fn hide(resource: &Value, values: &mut Map<String, Value>, parameters: &mut Map<String, Value>) {
    let secret = resource.pointer("/sensitive_values/environment/0/variables");
    let variables = values
        .get_mut("environment")
        .and_then(|environment| environment.pointer_mut("/0/variables"))
        .and_then(Value::as_object_mut);
    for (name, value) in variables.into_iter().flatten() {
        let is_secret =
            secret.is_some_and(|secret| secret == true || secret.get(name).is_some_and(|flag| flag == true));
        if is_secret {
            *value = json!({"Ref": name});
            parameters.insert(name.clone(), json!({"NoEcho": true}));
        }
    }
}

/// The topics that an integration asks for. Source: `eventFilter` of the integration's properties in CX as Code.
fn topics(block: &Block, out: &mut Vec<String>) {
    let configs = block.values.get("config").and_then(Value::as_array).into_iter().flatten();
    for properties in configs.filter_map(|config| config.get("properties")?.as_str()) {
        let properties: Value = serde_json::from_str(properties).unwrap_or_default();
        let filter = properties.get("eventFilter").and_then(Value::as_array).into_iter().flatten();
        out.extend(filter.filter_map(Value::as_str).map(str::to_owned));
    }
}

/// Notes the ARN and the URL that AWS gave.
fn know(block: &Block, item: &Item, out: &mut BTreeMap<String, String>) {
    let Some(noun) = super::value::noun(item) else { return };
    let name = item.properties.get(super::value::name_property(noun)).and_then(Value::as_str);
    let Some(name) = name else { return };
    let own = super::value::Own { noun, name: name.to_owned(), is_made: false, is_added: false };
    let text = |name: &str| block.values.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(arn) = text("arn") {
        out.insert(arn.trim_end_matches(":*").to_owned(), own.arn());
    }
    if noun == super::value::Noun::Queue
        && let Some(url) = text("url").or_else(|| text("id"))
    {
        out.insert(url, own.url());
    }
}
