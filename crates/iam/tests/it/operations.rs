//! AWS's operations, step by step: what each is asked and what it answers. The cases are files.

use std::path::Path;

use serde_json::Value;

use crate::house::{ACCOUNT, House};

#[test]
fn operations_answer_as_aws_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/operation");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 6, "the cases are gone");
    for file in files {
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert!(case["source"].is_string() && case["why"].is_string(), "{file:?}");
        let mut house = House::new();
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let name = format!("{}, step {}", file.file_stem().unwrap().to_string_lossy(), number + 1);
            check(&name, &mut house, step);
        }
    }
}

fn check(name: &str, house: &mut House, step: &Value) {
    let account = step["account"].as_str().unwrap_or(ACCOUNT);
    let answer = house.ask_as(account, step["ask"].as_str().unwrap(), &step["request"]);
    match (answer, step.get("error")) {
        (Ok(mut answer), None) => {
            hide_ids(&mut answer);
            if let Some(wanted) = step.get("answer") {
                assert_eq!(answer, *wanted, "{name}");
            }
        }
        (Err(error), Some(wanted)) => {
            assert_eq!(
                (error.code.as_ref(), u64::from(error.status), error.message.as_str()),
                (
                    wanted["code"].as_str().unwrap(),
                    wanted["status"].as_u64().unwrap(),
                    wanted["message"].as_str().unwrap()
                ),
                "{name}"
            );
        }
        (Ok(answer), Some(_)) => panic!("{name}: an error was expected, and this came: {answer}"),
        (Err(error), None) => panic!("{name}: {error}"),
    }
}

/// Ids in answers become the letters of their kind.
fn hide_ids(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if let ("RoleId" | "PolicyId", Some(id)) = (key.as_str(), member.as_str()) {
                    assert_eq!(id.len(), 21, "{id}");
                    *member = Value::from(&id[..4]);
                } else {
                    hide_ids(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_ids),
        _ => {}
    }
}
