//! SIGKILL while executions run: every one that was acknowledged goes on to its end, once, without a gap in its history.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Binary;

const ROUNDS: usize = 3;
const STARTED_PER_ROUND: usize = 40;
const PATIENCE: Duration = Duration::from_secs(120);

/// Branches, a wait, a service, a child that is waited for.
fn definition(queue: &str, child: &str) -> Value {
    json!({"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "ResultPath": "$.both", "Next": "Send", "Branches": [
            {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 1, "End": true}}},
            {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": true}}}]},
        "Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "ResultPath": null, "Next": "Child",
            "Parameters": {"QueueUrl": queue, "MessageBody.$": "$.n"}},
        "Child": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "ResultSelector": {"y.$": "$.Output.y"},
            "Parameters": {"StateMachineArn": child, "Input": {}}, "ResultPath": "$.child", "End": true}}})
}

fn machine(binary: &Binary, name: &str, definition: &Value) -> String {
    let request = json!({"name": name, "roleArn": "arn:aws:iam::000000000000:role/any", "definition": definition.to_string()});
    binary.ok("AWSStepFunctions.CreateStateMachine", &request)["stateMachineArn"].as_str().unwrap().to_owned()
}

#[test]
fn no_execution_is_lost_and_none_ends_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut binary = Binary::serve(dir.path());
    let queue = binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "sent"}))["QueueUrl"].clone();
    let pass = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": {"y": 2}, "End": true}}});
    let child = machine(&binary, "child", &pass);
    let parent = machine(&binary, "parent", &definition(queue.as_str().unwrap(), &child));
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..ROUNDS {
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for worker in 0..2 {
                let (binary, parent, acknowledged, count) = (&binary, &parent, &acknowledged, &count);
                let start = move |number: u32| {
                    let started = start(binary, parent, &format!("{round}-{worker}-{number}"));
                    count.fetch_add(started.iter().count(), Ordering::Relaxed);
                    let goes_on = started.is_some();
                    acknowledged.lock().unwrap().extend(started);
                    goes_on
                };
                scope.spawn(move || (0..).take_while(|&number| start(number)).for_each(drop));
            }
            while count.load(Ordering::Relaxed) < STARTED_PER_ROUND {
                std::thread::yield_now();
            }
            crate::killed::kill_from_outside(&binary);
        });
        binary.kill();
        binary = Binary::serve(dir.path());
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= ROUNDS * STARTED_PER_ROUND);
    let parents = all(&binary, &parent);
    let arns: Vec<&str> =
        parents.iter().map(|execution| execution["executionArn"].as_str().unwrap()).collect();
    assert!(acknowledged.iter().all(|arn| arns.contains(&arn.as_str())), "one is lost");
    // Those too whose acknowledgement the kill cut off.
    arns.iter().for_each(|arn| check(&binary, arn));
    // As many children as parents: none was started twice.
    let children = all(&binary, &child);
    assert_eq!(children.len(), parents.len(), "children and parents");
}

/// The ARN of an execution whose start was acknowledged; none where the server was killed.
fn start(binary: &Binary, machine: &str, name: &str) -> Option<String> {
    let input = json!({"n": name}).to_string();
    let request = json!({"stateMachineArn": machine, "input": input});
    let (status, answer) = binary.call("AWSStepFunctions.StartExecution", &request).ok()?;
    assert_eq!(status, 200, "{answer}");
    Some(answer["executionArn"].as_str().unwrap().to_owned())
}

fn all(binary: &Binary, machine: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut request = json!({"stateMachineArn": machine, "maxResults": 1000});
    loop {
        let answer = binary.ok("AWSStepFunctions.ListExecutions", &request);
        found.extend(answer["executions"].as_array().unwrap().iter().cloned());
        match answer.get("nextToken") {
            Some(token) => request["nextToken"] = token.clone(),
            None => return found,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of the machine, for a wait that must end")]
fn check(binary: &Binary, arn: &str) {
    let began = Instant::now();
    let described = loop {
        let described = binary.ok("AWSStepFunctions.DescribeExecution", &json!({"executionArn": arn}));
        if described["status"] != "RUNNING" {
            break described;
        }
        assert!(began.elapsed() < PATIENCE, "it does not go on: {described}");
        std::thread::yield_now();
    };
    assert_eq!(described["status"], "SUCCEEDED", "{described}");
    let history =
        binary.ok("AWSStepFunctions.GetExecutionHistory", &json!({"executionArn": arn, "maxResults": 1000}));
    let events = history["events"].as_array().unwrap();
    let ids: Vec<u64> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "a gap in {arn}");
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!((of("ExecutionStarted"), of("ExecutionSucceeded"), of("TaskSucceeded")), (1, 1, 2), "{arn}");
}
