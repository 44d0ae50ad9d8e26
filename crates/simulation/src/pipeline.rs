//! What is set up: queues with dead-letter queues, rules with their targets, a state machine.

use serde_json::{Value, json};

use crate::calls::{Caller, NoAnswer};
use crate::judge::{LIMIT, Queue};
use crate::target::HOST;

const ACCOUNT: &str = "000000000000";
const REGION: &str = "us-east-1";
/// A message that was received so often without being deleted is a dead letter.
const RECEIVED_MAX: u32 = 3;

/// A queue's URL.
pub(crate) fn url(queue: Queue) -> String {
    format!("http://127.0.0.1:4566/{ACCOUNT}/{}", queue.name())
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

/// The state machine's ARN.
pub(crate) fn machine() -> String {
    arn("states", "stateMachine:walk")
}

/// An execution's ARN.
pub(crate) fn execution(number: u64) -> String {
    arn("states", &format!("execution:walk:e{number}"))
}

/// Makes all of it; made again after a kill, what is there stays.
pub(crate) async fn set_up(caller: &Caller) -> Result<(), NoAnswer> {
    for (operation, request) in queues().into_iter().chain(rules()) {
        caller.ask(operation, &request).await?;
    }
    let connection = made(caller, "Connection", &connection()).await?;
    let destination = json!({
        "Name": "target", "ConnectionArn": connection, "HttpMethod": "POST",
        "InvocationEndpoint": format!("http://{HOST}/hook"), "InvocationRateLimitPerSecond": 300,
    });
    let destination = made(caller, "ApiDestination", &destination).await?;
    caller.ask("AWSEvents.PutTargets", &called(&destination)).await?;
    caller.ask("AWSStepFunctions.CreateStateMachine", &state_machine()).await?;
    Ok(())
}

/// Makes what has a name of its own for good, or finds it; its ARN.
async fn made(caller: &Caller, noun: &str, request: &Value) -> Result<Value, NoAnswer> {
    let arn_of = |answer: &Value| answer[format!("{noun}Arn")].clone();
    match caller.ask(&format!("AWSEvents.Create{noun}"), request).await {
        Ok(answer) => Ok(arn_of(&answer)),
        Err(NoAnswer::Refused(text)) if text.contains("ResourceAlreadyExists") => {
            let found =
                caller.ask(&format!("AWSEvents.Describe{noun}"), &json!({"Name": request["Name"]})).await?;
            Ok(arn_of(&found))
        }
        Err(other) => Err(other),
    }
}

fn queues() -> Vec<(&'static str, Value)> {
    let redrive = |dead: Queue| {
        let dead = arn("sqs", dead.name());
        json!({"deadLetterTargetArn": dead, "maxReceiveCount": RECEIVED_MAX}).to_string()
    };
    let attributes = |queue: Queue| match queue {
        Queue::Plain => json!({"RedrivePolicy": redrive(Queue::PlainDead)}),
        Queue::Line => json!({"FifoQueue": "true", "RedrivePolicy": redrive(Queue::LineDead)}),
        Queue::LineDead => json!({"FifoQueue": "true"}),
        Queue::Ordered => json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}),
        Queue::PlainDead | Queue::Ruled | Queue::Dead | Queue::Tasks => json!({}),
    };
    // Dead-letter queues first: others name them.
    let first = [Queue::PlainDead, Queue::LineDead, Queue::Dead];
    let rest = Queue::ALL.into_iter().filter(|queue| !first.contains(queue));
    let request = |queue: Queue| json!({"QueueName": queue.name(), "Attributes": attributes(queue)});
    first.into_iter().chain(rest).map(|queue| ("AmazonSQS.CreateQueue", request(queue))).collect()
}

fn rules() -> Vec<(&'static str, Value)> {
    let rule = |name: &str, types: &[&str]| json!({"Name": name, "EventPattern": json!({"detail-type": types}).to_string()});
    let target = |queue: Queue| json!({"Id": "t", "Arn": arn("sqs", queue.name())});
    let mut ordered = target(Queue::Ordered);
    ordered["SqsParameters"] = json!({"MessageGroupId": "all"});
    let mut limited = rule("called", &["called", "both"]);
    limited["Tags"] = json!([{"Key": "trunkline:concurrency", "Value": LIMIT.to_string()}]);
    vec![
        ("AWSEvents.PutRule", rule("ruled", &["ruled", "both"])),
        ("AWSEvents.PutTargets", json!({"Rule": "ruled", "Targets": [target(Queue::Ruled)]})),
        ("AWSEvents.PutRule", rule("ordered", &["ordered"])),
        ("AWSEvents.PutTargets", json!({"Rule": "ordered", "Targets": [ordered]})),
        ("AWSEvents.PutRule", limited),
    ]
}

fn connection() -> Value {
    json!({"Name": "target", "AuthorizationType": "BASIC", "AuthParameters": {
        "BasicAuthParameters": {"Username": "user", "Password": "password"}}})
}

fn called(destination: &Value) -> Value {
    json!({"Rule": "called", "Targets": [{
        "Id": "t", "Arn": destination, "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/rule"),
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3_600},
        "DeadLetterConfig": {"Arn": arn("sqs", Queue::Dead.name())},
    }]})
}

fn state_machine() -> Value {
    let definition = json!({
        "StartAt": "Pass",
        "States": {
            "Pass": {"Type": "Pass", "Next": "Long"},
            "Long": {"Type": "Choice", "Choices": [{"Variable": "$.s", "NumericGreaterThan": 0, "Next": "Wait"}], "Default": "Send"},
            "Wait": {"Type": "Wait", "SecondsPath": "$.s", "Next": "Send"},
            "Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
                "Parameters": {"QueueUrl": url(Queue::Tasks), "MessageBody.$": "$"}},
        },
    });
    json!({"name": "walk", "definition": definition.to_string(), "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/walk")})
}
