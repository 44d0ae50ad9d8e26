//! Input that is too large, too deep, never done, or somebody else's: AWS's answer, and the room goes on.

use serde_json::{Value, json};

use crate::house::{Fate, House};

const LIMIT: usize = 262_144;

fn refused(house: &mut House, operation: &str, request: &Value) -> (String, String) {
    let error = house.try_call(operation, request).unwrap_err();
    // A place in a definition may be long.
    assert!(error.message.len() < 16_384, "{operation} repeats what it was given");
    (error.code.to_string(), error.message)
}

fn create(definition: &str) -> Value {
    json!({"name": "m", "definition": definition, "roleArn": "arn:aws:iam::111111111111:role/r"})
}

/// One state after the other.
fn chain(states: usize, comment: &str) -> Value {
    let state = |number: usize| {
        let mut state = json!({"Type": "Pass", "Comment": comment});
        if number + 1 == states {
            state["End"] = json!(true);
        } else {
            state["Next"] = json!(format!("S{}", number + 1));
        }
        (format!("S{number}"), state)
    };
    json!({"StartAt": "S0", "States": (0..states).map(state).collect::<serde_json::Map<_, _>>()})
}

/// A Parallel in a Parallel, so many times.
fn nested(levels: usize) -> Value {
    (0..levels).fold(
        json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}),
        |inner, level| {
            let name = format!("L{level}");
            json!({"StartAt": name, "States": {name: {"Type": "Parallel", "Branches": [inner], "End": true}}})
        },
    )
}

/// An array in an array, so many times.
fn deep(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn a_definition_of_a_mebibyte_is_taken_and_no_more() {
    let mut house = House::new();
    let full = |bytes: usize| {
        let rest = bytes - create_text(0).len();
        create_text(rest)
    };
    let (code, _) = refused(&mut house, "CreateStateMachine", &create(&full(1_048_577)));
    assert_eq!(code, "ValidationException");
    house.call("CreateStateMachine", &create(&full(1_048_576)));
}

fn create_text(comment: usize) -> String {
    let comment = "c".repeat(comment);
    json!({"Comment": comment, "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}).to_string()
}

#[test]
fn ten_thousand_states_run_to_their_end() {
    let mut house = House::new();
    let machine = house.machine("m", &chain(10_000, ""));
    let execution = house.start(&machine, "one", &json!({}));
    while house.step(Fate::Settles) {}
    let described = house.describe(&execution);
    assert_eq!((&described["status"], &described["output"]), (&json!("SUCCEEDED"), &json!("{}")));
    let request = json!({"executionArn": execution, "reverseOrder": true, "maxResults": 1});
    assert_eq!(house.call("GetExecutionHistory", &request)["events"][0]["id"], json!(20_002));
}

#[test]
fn nesting_is_refused_where_it_cannot_be_followed() {
    let mut house = House::new();
    for levels in [20, 200, 5_000] {
        let (code, _) = refused(&mut house, "CreateStateMachine", &create(&nested_text(levels)));
        assert_eq!(code, "InvalidDefinition", "{levels} levels");
    }
    let machine = house.machine("m", &nested(10));
    let execution = house.start(&machine, "fits", &json!(1));
    house.run();
    assert_eq!(house.describe(&execution)["status"], "SUCCEEDED");
    for levels in [200, 100_000] {
        let request = json!({"stateMachineArn": machine, "input": deep(levels)});
        assert_eq!(
            refused(&mut house, "StartExecution", &request).0,
            "InvalidExecutionInput",
            "{levels} levels"
        );
    }
}

/// As `nested`, made without going down into it.
fn nested_text(levels: usize) -> String {
    let head = r#"{"StartAt":"L","States":{"L":{"Type":"Parallel","End":true,"Branches":["#;
    let inner = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    format!("{}{inner}{}", head.repeat(levels), "]}}}".repeat(levels))
}

#[test]
fn a_loop_is_ended_by_its_history() {
    let mut house = House::new();
    let endless = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "C"}], "Default": "A"},
        "C": {"Type": "Succeed"}}});
    let machine = house.machine("m", &endless);
    let execution = house.start(&machine, "one", &json!({}));
    while house.step(Fate::Settles) {}
    let described = house.describe(&execution);
    let told = "The execution reached the maximum number of history events (25000).";
    assert_eq!((&described["error"], &described["cause"]), (&json!("States.Runtime"), &json!(told)));
    let request = json!({"executionArn": execution, "reverseOrder": true, "maxResults": 1});
    assert_eq!(house.call("GetExecutionHistory", &request)["events"][0]["id"], json!(25_000));
}

