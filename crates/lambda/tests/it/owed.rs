//! Asynchronous invocations: tried as AWS tries them, given up to the dead-letter queue.

use std::time::Duration;

use aws::{Ids, Timestamp};
use lambda::name::FunctionName;
use lambda::owed::{Failed, NewInvocation, OwedInvocation, Settlement};
use serde_json::json;
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

fn due(house: &House, now: Timestamp) -> Vec<OwedInvocation> {
    commit(house, now, |functions, commit| functions.due(commit, |_| 10))
}

fn settle(house: &House, now: Timestamp, owed: OwedInvocation, result: Result<(), Failed>) -> Settlement {
    commit(house, now, move |functions, commit| functions.settle(commit, &owed, &result))
}

#[test]
fn a_function_that_fails_is_tried_twice_more_and_then_given_up() {
    let mut house = House::new();
    create(&mut house);
    let failed = || Err(Failed::Function("boom".to_owned()));
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
    assert_eq!(settle(&house, now, again, Ok(())), Settlement::Gone);
    assert!(due(&house, now.plus(Duration::from_secs(86_400))).is_empty());
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
    assert_eq!(settle(&house, NOON, first.pop().unwrap(), Ok(())), Settlement::Done);
    assert_eq!(due(&house, NOON).len(), 1);
    house.ask("DeleteFunction", &json!({"FunctionName": "f"})).unwrap();
    assert!(due(&house, NOON.plus(Duration::from_secs(86_400))).is_empty());
}
