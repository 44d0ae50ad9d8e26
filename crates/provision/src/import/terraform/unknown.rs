//! What a plan does not know yet: an ARN of something that will be made. The plan's configuration says what the value refers to.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::import::terraform::Block;
use crate::import::value::{ACCOUNT, REGION};

/// The expressions of a plan, by a resource's address without its index.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    expressions: BTreeMap<String, Map<String, Value>>,
}

impl Configuration {
    pub(super) fn of(root: &Value) -> Self {
        let mut out = Self::default();
        out.collect(root.pointer("/configuration/root_module").unwrap_or(&Value::Null), "");
        out
    }

    fn collect(&mut self, module: &Value, prefix: &str) {
        for resource in module.get("resources").and_then(Value::as_array).into_iter().flatten() {
            let address = resource.get("address").and_then(Value::as_str).unwrap_or_default();
            let expressions =
                resource.get("expressions").and_then(Value::as_object).cloned().unwrap_or_default();
            self.expressions.insert(format!("{prefix}{address}"), expressions);
        }
        for (name, call) in module.get("module_calls").and_then(Value::as_object).into_iter().flatten() {
            if let Some(module) = call.get("module") {
                self.collect(module, &format!("{prefix}module.{name}."));
            }
        }
    }

    /// Gives every block that will be made the ARN that it has here, and those that refer to it that ARN.
    pub(super) fn fill(&self, blocks: &mut [Block]) {
        let mut known: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for block in blocks.iter_mut() {
            if !block.values.contains_key("arn")
                && let Some(arn) = arn(block)
            {
                block.values.insert("arn".to_owned(), json!(arn));
            }
            if block.kind == "aws_sqs_queue"
                && !block.values.contains_key("url")
                && let Some(name) = block.values.get("name").and_then(Value::as_str)
            {
                let url = json!(format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"));
                block.values.insert("url".to_owned(), url.clone());
                block.values.entry("id").or_insert(url);
            }
            known.insert(block.address.clone(), block.values.clone());
        }
        for block in blocks.iter_mut() {
            let bare = bare(&block.address);
            let module = bare.rsplit_once("aws_").map_or("", |(module, _)| module);
            let Some(expressions) = self.expressions.get(&bare) else { continue };
            for (name, expression) in expressions {
                fill(&mut block.values, (name, expression), &|reference| {
                    let (address, attribute) = reference.rsplit_once('.')?;
                    known.get(&format!("{module}{address}"))?.get(attribute).cloned()
                });
            }
        }
    }
}

/// An address without the indices of `count` and `for_each`.
fn bare(address: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for c in address.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Fills in what a plan leaves out: a value that is one reference alone, also within a block.
fn fill(
    values: &mut Map<String, Value>,
    (name, expression): (&str, &Value),
    known: &dyn Fn(&str) -> Option<Value>,
) {
    match expression {
        Value::Object(members) if members.contains_key("references") => {
            if values.get(name).is_some_and(|value| !value.is_null()) {
                return;
            }
            let references = members.get("references").and_then(Value::as_array).into_iter().flatten();
            if let Some(value) = references.filter_map(Value::as_str).find_map(known) {
                values.insert(name.to_owned(), value);
            }
        }
        Value::Array(blocks) => {
            let list = values.entry(name).or_insert_with(|| json!([]));
            let Some(list) = list.as_array_mut() else { return };
            for (at, block) in blocks.iter().enumerate() {
                if list.len() <= at {
                    list.push(json!({}));
                }
                let Some(Value::Object(inner)) = list.get_mut(at) else { continue };
                for (name, expression) in block.as_object().into_iter().flatten() {
                    fill(inner, (name, expression), known);
                }
            }
        }
        _ => {}
    }
}

fn arn(block: &Block) -> Option<String> {
    let name = |member: &str| block.values.get(member).and_then(Value::as_str);
    let (service, resource) = match block.kind.as_str() {
        "aws_sqs_queue" => ("sqs", name("name")?.to_owned()),
        "aws_lambda_function" => ("lambda", format!("function:{}", name("function_name")?)),
        "aws_sfn_state_machine" => ("states", format!("stateMachine:{}", name("name")?)),
        "aws_dynamodb_table" => ("dynamodb", format!("table/{}", name("name")?)),
        "aws_cloudwatch_log_group" => ("logs", format!("log-group:{}", name("name")?)),
        "aws_cloudwatch_event_bus" => ("events", format!("event-bus/{}", name("name")?)),
        "aws_cloudwatch_event_connection" => ("events", format!("connection/{}", name("name")?)),
        "aws_cloudwatch_event_api_destination" => ("events", format!("api-destination/{}", name("name")?)),
        "aws_iam_role" => {
            return Some(format!("arn:aws:iam::{ACCOUNT}:role/{}", name("name").unwrap_or(&block.address)));
        }
        _ => return None,
    };
    Some(format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"))
}
