//! Asynchronous invocations: tried as AWS tries them, given up to the dead-letter queue.

use std::time::Duration;

use aws::{Ids, Timestamp};
use lambda::name::FunctionName;
use lambda::owed::{Answer, Failed, NewInvocation, OwedInvocation, Settlement};
use serde_json::{Value, json};
use store::Commit;

use crate::house::{House, NOON};

fn commit<T: Send + 'static>(
    house: &House,
    now: Timestamp,
    act: impl FnOnce(&lambda::Functions, &mut Commit<'_>) -> T + Send + 'static,
) -> T {
    let functions = house.functions.clone();
    let store = house.functions.store().clone();
    let done = store
        .write(|error| error, move |tx| Ok(act(&functions, &mut Commit::new(tx, now, &Ids::from_seed(9)))));
    done.wait().unwrap()
}

fn create(house: &mut House) {
    let role = "arn:aws:iam::000000000000:role/r";
    let letters = json!({"TargetArn": "arn:aws:sqs:us-east-1:000000000000:letters"});
    let request = json!({"FunctionName": "f", "Runtime": "nodejs20.x", "Role": role, "Handler": "i.h",
        "Code": {"ZipFile": "UEsx"}, "DeadLetterConfig": letters});
    house.ask("CreateFunction", &request).unwrap();
    let new = NewInvocation {
        id: "request".to_owned(),
        name: FunctionName { name: "f".to_owned(), qualifier: None },
        payload: "{}".to_owned(),
        client_context: None,
        trace_header: None,
    };
    commit(house, NOON, |functions, commit| functions.owe(commit, new)).unwrap();
}

fn done() -> Answer {
    Answer { version: "$LATEST".to_owned(), payload: r#"{"n":1.10}"#.to_owned() }
}

fn boom() -> Failed {
    let payload = r#"{"errorMessage":"boom","errorType":"Error"}"#.to_owned();
    let answer = Some(Answer { version: "$LATEST".to_owned(), payload });
    Failed::Function { words: "boom".to_owned(), answer }
}

fn due(house: &House, now: Timestamp) -> Vec<OwedInvocation> {
    commit(house, now, |functions, commit| functions.due(commit, |_| 10))
}

fn settle(house: &House, now: Timestamp, owed: OwedInvocation, result: Result<Answer, Failed>) -> Settlement {
    commit(house, now, move |functions, commit| functions.settle(commit, &owed, &result))
}

#[test]
fn a_function_that_fails_is_tried_twice_more_and_then_given_up() {
    let mut house = House::new();
    create(&mut house);
    let failed = || Err(boom());
    let mut now = NOON;
    for (attempt, pause) in [(1, 60), (2, 120)] {
        let owed = due(&house, now).pop().unwrap();
        assert_eq!(
            (owed.attempt, owed.id.as_str(), owed.call_time),
            (attempt, "request", Duration::from_secs(63))
        );
        assert!(due(&house, now).is_empty(), "it is leased");
        let at = now.plus(Duration::from_secs(pause));
        assert_eq!(settle(&house, now, owed, failed()), Settlement::Rescheduled { at });
        assert!(due(&house, at.minus(Duration::from_millis(1))).is_empty());
        now = at;
    }
    let owed = due(&house, now).pop().unwrap();
    // There is no such queue yet.
    let again = owed.clone();
    assert_eq!(settle(&house, now, owed, failed()), Settlement::Lost);
    assert_eq!(settle(&house, now, again, Ok(done())), Settlement::Gone);
    assert!(due(&house, now.plus(Duration::from_secs(86_400))).is_empty());
}

/// The process that had leased it is gone with all that it had started: there is nothing to wait for.
#[test]
fn what_was_under_way_in_a_process_that_is_gone_is_due_at_once_and_its_place_is_free() {
    let mut house = House::new();
    create(&mut house);
    house
        .ask("PutFunctionConcurrency", &json!({"FunctionName": "f", "ReservedConcurrentExecutions": 1}))
        .unwrap();
    let first = due(&house, NOON).pop().unwrap();
    assert!(due(&house, NOON).is_empty(), "it is leased");
    house.functions.take_up().unwrap();
    let again = due(&house, NOON).pop().unwrap();
    assert_eq!((again.id.as_str(), again.attempt), (first.id.as_str(), 1), "a kill is no try");
    assert!(due(&house, NOON).is_empty(), "its place is taken again");
    assert_eq!(settle(&house, NOON, first, Ok(done())), Settlement::Gone);
    assert_eq!(settle(&house, NOON, again, Ok(done())), Settlement::Done);
}

#[test]
fn what_hinders_a_call_is_no_try_but_has_its_age() {
    let mut house = House::new();
    create(&mut house);
    let mut now = NOON;
    let mut tries = 0;
    loop {
        let owed = due(&house, now).pop().unwrap();
        assert_eq!(owed.attempt, 1);
        tries += 1;
        match settle(&house, now, owed, Err(Failed::Hindered("busy".to_owned()))) {
            Settlement::Rescheduled { at } => {
                assert!(at.since(now) <= Duration::from_secs(300));
                now = at;
            }
            given_up => {
                assert_eq!(given_up, Settlement::Lost);
                break;
            }
        }
    }
    assert!(tries > 50, "{tries}");
    assert!(now.since(NOON) > Duration::from_secs(5 * 3_600), "it is tried for six hours");
}

#[test]
fn reserved_concurrency_bounds_what_is_leased_and_a_deleted_function_is_owed_nothing() {
    let mut house = House::new();
    create(&mut house);
    house
        .ask("PutFunctionConcurrency", &json!({"FunctionName": "f", "ReservedConcurrentExecutions": 1}))
        .unwrap();
    for id in ["a", "b"] {
        let new = NewInvocation {
            id: id.to_owned(),
            name: FunctionName { name: "f".to_owned(), qualifier: None },
            payload: "{}".to_owned(),
            client_context: None,
            trace_header: None,
        };
        commit(&house, NOON, |functions, commit| functions.owe(commit, new)).unwrap();
    }
    let mut first = due(&house, NOON);
    assert_eq!(first.len(), 1);
    assert!(due(&house, NOON).is_empty());
    assert_eq!(settle(&house, NOON, first.pop().unwrap(), Ok(done())), Settlement::Done);
    assert_eq!(due(&house, NOON).len(), 1);
    house.ask("DeleteFunction", &json!({"FunctionName": "f"})).unwrap();
    assert!(due(&house, NOON.plus(Duration::from_secs(86_400))).is_empty());
}

/// What destinations are told of one invocation that ends so, and how it was settled.
fn told(config: &Value, results: Vec<Result<Answer, Failed>>) -> (House, Vec<Settlement>) {
    let mut house = House::new();
    create(&mut house);
    let mut request = config.clone();
    request["FunctionName"] = json!("f");
    house.ask("PutFunctionEventInvokeConfig", &request).unwrap();
    let (mut now, mut settlements) = (NOON, Vec::new());
    for result in results {
        let owed = due(&house, now).pop().unwrap();
        let settlement = settle(&house, now, owed, result);
        if let Settlement::Rescheduled { at } = &settlement {
            now = *at;
        }
        settlements.push(settlement);
    }
    (house, settlements)
}

fn message(house: &House, queue: &str) -> Value {
    let url = format!("http://localhost/000000000000/{queue}");
    let answer = house.sqs("ReceiveMessage", &json!({"QueueUrl": url}));
    serde_json::from_str(answer["Messages"][0]["Body"].as_str().unwrap()).unwrap()
}

#[test]
fn a_destination_is_told_of_a_success_in_awss_words() {
    let arn = "arn:aws:sqs:us-east-1:000000000000:work";
    let (house, settlements) =
        told(&json!({"DestinationConfig": {"OnSuccess": {"Destination": arn}}}), vec![Ok(done())]);
    assert_eq!(settlements, [Settlement::Done]);
    let wanted = json!({
        "version": "1.0",
        "timestamp": "2026-03-19T12:00:00.000Z",
        "requestContext": {"requestId": "request",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST", "condition": "Success",
            "approximateInvokeCount": 1},
        "requestPayload": {},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"n": 1.10},
    });
    assert_eq!(message(&house, "work"), wanted);
}