#[test]
fn an_expression_that_never_ends_fails_its_state() {
    let mut house = House::new();
    let endless = ["($f := function($x){ $f($x + 1) }; $f(0))", "($f := function($x){ 1 + $f($x) }; $f(0))"];
    for (number, text) in endless.into_iter().enumerate() {
        let state = json!({"Type": "Pass", "Output": format!("{{% {text} %}}"), "End": true});
        let machine = house.machine(
            &format!("m{number}"),
            &json!({"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": state}}),
        );
        let execution = house.start(&machine, "one", &json!({}));
        house.run();
        let described = house.describe(&execution);
        assert_eq!(
            (&described["status"], &described["error"]),
            (&json!("FAILED"), &json!("States.QueryEvaluationError"))
        );
    }
}

#[test]
fn payloads_beyond_the_limit_are_refused_or_end_the_execution() {
    let mut house = House::new();
    let twice = json!({"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": true});
    let machine = house.machine("m", &json!({"StartAt": "P", "States": {"P": twice}}));
    let text = |bytes: usize| json!("x".repeat(bytes - 2)).to_string();
    let request = |bytes: usize| json!({"stateMachineArn": machine, "input": text(bytes)});
    assert_eq!(refused(&mut house, "StartExecution", &request(LIMIT + 1)).0, "ValidationException");
    let execution =
        house.call("StartExecution", &request(LIMIT))["executionArn"].as_str().unwrap().to_owned();
    house.run();
    assert_eq!(house.describe(&execution)["error"], "States.DataLimitExceeded");
    let token = "0".repeat(64);
    let output = json!({"taskToken": token, "output": text(LIMIT + 1)});
    assert_eq!(refused(&mut house, "SendTaskSuccess", &output).0, "ValidationException");
}

#[test]
fn tokens_of_others_are_refused() {
    let mut house = House::new();
    for (token, code) in
        [("AQCEAAAAKgAAAAMAAAAA", "InvalidToken"), (&*"0".repeat(64), "TaskTimedOut"), ("", "InvalidToken")]
    {
        for (operation, mut request) in [
            ("SendTaskSuccess", json!({"output": "1"})),
            ("SendTaskFailure", json!({})),
            ("SendTaskHeartbeat", json!({})),
        ] {
            request["taskToken"] = json!(token);
            let (found, _) = refused(&mut house, operation, &request);
            assert!(
                found == code || (token.is_empty() && found == "ValidationException"),
                "{operation} {token}: {found}"
            );
        }
    }
}

#[test]
fn a_machine_that_runs_is_deleted_and_its_executions_go_on() {
    let mut house = House::new();
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "Next": "P"}, "P": {"Type": "Pass", "End": true}}});
    let machine = house.machine("m", &wait);
    let execution = house.start(&machine, "one", &json!({}));
    while house.step(Fate::Settles) {}
    house.call("DeleteStateMachine", &json!({"stateMachineArn": machine}));
    let (code, _) = refused(&mut house, "StartExecution", &json!({"stateMachineArn": machine}));
    assert_eq!(code, "StateMachineDoesNotExist");
    let shown = house.call("DescribeStateMachineForExecution", &json!({"executionArn": execution}));
    assert_eq!(shown["definition"], json!(wait.to_string()));
    house = house.reopen();
    house.run();
    assert_eq!(house.describe(&execution)["status"], "SUCCEEDED");
}
