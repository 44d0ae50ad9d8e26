//! AWS's operations, step by step: what each is asked and what it answers. The cases are files.

use std::path::Path;

use aws::Timestamp;
use serde_json::Value;

use crate::house::{House, NOON};

#[test]
fn operations_answer_as_aws_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/operation");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12, "the cases are gone");
    for file in files {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let (house, mut kept) = (House::new(), Kept::new());
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let name = format!("{}, step {}", file.file_stem().unwrap().to_string_lossy(), number + 1);
            check(&name, (&house, &mut kept), step);
        }
    }
}

/// What earlier steps' answers said, by the name that a case gives it: `"keep": {"name": "/pointer"}`, then `"$name"`.
type Kept = Vec<(String, String)>;

fn check(name: &str, (house, kept): (&House, &mut Kept), step: &Value) {
    let at = step["at_ms"].as_u64().map_or(NOON, Timestamp::from_unix_ms);
    let answer = house.ask_at(at, step["ask"].as_str().unwrap(), &filled(&step["request"], kept));
    match (answer, step.get("error")) {
        (Ok(answer), None) => {
            if let Some(wanted) = step.get("answer") {
                assert!(is_like(&answer, &filled(wanted, kept)), "{name}: got {answer}");
            }
            for (name, pointer) in step["keep"].as_object().into_iter().flatten() {
                let value = answer.pointer(pointer.as_str().unwrap()).unwrap();
                kept.push((name.clone(), value.as_str().unwrap().to_owned()));
            }
        }
        (Err(error), Some(wanted)) => {
            assert_eq!(
                (error.code.as_ref(), error.message.as_str(), error.status),
                (wanted["code"].as_str().unwrap(), wanted["message"].as_str().unwrap(), 400),
                "{name}"
            );
        }
        (Ok(answer), Some(_)) => panic!("{name}: an error was expected, and this came: {answer}"),
        (Err(error), None) => panic!("{name}: {error}"),
    }
}

/// With what was kept, and with `<x*N>` as so many `x`.
fn filled(template: &Value, kept: &Kept) -> Value {
    match template {
        Value::String(text) => {
            let of_name = text.strip_prefix('$').and_then(|name| kept.iter().rfind(|(kept, _)| kept == name));
            let count = text.strip_prefix("<x*").and_then(|rest| rest.strip_suffix('>'));
            match (of_name, count) {
                (Some((_, value)), _) => Value::from(value.as_str()),
                (None, Some(count)) => Value::from("x".repeat(count.parse().unwrap())),
                (None, None) => template.clone(),
            }
        }
        Value::Array(items) => items.iter().map(|item| filled(item, kept)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), filled(value, kept))).collect()
        }
        other => other.clone(),
    }
}

/// `"*"` stands for anything.
fn is_like(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (_, Value::String(any)) if any == "*" => true,
        (Value::Object(answer), Value::Object(expected)) => {
            answer.len() == expected.len()
                && expected.iter().all(|(name, value)| answer.get(name).is_some_and(|a| is_like(a, value)))
        }
        (Value::Array(answer), Value::Array(expected)) => {
            answer.len() == expected.len() && answer.iter().zip(expected).all(|(a, e)| is_like(a, e))
        }
        (answer, expected) => answer == expected,
    }
}
