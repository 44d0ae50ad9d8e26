//! A kill between any two commits: nothing is lost, nothing ends twice, no history has a gap.

use serde_json::{Value, json};

use crate::house::{Fate, House, echo};

/// Branches, retries, a wait, an inline Map, a child that is waited for.
fn definition(child: &str) -> Value {
    let call = |payload: &str| {
        json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": payload}, "ResultPath": "$.called", "End": true})
    };
    json!({"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "ResultPath": "$.both", "Next": "Each", "Branches": [
            {"StartAt": "Call", "States": {"Call": call("$.n")}},
            {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 2, "End": true}}}]},
        "Each": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.each", "Next": "Child",
            "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true}}}},
        "Child": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": child, "Input": {"x": 1}}, "ResultSelector": {"out.$": "$.Output"}, "ResultPath": "$.child", "End": true}
    }})
}

fn begin(house: &mut House) -> (String, String) {
    let child = house.machine(
        "child",
        &json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": {"y": 2}, "End": true}}}),
    );
    let machine = house.machine("parent", &definition(&child));
    let execution = house.start(&machine, "one", &json!({"n": 3, "items": [1, 2, 3]}));
    (child, execution)
}

#[test]
fn a_kill_anywhere_costs_nothing_but_a_call() {
    let mut undisturbed = House::new();
    let (_, execution) = begin(&mut undisturbed);
    undisturbed.run();
    let (wanted, calls) = (undisturbed.describe(&execution), undisturbed.calls.len());
    let mut types = undisturbed.history(&execution);
    types.sort();
    assert_eq!(wanted["status"], "SUCCEEDED", "{wanted}");
    // Each round the kill comes one piece of work later than in the round before, until it comes after the end.
    for spared in 0..200 {
        let mut house = House::new();
        let (child, execution) = begin(&mut house);
        let killed = run_until(&mut house, spared);
        house = house.reopen();
        house.run();
        let described = house.describe(&execution);
        assert_eq!(
            (&described["status"], &described["output"]),
            (&wanted["status"], &wanted["output"]),
            "after {spared}"
        );
        let mut seen = house.history(&execution);
        seen.sort();
        assert_eq!(seen, types, "after {spared}");
        assert!(house.calls.len() <= calls + 1, "called again more than once: {:?}", house.calls);
        let children = house.call("ListExecutions", &json!({"stateMachineArn": child}));
        assert_eq!(children["executions"].as_array().unwrap().len(), 1, "the child was started twice");
        if !killed {
            return;
        }
    }
    panic!("it never ends");
}

/// Works off as many pieces, and loses the next one. Whether there was a next one.
fn run_until(house: &mut House, spared: usize) -> bool {
    let mut done = 0;
    loop {
        let fate = if done == spared { Fate::IsLost } else { Fate::Settles };
        if house.step(fate) || house.task(fate, echo) {
            if fate == Fate::IsLost {
                return true;
            }
            done += 1;
            continue;
        }
        match house.states.next_step_at().filter(|at| at.unix_ms() + 1_000 > house.now_ms) {
            Some(at) => house.now_ms = at.unix_ms() + 1_000,
            None => return false,
        }
    }
}
