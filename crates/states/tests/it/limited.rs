//! Rules' starts of limited machines, and test cases of a mock file.

use std::sync::Arc;

use asl::mock_config::MockConfig;
use serde_json::{Value, json};

use crate::house::{Fate, House};

fn waiting() -> Value {
    json!({"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true}}})
}

fn running(house: &mut House, machine: &str) -> usize {
    let request = json!({"stateMachineArn": machine, "statusFilter": "RUNNING", "maxResults": 1000});
    house.call("ListExecutions", &request)["executions"].as_array().unwrap().len()
}

fn all(house: &mut House, machine: &str) -> Vec<Value> {
    let request = json!({"stateMachineArn": machine, "maxResults": 1000});
    house.call("ListExecutions", &request)["executions"].as_array().unwrap().clone()
}

#[test]
fn no_more_executions_are_open_than_a_rule_lets_and_none_is_lost_by_kills() {
    let mut house = House::new();
    let machine = house.machine("m", &waiting());
    // One that nobody limited is open already, and counts.
    house.start(&machine, "own", &json!({}));
    let arns: Vec<String> = (0..25)
        .map(|number| house.start_by_rule(&machine, &json!({"n": number}), Some(4)).unwrap())
        .collect();
    assert_eq!(running(&mut house, &machine), 4);
    let mut rounds = 0;
    loop {
        rounds += 1;
        // Every third call is lost in a kill.
        let fate = if rounds % 3 == 0 { Fate::IsLost } else { Fate::Settles };
        let has_stepped = house.step(fate) || house.task(fate, crate::house::echo);
        assert!(running(&mut house, &machine) <= 4);
        if fate == Fate::IsLost {
            house = house.reopen();
        } else if !has_stepped {
            break;
        }
    }
    let ended = all(&mut house, &machine);
    assert_eq!((ended.len(), ended.iter().all(|one| one["status"] == "SUCCEEDED")), (26, true));
    for (number, arn) in arns.iter().enumerate() {
        assert_eq!(house.describe(arn)["input"], json!({"n": number}).to_string());
    }
}

#[test]
fn a_limit_that_is_raised_or_taken_away_lets_in_who_waits() {
    let mut house = House::new();
    let machine = house.machine("m", &waiting());
    for _ in 0..5 {
        house.start_by_rule(&machine, &json!({}), Some(1)).unwrap();
    }
    assert_eq!(running(&mut house, &machine), 1);
    house.start_by_rule(&machine, &json!({}), Some(3)).unwrap();
    assert_eq!(running(&mut house, &machine), 3);
    house.start_by_rule(&machine, &json!({}), None).unwrap();
    assert_eq!(running(&mut house, &machine), 7);
    let gone =
        house.start_by_rule("arn:aws:states:us-east-1:111111111111:stateMachine:no", &json!({}), Some(1));
    assert_eq!(gone.unwrap_err().code, "StateMachineDoesNotExist");
}

#[test]
fn a_start_whose_machine_is_gone_is_given_back() {
    let mut house = House::new();
    let machine = house.machine("m", &waiting());
    let arns: Vec<String> =
        (0..4).map(|number| house.start_by_rule(&machine, &json!(number), Some(1)).unwrap()).collect();
    house.call("DeleteStateMachine", &json!({"stateMachineArn": machine}));
    assert!(house.sweep(100) > 0);
    let gone = |number: u32| (format!("debt of {number}"), "StateMachineDoesNotExist".to_owned());
    assert_eq!(house.given_back(), [gone(1), gone(2), gone(3)]);
    // The one that is open goes on with its definition.
    house.run();
    assert_eq!(house.describe(&arns[0])["status"], "SUCCEEDED");
    assert_eq!(house.sweep(100), 0);
}

#[test]
fn an_express_machine_of_the_same_name_lets_in_who_waits() {
    let mut house = House::new();
    let machine = house.machine("m", &waiting());
    for number in 0..3 {
        house.start_by_rule(&machine, &json!(number), Some(1)).unwrap();
    }
    house.call("DeleteStateMachine", &json!({"stateMachineArn": machine}));
    let pass = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    house.call("CreateStateMachine", &json!({"name": "m", "type": "EXPRESS", "definition": pass.to_string(), "roleArn": "arn:aws:iam::111111111111:role/r"}));
    assert_eq!(house.sweep(100), 2);
    assert!(house.given_back().is_empty());
    assert_eq!(house.express(), 2);
}

#[test]
fn a_test_case_answers_tasks_attempt_by_attempt_also_over_a_kill() {
    let mut house = House::new();
    let text = json!({
        "StateMachines": {"m": {"TestCases": {"Busy": {"T": "BusyThenDone"}}}},
        "MockedResponses": {"BusyThenDone": {
            "0-1": {"Throw": {"Error": "Busy", "Cause": "later"}}, "2": {"Return": {"ok": true}}}}});
    let mocks = Arc::new(MockConfig::parse(&text.to_string()).unwrap());
    house.states.set_mocks(Arc::clone(&mocks));
    let mut definition = waiting();
    definition["States"]["T"]["Retry"] = json!([{"ErrorEquals": ["Busy"]}]);
    let machine = house.machine("m", &definition);
    let mocked = house.start(&format!("{machine}#Busy"), "one", &json!({}));
    house.step(Fate::Settles);
    house = house.reopen();
    house.states.set_mocks(mocks);
    house.run();
    assert_eq!(house.describe(&mocked)["output"], "{\"ok\":true}");
    assert_eq!(house.history(&mocked).iter().filter(|kind| *kind == "TaskFailed").count(), 2);
    assert!(house.calls.is_empty(), "a mocked task was called");
    // Without a case the service is asked.
    let real = house.start(&machine, "two", &json!({"n": 1}));
    house.run();
    assert_eq!(house.describe(&real)["output"], "{\"n\":1}");
    let request = json!({"stateMachineArn": format!("{machine}#None")});
    assert_eq!(house.try_call("StartExecution", &request).unwrap_err().code, "InvalidArn");
}
