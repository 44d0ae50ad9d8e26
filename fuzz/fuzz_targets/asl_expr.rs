//! Fuzz target: any text as each kind of expression of a state, read and evaluated; a text that reads as a path is printed
//! and read again.
#![no_main]

use asl::expr::{
    Limits, Scope,
    choice::Rule,
    jsonata::{Place, Template},
    jsonpath::{Path, ReferencePath},
    template::PayloadTemplate,
};
use serde_json::{Map, Value, json};

/// What every evaluation sees.
fn input() -> Value {
    json!({"a": [1, 2.5, "x", null, {"b": true, "c d": [[]]}], "b": {"a": "2016-08-18T17:33:00Z"}, "é": ""})
}

fn run(text: &str) {
    let (input, context, variables) = (input(), json!({"State": {"Name": "s"}}), Map::new());
    let scope = Scope {
        input: &input,
        context: &context,
        variables: &variables,
        result: Some(&input),
        error_output: None,
        seed: 1,
        now_ms: 0,
    };
    let limits = Limits { steps_max: 1_000, result_bytes_max: 10_000 };
    if let Ok(path) = Path::parse(text) {
        let again = Path::parse(&path.canonical()).expect("a printed path is a path");
        assert_eq!(again.query(&scope).ok(), path.query(&scope).ok());
    }
    if let Ok(path) = ReferencePath::parse(text) {
        let mut into = input.clone();
        let _ = path.put(&mut into, json!(1));
    }
    if let Ok(template) = PayloadTemplate::parse(&json!({"v.$": text})) {
        let _ = template.render(&scope);
    }
    let expression = json!(format!("{{%{text}%}}"));
    let _ = Template::check("Output", &expression, Place::State);
    if let Ok(template) = Template::parse("Output", &expression) {
        let _ = template.evaluate(&scope, limits);
        let _ = template.explain(&scope, limits);
    }
    let rule = serde_json::from_str::<Map<String, Value>>(text);
    if let Ok(rule) = rule.map_err(|_| ()).and_then(|rule| Rule::parse(&rule).map_err(|_| ())) {
        assert_eq!(rule.evaluate(&scope).ok(), rule.explain(&scope).matched);
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| run(text));
