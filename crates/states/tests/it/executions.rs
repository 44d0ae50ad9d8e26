//! Starting, waiting, reporting, stopping, redriving, map runs.

use asl::TaskError;
use serde_json::{Value, json};

use crate::house::{Fate, House, echo};

fn pass(next: &str) -> Value {
    json!({"Type": "Pass", "Next": next})
}

#[test]
fn a_start_is_idempotent_by_name_while_it_runs_with_the_same_input() {
    let mut house = House::new();
    let machine = house
        .machine("m", &json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "End": true}}}));
    let execution = house.start(&machine, "one", &json!({"a": 1}));
    assert_eq!(house.start(&machine, "one", &json!({"a": 1})), execution);
    let other = json!({"stateMachineArn": machine, "name": "one", "input": "{}"});
    let refused = house.try_call("StartExecution", &other).unwrap_err();
    assert_eq!(
        (&*refused.code, refused.message),
        ("ExecutionAlreadyExists", format!("Execution Already Exists: '{execution}'"))
    );
    house.run();
    assert_eq!(house.describe(&execution)["status"], "SUCCEEDED");
    let again = json!({"stateMachineArn": machine, "name": "one", "input": "{\"a\":1}"});
    assert_eq!(house.try_call("StartExecution", &again).unwrap_err().code, "ExecutionAlreadyExists");
}

#[test]
fn a_token_is_good_once() {
    let mut house = House::new();
    let task = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}, "End": true});
    let machine = house.machine("m", &json!({"StartAt": "T", "States": {"T": task}}));
    let execution = house.start(&machine, "one", &json!({}));
    house.step(Fate::Settles);
    let token = std::cell::RefCell::new(String::new());
    house.task(Fate::Settles, |owed| {
        owed.input["MessageBody"]["t"].as_str().unwrap().clone_into(&mut token.borrow_mut());
        echo(owed)
    });
    house.run();
    assert_eq!(house.describe(&execution)["status"], "RUNNING");
    let token = token.into_inner();
    house.call("SendTaskHeartbeat", &json!({"taskToken": token}));
    house.call("SendTaskSuccess", &json!({"taskToken": token, "output": "{\"done\":true}"}));
    let again = house.try_call("SendTaskSuccess", &json!({"taskToken": token, "output": "{}"})).unwrap_err();
    assert_eq!(again.code, "TaskTimedOut");
    let foreign = house.try_call("SendTaskFailure", &json!({"taskToken": "no token"})).unwrap_err();
    assert_eq!(foreign.message, "Invalid Token: 'Invalid token'");
    house.run();
    let described = house.describe(&execution);
    assert_eq!(
        (&described["status"], &described["output"]),
        (&json!("SUCCEEDED"), &json!("{\"done\":true}"))
    );
    assert!(house.history(&execution).contains(&"TaskSubmitted".to_owned()));
}

#[test]
fn an_activity_waits_for_its_worker() {
    let mut house = House::new();
    let activity =
        house.call("CreateActivity", &json!({"name": "work"}))["activityArn"].as_str().unwrap().to_owned();
    let machine = house.machine(
        "m",
        &json!({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "End": true}}}),
    );
    let execution = house.start(&machine, "one", &json!({"n": 1}));
    let nobody = house.call("GetActivityTask", &json!({"activityArn": activity}));
    assert_eq!(nobody["taskToken"], Value::Null);
    house.run();
    let task = house.call("GetActivityTask", &json!({"activityArn": activity, "workerName": "w"}));
    assert_eq!(task["input"], "{\"n\":1}");
    house.call("SendTaskFailure", &json!({"taskToken": task["taskToken"], "error": "Tired"}));
    house.run();
    assert_eq!(house.describe(&execution)["error"], "Tired");
    let history = house.history(&execution);
    assert!(
        history.contains(&"ActivityStarted".to_owned()) && history.contains(&"ActivityFailed".to_owned())
    );
}

