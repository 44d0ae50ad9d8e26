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
    assert!(files.len() >= 5, "the cases are gone");
    for file in files {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let house = House::new();
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let name = format!("{}, step {}", file.file_stem().unwrap().to_string_lossy(), number + 1);
            check(&name, &house, step);
        }
    }
}

fn check(name: &str, house: &House, step: &Value) {
    let at = step["at_ms"].as_u64().map_or(NOON, Timestamp::from_unix_ms);
    let answer = house.ask_at(at, step["ask"].as_str().unwrap(), &step["request"]);
    match (answer, step.get("error")) {
        (Ok(answer), None) => {
            if let Some(wanted) = step.get("answer") {
                assert_eq!(answer, *wanted, "{name}");
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
