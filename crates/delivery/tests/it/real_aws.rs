//! Targets that are real AWS resources, against a server that answers as AWS does.

use events::{Attempts, Fate};
use serde_json::{Value, json};

use crate::fault_target::{Act, FaultTarget};
use crate::house::NOON;
use crate::house::{House, set_clock};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:210987654321:orders";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:210987654321:function:f";
const MACHINE: &str = "arn:aws:states:eu-west-1:210987654321:stateMachine:m";

/// A house that calls AWS at `target`, with one rule for a resource there.
fn house(target: &FaultTarget, arn: &str) -> House {
    set_clock(NOON);
    let house = House::new(&["127.0.0.1"]).with_aws(&target.url);
    rule(&house, arn);
    house
}

fn rule(house: &House, arn: &str) {
    house.ask("PutRule", &json!({"Name": "r", "EventPattern": "{\"source\":[\"a\"]}"}));
    let dead = json!({"Arn": "arn:aws:sqs:us-east-1:123456789012:dead"});
    let target = json!({"Id": "t", "Arn": arn, "InputPath": "$.source", "DeadLetterConfig": dead});
    let answer = house.ask("PutTargets", &json!({"Rule": "r", "Targets": [target]}));
    assert_eq!(answer["FailedEntryCount"], 0, "{answer}");
}

/// One attempt at a resource of AWS that answers so; the request, and what became of the delivery.
async fn attempt(arn: &str, act: Act) -> (String, Attempts) {
    let target = FaultTarget::start([act]).await;
    let house = house(&target, arn);
    let event = house.accept("a");
    let running = house.run();
    target.has_seen(1).await;
    running.ended().await;
    (target.requests().remove(0), house.attempts(&event))
}

/// The JSON after the empty line.
fn body_of(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn error(name: &str) -> Act {
    Act::json(
        "400 Bad Request",
        &json!({"__type": format!("com.amazonaws#{name}"), "message": "words"}).to_string(),
    )
}

#[tokio::test]
async fn each_service_is_called_as_its_sdk_does() {
    let cases = [
        (QUEUE, "post / http/1.1", "x-amz-target: amazonsqs.sendmessage", "/eu-west-1/sqs/aws4_request"),
        (
            FUNCTION,
            "post /2015-03-31/functions/arn%3aaws%3alambda%3aeu-west-1%3a210987654321%3afunction%3af/invocations http",
            "x-amz-invocation-type: event",
            "/eu-west-1/lambda/aws4_request",
        ),
        (
            MACHINE,
            "post / http/1.1",
            "x-amz-target: awsstepfunctions.startexecution",
            "/eu-west-1/states/aws4_request",
        ),
    ];
    for (arn, line, header, scope) in cases {
        let (request, attempts) = attempt(arn, Act::json("200 OK", "{}")).await;
        assert_eq!(attempts.fate, Fate::Delivered, "{arn}");
        let lower = request.to_lowercase();
        for part in
            [line, header, scope, "authorization: aws4-hmac-sha256", "x-amz-security-token: hidden-token"]
        {
            assert!(lower.contains(part), "{part} in {request}");
        }
        let body = body_of(&request);
        match arn {
            QUEUE => assert_eq!(
                body,
                json!({"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/210987654321/orders", "MessageBody": "\"a\""})
            ),
            FUNCTION => assert_eq!(body, json!("a")),
            _ => {
                assert_eq!((&body["stateMachineArn"], &body["input"]), (&json!(MACHINE), &json!("\"a\"")));
                assert_eq!(body["name"].as_str().unwrap().len(), 36, "the delivery's own id");
            }
        }
    }
}

#[tokio::test]
async fn an_execution_that_a_lost_answer_hid_is_not_started_twice() {
    let (_, attempts) = attempt(MACHINE, error("ExecutionAlreadyExists")).await;
    assert_eq!(attempts.fate, Fate::Delivered);
}

#[tokio::test]
async fn what_retrying_cannot_mend_is_a_dead_letter_at_once() {
    for (name, code) in [("AccessDeniedException", "NO_PERMISSIONS"), ("QueueDoesNotExist", "NO_RESOURCE")] {
        let (_, attempts) = attempt(QUEUE, error(name)).await;
        assert!(matches!(attempts.fate, Fate::DeadLettered { .. }), "{attempts:?}");
        let (told, words) = attempts.kept[0].error.clone().unwrap();
        assert_eq!(told, code);
        assert!(words.contains(name) && words.contains("words") && !words.contains("hidden"), "{words}");
    }
    let (_, attempts) = attempt(QUEUE, error("ThrottlingException")).await;
    assert!(matches!(attempts.fate, Fate::Owed { .. }), "{attempts:?}");
}

#[tokio::test]
async fn what_aws_repeats_of_a_request_shows_no_secret() {
    let words = format!(
        "The Canonical String should have been 'x-amz-security-token:hidden-token hidden-key{}",
        "-".repeat(400)
    );
    let answer = json!({"__type": "com.amazonaws#SignatureDoesNotMatch", "message": words}).to_string();
    let (_, attempts) = attempt(QUEUE, Act::json("403 Forbidden", &answer)).await;
    assert!(matches!(attempts.fate, Fate::DeadLettered { .. }), "{attempts:?}");
    let (_, told) = attempts.kept[0].error.clone().unwrap();
    let all = format!("{attempts:?}");
    assert!(told.contains("x-amz-security-token:*** ***") && told.len() < 450, "{told}");
    assert!(!all.contains("hidden") && all.contains("SignatureDoesNotMatch"), "{all}");
}

#[tokio::test]
async fn an_endpoint_may_have_a_path() {
    let target = FaultTarget::start([Act::json("200 OK", "{}")]).await;
    set_clock(NOON);
    let house = House::new(&["127.0.0.1"]).with_aws(&format!("{}/front/door/", target.url));
    rule(&house, QUEUE);
    house.accept("a");
    let running = house.run();
    target.has_seen(1).await;
    running.ended().await;
    let request = target.requests().remove(0);
    let host = target.url.strip_prefix("http://").unwrap().trim_end_matches('/');
    assert!(request.starts_with("POST /front/door/ HTTP/1.1"), "{request}");
    assert!(request.to_lowercase().contains(&format!("host: {host}\r\n")), "{request}");
}

#[tokio::test]
async fn without_credentials_nobody_is_called() {
    set_clock(NOON);
    let house = House::new(&["127.0.0.1"]);
    rule(&house, QUEUE);
    let event = house.accept("a");
    let arrival = house.events.arrival();
    let running = house.run();
    arrival.await;
    running.ended().await;
    assert!(house.dead_letters().is_empty(), "it is held until there are credentials");
    let text = format!("{:?}", house.attempts(&event).kept);
    assert!(
        text.contains("NO_PERMISSIONS")
            && text.contains("there are no credentials for AWS. Set AWS_ACCESS_KEY_ID"),
        "{text}"
    );
}
