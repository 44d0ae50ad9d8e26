//! TestState against AWS's recorded answers, one file each.

use std::fs;
use std::path::Path;

use asl::About;
use asl::test_state::{TestAnswer, TestRequest, test_state};
use serde_json::{Value, json};

use crate::world::NOW_MS;

/// Payloads are JSON texts on the wire, and JSON in the recordings where they are objects.
fn plain(mut answer: Value) -> Value {
    let parsed = |value: &Value| value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(output) = answer.get("output").and_then(parsed) {
        answer["output"] = output;
    }
    for value in answer
        .get_mut("inspectionData")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|d| d.values_mut())
    {
        if let Some(json) = parsed(value) {
            *value = json;
        }
    }
    answer
}

#[test]
fn a_state_that_is_tested_answers_as_aws_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/test_state");
    for entry in fs::read_dir(folder).expect("the cases") {
        let path = entry.expect("a file").path();
        let case: Value = serde_json::from_str(&fs::read_to_string(&path).expect("a text")).expect("a case");
        let mut parameters = case["parameters"].clone();
        parameters["definition"] = json!(case["definition"].to_string());
        if let Some(input) = case.get("input") {
            parameters["input"] = json!(input.to_string());
        }
        let about = About {
            execution_arn: "arn:aws:states:us-east-1:111111111111:express:m:run".to_owned(),
            ..About::default()
        };
        let got = match test_state(&TestRequest { parameters: &parameters, about, now_ms: NOW_MS, seed: 1 }) {
            Ok(TestAnswer::Done(answer)) => plain(answer),
            Ok(TestAnswer::Call(call)) => panic!("{}: {call:?}", path.display()),
            Err(refusal) => json!({"status": "REFUSED", "code": refusal.code, "message": refusal.message}),
        };
        assert_eq!(got, plain(case["expect"].clone()), "{}", path.display());
    }
}

#[test]
fn an_error_that_will_be_retried_says_when() {
    let definition = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 2}]});
    let ask = |retries: u32| {
        let parameters = json!({"definition": definition.to_string(), "inspectionLevel": "DEBUG",
            "mock": {"errorOutput": {"error": "Busy", "cause": "later"}},
            "stateConfiguration": {"retrierRetryCount": retries}});
        let request =
            TestRequest { parameters: &parameters, about: About::default(), now_ms: NOW_MS, seed: 1 };
        match test_state(&request) {
            Ok(TestAnswer::Done(answer)) => answer,
            other => panic!("{other:?}"),
        }
    };
    let first = ask(0);
    assert_eq!(first["status"], "RETRIABLE");
    let details = json!({"retryIndex": 0, "retryBackoffIntervalSeconds": 3});
    assert_eq!(first["inspectionData"]["errorDetails"], details);
    assert_eq!(ask(1)["inspectionData"]["errorDetails"]["retryBackoffIntervalSeconds"], 6);
    assert_eq!(ask(2)["status"], "FAILED");
}