#[test]
fn a_bus_is_told_of_a_failure_after_as_many_tries_as_the_config_says() {
    let arn = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    let config = json!({"MaximumRetryAttempts": 1, "DestinationConfig": {"OnFailure": {"Destination": arn}}});
    let (house, settlements) = told(&config, vec![Err(boom()), Err(boom())]);
    assert!(matches!(settlements[..], [Settlement::Rescheduled { .. }, Settlement::DeadLettered]));
    let events = house.events.lock().unwrap();
    let event = &events[0]["event"];
    assert_eq!(event["source"], "lambda");
    assert_eq!(event["detail-type"], "Lambda Function Invocation Result - Failure");
    let function = "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST";
    assert_eq!(event["resources"], json!([arn, function]));
    assert_eq!(event["detail"]["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(event["detail"]["requestContext"]["approximateInvokeCount"], 2);
    let context = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"});
    assert_eq!(event["detail"]["responseContext"], context);
    assert_eq!(event["detail"]["responsePayload"]["errorMessage"], "boom");
}

#[test]
fn what_was_never_called_has_no_response() {
    let config = json!({"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:work"}}});
    let (house, settlements) = told(&config, vec![Err(Failed::Forbidden)]);
    assert_eq!(settlements, [Settlement::DeadLettered]);
    let told = message(&house, "work");
    assert_eq!(told["requestContext"]["condition"], "ZeroReservedConcurrency");
    assert_eq!(told["requestContext"]["approximateInvokeCount"], 0);
    assert!(told.get("responseContext").is_none() && told.get("responsePayload").is_none());
}

#[test]
fn an_event_that_is_too_old_is_given_up() {
    let config = json!({"MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:work"}}});
    let (house, settlements) = told(&config, vec![Err(boom())]);
    assert_eq!(settlements, [Settlement::DeadLettered], "the second try would be a minute after the first");
    assert_eq!(message(&house, "work")["requestContext"]["condition"], "EventAgeExceeded");
}
