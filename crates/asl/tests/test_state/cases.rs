//! Case files of `tests/data/test_state`, and what the recordings do not have.

use std::{fs, path::Path};

use asl::{
    About, TaskError,
    step::test_state::{
        Answer, Configuration, FieldValidation, Mock, MockError, Progress, Refusal, Request, begin,
    },
};
use serde_json::{Map, Value, json};

const ROLE: &str = "arn:aws:iam::111111111111:role/tester";

/// Our answer to a case, in the shape of the recordings.
fn answer(case: &Value) -> Value {
    let (definition, input) = (case["definition"].to_string(), case.get("input").map(Value::to_string));
    let params = &case["params"];
    let text = |name: &str| params.get(name).and_then(Value::as_str);
    let configuration = &params["stateConfiguration"];
    let is_refused_without_role = case["expect"].to_string().contains("RoleArn must be specified");
    let request = Request {
        definition: &definition,
        state_name: text("stateName"),
        input: input.as_deref(),
        variables: text("variables"),
        context: text("context"),
        mock: params.get("mock").map(mock),
        configuration: Configuration {
            retrier_retry_count: configuration["retrierRetryCount"]
                .as_u64()
                .map(|count| u32::try_from(count).unwrap()),
            error_caused_by_state: configuration["errorCausedByState"].as_str(),
            map_iteration_failure_count: configuration["mapIterationFailureCount"].as_u64(),
            map_item_reader_data: configuration["mapItemReaderData"].as_str(),
        },
        about: About {
            role_arn: if is_refused_without_role { String::new() } else { ROLE.to_owned() },
            ..About::default()
        },
        ..Request::default()
    };
    match begin(&request) {
        Err(Refusal { code, message }) => json!({"status": "REFUSED", "code": code, "message": message}),
        Ok(Progress::Done(answer)) => shape(*answer, text("inspectionLevel")),
        Ok(Progress::Call(test)) => {
            let outcome = match &case["task"] {
                Value::Null => Err(TaskError { error: Some("Unanswered".to_owned()), cause: None }),
                result => Ok(result.clone()),
            };
            shape(test.finish(outcome), text("inspectionLevel"))
        }
    }
}

fn mock(given: &Value) -> Mock<'_> {
    Mock {
        result: given["result"].as_str(),
        error_output: given
            .get("errorOutput")
            .map(|error| MockError { error: error["error"].as_str(), cause: error["cause"].as_str() }),
        field_validation: match given["fieldValidationMode"].as_str() {
            Some("NONE") => FieldValidation::None,
            Some("PRESENT") => FieldValidation::Present,
            _ => FieldValidation::Strict,
        },
    }
}

/// As the operation answers it, with the texts that are objects parsed.
fn shape(answer: Answer, level: Option<&str>) -> Value {
    let mut members = Map::new();
    members.insert("status".to_owned(), json!(answer.status.name()));
    for (name, text) in [("error", answer.error), ("cause", answer.cause), ("nextState", answer.next_state)] {
        members.extend(text.map(|text| (name.to_owned(), json!(text))));
    }
    members.extend(answer.output.map(|output| ("output".to_owned(), output)));
    if matches!(level, Some("DEBUG" | "TRACE")) {
        let mut seen = answer.inspection;
        for value in seen.values_mut() {
            let parsed = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(object @ Value::Object(_)) = parsed {
                *value = object;
            }
        }
        members.insert("inspectionData".to_owned(), Value::Object(seen));
    }
    Value::Object(members)
}

#[test]
fn recorded_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/test_state");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file: Value = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        assert!(file["source"].is_string() && file["why"].is_string());
        for case in file["cases"].as_array().unwrap() {
            let got = answer(case);
            if got != case["expect"] {
                wrong.push(format!("{case}\n    gave {got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// A task without a mock is asked for; what it answers goes through the fields behind it.
#[test]
fn a_task_is_called() {
    let case = json!({
        "definition": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f", "Payload.$": "$.a"},
            "ResultPath": "$.r",
            "Next": "After",
        },
        "input": {"a": 1},
        "params": {"inspectionLevel": "DEBUG"},
        "task": {"Payload": 2},
        "expect": {},
    });
    assert_eq!(
        answer(&case),
        json!({
            "status": "SUCCEEDED",
            "output": {"a": 1, "r": {"Payload": 2}},
            "nextState": "After",
            "inspectionData": {
                "input": {"a": 1},
                "afterInputPath": {"a": 1},
                "afterParameters": {"FunctionName": "f", "Payload": 1},
                "result": {"Payload": 2},
                "afterResultSelector": {"Payload": 2},
                "afterResultPath": {"a": 1, "r": {"Payload": 2}},
            },
        })
    );
}

/// A retrier with attempts left comes before every catcher (developer guide, "Testing a state").
#[test]
fn errors_are_retried_before_they_are_caught() {
    let tested = |retries: u32| {
        answer(&json!({
            "definition": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Retry": [
                    {"ErrorEquals": ["Other"]},
                    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 3},
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Help"}],
                "End": true,
            },
            "input": {},
            "params": {
                "inspectionLevel": "DEBUG",
                "stateConfiguration": {"retrierRetryCount": retries},
                "mock": {"errorOutput": {"error": "E", "cause": "C"}},
            },
            "expect": {},
        }))
    };
    let retried = tested(1);
    assert_eq!(retried["status"], "RETRIABLE");
    assert_eq!(
        retried["inspectionData"]["errorDetails"],
        json!({"retryIndex": 1, "retryBackoffIntervalSeconds": 6})
    );
    let caught = tested(2);
    assert_eq!(caught["status"], "CAUGHT_ERROR");
    assert_eq!(caught["nextState"], "Help");
    assert_eq!(caught["output"], json!({"e": {"Error": "E", "Cause": "C"}}));
}
