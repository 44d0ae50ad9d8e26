//! A map run that failed, redriven: only what did not succeed runs again.

use asl::TaskError;
use serde_json::{Value, json};

use crate::house::{Fate, House, echo};

/// A map run of so many at a time whose items are tasks.
fn definition(concurrency: u64) -> Value {
    let work = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true});
    json!({"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": concurrency, "Label": "L", "End": true,
        "ToleratedFailureCount": 1,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P",
            "States": {"P": {"Type": "Pass", "Next": "T"}, "T": work}}}}})
}

fn payload(owed: &states::task::OwedTask) -> u64 {
    owed.input["Payload"].as_u64().unwrap()
}

/// All that can be done now, items below `broken` failing; the items that were tried.
fn work(house: &mut House, broken: u64) -> Vec<u64> {
    let tried = std::cell::RefCell::new(Vec::new());
    loop {
        while house.step(Fate::Settles) {}
        let answered = house.task(Fate::Settles, |owed| {
            tried.borrow_mut().push(payload(owed));
            if payload(owed) < broken {
                return Err(TaskError { error: Some("Broken".to_owned()), cause: None });
            }
            echo(owed)
        });
        if !answered {
            return tried.into_inner();
        }
    }
}

fn map_run(house: &mut House, execution: &str) -> Value {
    let runs = house.call("ListMapRuns", &json!({"executionArn": execution}));
    assert_eq!(runs["mapRuns"].as_array().unwrap().len(), 1, "a redrive starts no other map run");
    house.call("DescribeMapRun", &json!({"mapRunArn": runs["mapRuns"][0]["mapRunArn"]}))
}

#[test]
fn only_children_that_did_not_succeed_run_again() {
    let mut house = House::new();
    let machine = house.machine("m", &definition(2));
    let execution = house.start(&machine, "one", &json!([7, 0, 8, 1, 9, 5]));
    let tried = work(&mut house, 2);
    assert_eq!(tried, [7, 0, 8, 1], "two at a time, and none after the second failure");
    let run = map_run(&mut house, &execution);
    assert_eq!((&run["status"], &house.describe(&execution)["status"]), (&json!("FAILED"), &json!("FAILED")));
    let counts = &run["executionCounts"];
    let ended: u64 = ["succeeded", "failed", "aborted", "pending"]
        .iter()
        .map(|name| counts[*name].as_u64().unwrap())
        .sum();
    assert_eq!((ended, &counts["running"]), (6, &json!(0)), "{counts}");

    house.call("RedriveExecution", &json!({"executionArn": execution}));
    let again = work(&mut house, 0);
    let succeeded = usize::try_from(counts["succeeded"].as_u64().unwrap()).unwrap();
    assert_eq!(again.len(), 6 - succeeded, "{again:?}");
    assert!([0, 1, 5].iter().all(|item| again.contains(item)) && !again.contains(&7), "{again:?}");
    house.run();
    let described = house.describe(&execution);
    assert_eq!((&described["status"], &described["output"]), (&json!("SUCCEEDED"), &json!("[7,0,8,1,9,5]")));
    let run = map_run(&mut house, &execution);
    assert_eq!((&run["status"], &run["redriveCount"]), (&json!("SUCCEEDED"), &json!(1)));
    assert!(run["redriveDate"].is_number());
    let counts = &run["executionCounts"];
    assert_eq!(
        (&counts["succeeded"], &counts["pendingRedrive"], &counts["failed"]),
        (&json!(6), &json!(0), &json!(0))
    );
    let history = house.history(&execution);
    let after: Vec<&str> =
        history.iter().map(String::as_str).skip_while(|kind| *kind != "ExecutionRedriven").collect();
    assert_eq!(
        after,
        [
            "ExecutionRedriven",
            "MapRunRedriven",
            "MapRunSucceeded",
            "MapStateSucceeded",
            "MapStateExited",
            "ExecutionSucceeded"
        ]
    );
    let children = house.call("ListExecutions", &json!({"mapRunArn": run["mapRunArn"], "maxResults": 100}));
    let redriven =
        children["executions"].as_array().unwrap().iter().filter(|child| child["redriveCount"] == json!(1));
    let child = redriven.clone().next().unwrap()["executionArn"].as_str().unwrap().to_owned();
    assert!(redriven.count() >= 2);
    let history = house.history(&child);
    assert_eq!(
        history.iter().filter(|kind| *kind == "PassStateEntered").count(),
        1,
        "from the state that failed: {history:?}"
    );
}

#[test]
fn a_redrive_waits_for_children_that_are_being_stopped() {
    let mut house = House::new();
    let machine = house.machine("m", &definition(3));
    let execution = house.start(&machine, "one", &json!([7, 8, 9]));
    while house.step(Fate::Settles) {}
    house.call("StopExecution", &json!({"executionArn": execution}));
    house.call("RedriveExecution", &json!({"executionArn": execution}));
    let tried = work(&mut house, 0);
    house.run();
    assert!(tried.iter().filter(|item| **item == 8).count() <= 2);
    let described = house.describe(&execution);
    assert_eq!((&described["status"], &described["output"]), (&json!("SUCCEEDED"), &json!("[7,8,9]")));
    assert_eq!(map_run(&mut house, &execution)["executionCounts"]["succeeded"], json!(3));
}

#[test]
fn what_fails_again_fails_the_execution_again() {
    let mut house = House::new();
    let machine = house.machine("m", &definition(1));
    let execution = house.start(&machine, "one", &json!([0, 0, 7]));
    work(&mut house, 1);
    assert_eq!(house.describe(&execution)["status"], "FAILED");
    house.call("RedriveExecution", &json!({"executionArn": execution}));
    assert_eq!(work(&mut house, 1), [0, 0]);
    let counts = map_run(&mut house, &execution)["executionCounts"].clone();
    assert_eq!(
        (&counts["failed"], &counts["pending"], &counts["pendingRedrive"]),
        (&json!(2), &json!(1), &json!(0))
    );
    house.call("RedriveExecution", &json!({"executionArn": execution}));
    assert_eq!(work(&mut house, 0), [0, 0, 7]);
    assert_eq!(house.describe(&execution)["output"], json!("[0,0,7]"));
    assert_eq!(map_run(&mut house, &execution)["redriveCount"], json!(2));
}
