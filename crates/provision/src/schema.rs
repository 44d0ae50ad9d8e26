//! The JSON Schema for editors, made from the same tables that the reader uses.

use serde_json::{Map, Value, json};

use crate::table::{Choice, Key, Kind, NameRule, Section};
use crate::{layers, pipeline};

/// A text that has a `${...}` in it: what it becomes is not known to an editor.
const REFERENCE: &str = r"\$\{";
const DURATION: &str = r"^[0-9]+ *[smhd]$";

/// The schema of a pipeline file, as `schema/trunkline.schema.json` has it.
pub fn text() -> String {
    let mut schema = object(&pipeline::SECTION);
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        members.insert("title".to_owned(), json!("Trunkline pipeline"));
    }
    // Printing a value of strings, numbers, lists and maps cannot fail.
    format!("{:#}\n", schema)
}

fn object(section: &Section) -> Value {
    let properties: Map<String, Value> =
        section.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = section.keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    let mut schema = json!({"type": "object", "additionalProperties": false, "properties": properties});
    let Some(members) = schema.as_object_mut() else { return schema };
    if !required.is_empty() {
        members.insert("required".to_owned(), json!(required));
    }
    let choices: Vec<Value> = section.choices.iter().map(one_of).collect();
    if !choices.is_empty() {
        members.insert("allOf".to_owned(), json!(choices));
    }
    schema
}

/// What a profile may change: every key, none of them needed.
fn changes(section: &Section) -> Value {
    let is_of_the_file = |key: &&Key| layers::OF_THE_FILE.contains(&key.name);
    let keys = section.keys.iter().filter(|key| !is_of_the_file(key));
    let properties: Map<String, Value> =
        keys.map(|key| (key.name.to_owned(), json!({"description": key.about}))).collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// Exactly one of these keys, or none where none is needed.
fn one_of(choice: &Choice) -> Value {
    let mut ways: Vec<Value> = choice.among.iter().map(|name| json!({"required": [name]})).collect();
    if !choice.is_required {
        let any: Vec<Value> = ways.clone();
        ways.push(json!({"not": {"anyOf": any}}));
    }
    json!({"oneOf": ways})
}

fn property(key: &Key) -> Value {
    let mut schema = kind(&key.kind);
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), json!(key.about));
    }
    schema
}

fn kind(kind: &Kind) -> Value {
    match kind {
        Kind::Version(version) => json!({"const": version}),
        Kind::Text { chars_max } => json!({"type": "string", "minLength": 1, "maxLength": chars_max}),
        Kind::Name(rule) => or_reference(&json!({"type": "string", "pattern": name_pattern(rule)})),
        Kind::Flag => or_reference(&json!({"type": "boolean"})),
        Kind::Integer { min, max } => {
            or_reference(&json!({"type": "integer", "minimum": min, "maximum": max}))
        }
        Kind::Number { max } => {
            or_reference(&json!({"type": "number", "exclusiveMinimum": 0, "maximum": max}))
        }
        Kind::Duration { seconds_min, seconds_max } => json!({"anyOf": [
            {"type": "integer", "minimum": seconds_min, "maximum": seconds_max},
            {"type": "string", "pattern": DURATION},
            {"type": "string", "pattern": REFERENCE},
        ]}),
        Kind::OneOf(words) => or_reference(&json!({"enum": words})),
        Kind::Json => json!({}),
        Kind::JsonObject => json!({"type": "object"}),
        Kind::Pattern | Kind::Definition => json!({"type": ["object", "string"]}),
        Kind::Texts { chars_max } => {
            json!({"type": "object", "additionalProperties": {"type": "string", "maxLength": chars_max}})
        }
        Kind::Profiles => json!({"type": "object", "additionalProperties": changes(&pipeline::SECTION)}),
        Kind::Object(section) => object(section),
        Kind::List(of) => json!({"type": "array", "items": self::kind(of)}),
    }
}

fn or_reference(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "string", "pattern": REFERENCE}]})
}

fn name_pattern(rule: &NameRule) -> String {
    // Inside brackets, only the minus needs its backslash.
    let signs = rule.signs.replace('-', r"\-");
    format!("^[A-Za-z0-9{signs}]{{1,{}}}$", rule.chars_max)
}
