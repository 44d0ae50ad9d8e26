//! Executions whose histories were recorded, one file each.

use std::fs;
use std::path::Path;

use asl::{HistoryEvent, TaskError};
use serde_json::{Value, json};

use crate::world::{Answers, ROLE, machine, walk};

/// An event in the shape of the recordings: JSON texts are parsed.
fn plain(event: &HistoryEvent) -> Value {
    let mut json = event.to_json();
    for (_, details) in json.iter_mut().filter(|(name, _)| name.ends_with("EventDetails")) {
        for name in ["input", "output", "parameters"] {
            if let Some(text) = details.get(name).and_then(Value::as_str) {
                details[name] = serde_json::from_str(text).expect("payloads are JSON texts");
            }
        }
        if let Some(Value::Object(assigned)) = details.get_mut("assignedVariables") {
            for value in assigned.values_mut() {
                *value =
                    serde_json::from_str(value.as_str().expect("a text")).expect("variables are JSON texts");
            }
        }
    }
    Value::Object(json)
}

fn cases(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let read = fs::read_dir(folder).expect("the cases").map(|entry| {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a text");
        (path.display().to_string(), serde_json::from_str(&text).expect("a case"))
    });
    read.collect()
}

fn check(name: &str, case: &Value) {
    let answers = case.get("tasks").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |answer: &Value, name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let answers = answers.iter().map(|answer| match answer.get("output") {
        Some(output) => Ok(output.clone()),
        None => Err(TaskError { error: text(answer, "error"), cause: text(answer, "cause") }),
    });
    let machine = machine(&case["definition"]);
    let mut walk = walk(&machine, case["input"].clone());
    walk.run(&mut Answers(answers.collect()));
    let expect = &case["expect"];
    let execution = &walk.execution;
    assert_eq!(json!(execution.status.name()), expect["status"], "{name}");
    assert_eq!(execution.output.as_ref(), expect.get("output"), "{name}");
    assert_eq!(execution.error.as_deref(), expect.get("error").and_then(Value::as_str), "{name}");
    assert_eq!(execution.cause.as_deref(), expect.get("cause").and_then(Value::as_str), "{name}");
    if expect.get("history").is_none() {
        return;
    }
    let role = expect["history"].to_string().replace("<snf_role_arn>", ROLE);
    let want: Vec<Value> = serde_json::from_str(&role).expect("a history");
    for (want, got) in want.iter().zip(&walk.history) {
        assert_eq!(&plain(got), want, "{name}");
    }
    assert_eq!(want.len(), walk.history.len(), "{name}");
}

#[test]
fn recorded_histories_come_out_event_by_event() {
    let cases = cases("executions");
    assert!(cases.len() >= 10);
    for (name, case) in &cases {
        check(name, case);
    }
}

#[test]
fn what_people_complained_about_elsewhere_works() {
    for (name, case) in &cases("complaints") {
        check(name, case);
    }
}