#[test]
fn a_task_of_a_deleted_activity_is_not_scheduled_and_a_running_one_can_still_be_reported() {
    let mut house = House::new();
    let create = json!({"name": "work"});
    let activity = house.call("CreateActivity", &create)["activityArn"].as_str().unwrap().to_owned();
    let machine = house.machine(
        "m",
        &json!({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "End": true}}}),
    );
    let running = house.start(&machine, "running", &json!(1));
    house.run();
    let task = house.call("GetActivityTask", &json!({"activityArn": activity}));
    house.call("DeleteActivity", &json!({"activityArn": activity}));
    // Source: LocalStack's recording test_activity_task_on_deleted.
    let late = house.start(&machine, "late", &json!(2));
    house.run();
    assert_eq!(house.history(&late), ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]);
    let cause = format!(
        "An error occurred while executing the state 'A' (entered at the event id #2). The activity {activity} does not exist."
    );
    let described = house.describe(&late);
    assert_eq!((&described["error"], &described["cause"]), (&json!("States.Runtime"), &json!(cause)));
    house.call("SendTaskSuccess", &json!({"taskToken": task["taskToken"], "output": "3"}));
    house.run();
    assert_eq!(house.describe(&running)["output"], "3");
}

#[test]
fn what_is_stopped_has_ended_when_it_is_answered() {
    let mut house = House::new();
    let machine = house.machine(
        "m",
        &json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 500, "End": true}}}),
    );
    let execution = house.start(&machine, "one", &json!({}));
    house.step(Fate::Settles);
    house.call("StopExecution", &json!({"executionArn": execution, "error": "E", "cause": "C"}));
    let described = house.describe(&execution);
    assert_eq!((&described["status"], &described["cause"]), (&json!("ABORTED"), &json!("C")));
    house.run();
    assert_eq!(house.history(&execution).last().map(String::as_str), Some("ExecutionAborted"));
}

#[test]
fn a_redrive_goes_on_where_it_failed() {
    let mut house = House::new();
    let task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload": 7}, "End": true});
    let machine = house.machine("m", &json!({"StartAt": "P", "States": {"P": pass("T"), "T": task}}));
    let execution = house.start(&machine, "one", &json!({}));
    house.step(Fate::Settles);
    house.task(Fate::Settles, |_| Err(TaskError { error: Some("Down".to_owned()), cause: None }));
    house.run();
    let failed = house.describe(&execution);
    assert_eq!((&failed["error"], &failed["redriveStatus"]), (&json!("Down"), &json!("REDRIVABLE")));
    house.call("RedriveExecution", &json!({"executionArn": execution}));
    assert_eq!(house.describe(&execution)["status"], "RUNNING");
    house.run();
    let described = house.describe(&execution);
    assert_eq!(
        (&described["status"], &described["output"], &described["redriveCount"]),
        (&json!("SUCCEEDED"), &json!("7"), &json!(1))
    );
    assert!(house.history(&execution).contains(&"ExecutionRedriven".to_owned()));
    let refused = house.try_call("RedriveExecution", &json!({"executionArn": execution})).unwrap_err();
    assert_eq!(refused.code, "ExecutionNotRedrivable");
}

#[test]
fn a_map_run_keeps_its_concurrency_and_its_order() {
    let mut house = House::new();
    let work = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true});
    let map = json!({"Type": "Map", "MaxConcurrency": 3, "Label": "L", "End": true,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "T", "States": {"T": work}}});
    let machine = house.machine("m", &json!({"StartAt": "M", "States": {"M": map}}));
    let items: Vec<u64> = (0..25).collect();
    let execution = house.start(&machine, "one", &json!(items));
    let mut most = 0;
    loop {
        while house.step(Fate::Settles) {}
        let runs = house.call("ListMapRuns", &json!({"executionArn": execution}));
        if let Some(run) = runs["mapRuns"].as_array().unwrap().first() {
            let shown = house.call("DescribeMapRun", &json!({"mapRunArn": run["mapRunArn"]}));
            most = most.max(shown["itemCounts"]["running"].as_u64().unwrap());
        }
        if !house.task(Fate::Settles, echo) {
            break;
        }
    }
    house.run();
    assert_eq!(most, 3);
    let described = house.describe(&execution);
    assert_eq!(described["output"], json!(items).to_string(), "{described}");
    let runs = house.call("ListMapRuns", &json!({"executionArn": execution}));
    let run = &runs["mapRuns"][0]["mapRunArn"];
    let children = house.call("ListExecutions", &json!({"mapRunArn": run, "maxResults": 1000}));
    assert_eq!(children["executions"].as_array().unwrap().len(), 25);
}

#[test]
fn what_is_not_served_is_refused_by_name() {
    let mut house = House::new();
    let definition = json!({"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true}}});
    let request = json!({"name": "m", "definition": definition.to_string(), "roleArn": "r"});
    let refused = house.try_call("CreateStateMachine", &request).unwrap_err();
    assert!(
        refused.message.contains("sns:publish is not served")
            && refused.message.contains("at /States/S/Resource"),
        "{refused}"
    );
}
