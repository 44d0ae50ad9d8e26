//! Terraform's configuration: names that the provider documents, and expressions that lead somewhere.

use std::path::Path;

use serde_json::Value;

use super::{cases, exported};

fn arguments() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform/arguments.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array().unwrap().iter().any(|one| one == name)
}

#[test]
fn every_argument_is_one_that_the_provider_has() {
    let known = arguments();
    for case in cases() {
        let made: Value = serde_json::from_str(&exported(&case).terraform()).unwrap();
        for (kind, resources) in made["resource"].as_object().unwrap() {
            let of = &known["resources"][kind];
            assert!(of.is_object(), "{kind}");
            for (name, resource) in resources.as_object().unwrap() {
                let resource = resource.as_object().unwrap();
                for required in of["required"].as_array().unwrap() {
                    assert!(resource.contains_key(required.as_str().unwrap()), "{kind}.{name}: {required}");
                }
                for (argument, value) in resource {
                    let is_known = has(&of["required"], argument) || has(&of["optional"], argument);
                    assert!(is_known || has(&known["meta"], argument), "{kind}.{name}.{argument}");
                    block(argument, value, &known["blocks"]);
                }
            }
        }
    }
}

/// The members of a block, and of the blocks in it.
fn block(name: &str, value: &Value, known: &Value) {
    let Some(names) = known.get(name) else { return };
    let blocks = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    for members in blocks.iter().filter_map(Value::as_object) {
        for (member, value) in members {
            assert!(has(names, member), "{name}.{member}");
            block(member, value, known);
        }
    }
}

#[test]
fn every_expression_leads_to_something_of_the_configuration() {
    for case in cases() {
        let made: Value = serde_json::from_str(&exported(&case).terraform()).unwrap();
        let mut found = Vec::new();
        expressions(&made["resource"], &mut found);
        assert!(found.len() > 10, "{}", case.display());
        for expression in found {
            let parts: Vec<&str> = expression.split('.').collect();
            let at = match parts.as_slice() {
                ["var", name] => made["variable"].get(*name),
                ["path", "module"] => continue,
                ["data", kind, name, _] => made["data"][*kind].get(*name),
                [kind, name, _] => made["resource"][*kind].get(*name),
                _ => None,
            };
            assert!(at.is_some(), "{}: {expression}", case.display());
        }
        for (kind, resources) in made["resource"].as_object().unwrap() {
            for resource in resources.as_object().unwrap().values() {
                let waits_for = resource.get("depends_on").and_then(Value::as_array);
                for waits_for in waits_for.into_iter().flatten() {
                    let (of, name) = waits_for.as_str().unwrap().split_once('.').unwrap();
                    assert!(made["resource"][of].get(name).is_some(), "{kind}: {waits_for}");
                }
            }
        }
    }
}

/// What stands in `${...}`, but for what is escaped.
fn expressions(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let text = text.replace("$${", "");
            out.extend(text.split("${").skip(1).map(|piece| piece.split('}').next().unwrap().to_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, out)),
        Value::Object(members) => members.values().for_each(|value| expressions(value, out)),
        _ => {}
    }
}
