//! Retries and dead letters: a day of them runs in a moment, since time is an argument.

use std::time::Duration;

use aws::Timestamp;
use events::{Outcome, Retry, Settlement};
use serde_json::{Value, json};

use crate::house::{House, NOON, event, failed, function};
use crate::trip::attribute;

/// A house with a function that is owed one delivery, and a dead-letter queue.
fn house(retry: &Value) -> (House, aws::Arn) {
    let house = House::new();
    let dead = house.queue("dead");
    let target = json!([{"Id": "t", "Arn": function("f"), "RetryPolicy": retry, "DeadLetterConfig": {"Arn": dead.to_string()}}]);
    house.rule("r", &json!({"source": ["test"]}), &target);
    house.accept(&event("1", "t", "{\"a\":1}"), NOON);
    (house, dead)
}

/// Fails every attempt as soon as it is due; tells how many there were and when the last one was.
fn fail_until_given_up(house: &House) -> (u32, Timestamp, Settlement) {
    let (mut now, mut id) = (NOON, None);
    for attempt in 1.. {
        let owed = house.due(now).pop().unwrap();
        assert_eq!(owed.attempt, attempt);
        assert_eq!(*id.get_or_insert(owed.id.clone()), owed.id, "the id is stable");
        match house.settle(&owed, &failed(), now) {
            Settlement::Rescheduled { at } => now = at.max(now),
            given_up => return (attempt, now, given_up),
        }
    }
    unreachable!("attempts end")
}

#[test]
fn by_default_a_day_or_185_retries() {
    let (house, dead) = house(&json!({}));
    let (attempts, last, settled) = fail_until_given_up(&house);
    assert_eq!(settled, Settlement::DeadLettered { queue: dead.clone() });
    let letter = house.receive(&dead, last).pop().unwrap();
    assert_eq!(letter.body, event("1", "t", "{\"a\":1}").to_json());
    assert_eq!(attribute(&letter, "RETRY_ATTEMPTS"), Some((attempts - 1).to_string().as_str()));
    assert_eq!(attribute(&letter, "ERROR_CODE"), Some("ERROR_FROM_TARGET"));
    assert_eq!(attribute(&letter, "ERROR_MESSAGE"), Some("it said no"));
    let took = last.since(NOON);
    match attribute(&letter, "EXHAUSTED_RETRY_CONDITION") {
        Some("MaximumRetryAttempts") => assert_eq!(attempts, 186),
        Some("MaximumEventAgeInSeconds") => assert_eq!(took, Duration::from_secs(86_400)),
        other => panic!("{other:?}"),
    }
    // About a day either way: the pauses were chosen so.
    assert!(took > Duration::from_secs(60_000), "{took:?}");
    let counts = house.counts();
    assert_eq!((counts.dead_lettered, counts.owed, counts.retried), (1, 0, u64::from(attempts - 1)));
}

#[test]
fn the_number_of_retries_is_a_limit() {
    for most in [0, 1, 7] {
        let (house, dead) = house(&json!({"MaximumRetryAttempts": most}));
        let (attempts, last, _) = fail_until_given_up(&house);
        assert_eq!(attempts, most + 1);
        let letter = house.receive(&dead, last).pop().unwrap();
        assert_eq!(attribute(&letter, "EXHAUSTED_RETRY_CONDITION"), Some("MaximumRetryAttempts"));
        assert_eq!(attribute(&letter, "RETRY_ATTEMPTS"), Some(most.to_string().as_str()));
    }
}

#[test]
fn the_events_age_is_a_limit() {
    let (house, dead) = house(&json!({"MaximumEventAgeInSeconds": 60}));
    let (_, last, _) = fail_until_given_up(&house);
    assert_eq!(last.since(NOON), Duration::from_secs(60));
    let letter = house.receive(&dead, last).pop().unwrap();
    assert_eq!(attribute(&letter, "EXHAUSTED_RETRY_CONDITION"), Some("MaximumEventAgeInSeconds"));
}

#[test]
fn what_retrying_cannot_mend_is_not_retried() {
    let (house, dead) = house(&json!({}));
    let owed = house.due(NOON).pop().unwrap();
    let outcome =
        Outcome::Failed { code: "NO_PERMISSIONS".to_owned(), message: "no".to_owned(), retry: Retry::Never };
    assert_eq!(house.settle(&owed, &outcome, NOON), Settlement::DeadLettered { queue: dead.clone() });
    let letter = house.receive(&dead, NOON).pop().unwrap();
    assert_eq!(attribute(&letter, "EXHAUSTED_RETRY_CONDITION"), None);
    assert_eq!(attribute(&letter, "ERROR_CODE"), Some("NO_PERMISSIONS"));
}

#[test]
fn without_a_dead_letter_queue_the_loss_is_told_and_counted() {
    let house = House::new();
    let target = json!([{"Id": "t", "Arn": function("f"), "RetryPolicy": {"MaximumRetryAttempts": 0}}]);
    house.rule("r", &json!({"source": ["test"]}), &target);
    house.accept(&event("1", "t", "{}"), NOON);
    let owed = house.due(NOON).pop().unwrap();
    assert_eq!(house.settle(&owed, &failed(), NOON), Settlement::Lost { expired: true });
    let counts = house.counts();
    assert_eq!((counts.expired, counts.dropped, counts.owed), (1, 0, 0));
    assert!(counts.balance());
}

#[test]
fn a_dead_letter_queue_that_is_gone_loses_and_says_so() {
    let house = House::new();
    let gone = "arn:aws:sqs:us-east-1:123456789012:gone";
    let target = json!([{"Id": "t", "Arn": function("f"), "DeadLetterConfig": {"Arn": gone}}]);
    house.rule("r", &json!({"source": ["test"]}), &target);
    house.accept(&event("1", "t", "{}"), NOON);
    let owed = house.due(NOON).pop().unwrap();
    let outcome =
        Outcome::Failed { code: "NO_RESOURCE".to_owned(), message: String::new(), retry: Retry::Never };
    assert_eq!(house.settle(&owed, &outcome, NOON), Settlement::Lost { expired: false });
    assert_eq!(house.counts().dropped, 1);
}

#[test]
fn a_target_that_asks_for_time_gets_it_within_the_events_age() {
    let (house, dead) = house(&json!({"MaximumEventAgeInSeconds": 600}));
    let asked = |seconds: u64| Outcome::Failed {
        code: "ERROR_FROM_TARGET".to_owned(),
        message: "HTTP 429".to_owned(),
        retry: Retry::NotBefore(NOON.plus(Duration::from_secs(seconds))),
    };
    let owed = house.due(NOON).pop().unwrap();
    let later = NOON.plus(Duration::from_secs(300));
    assert_eq!(house.settle(&owed, &asked(300), NOON), Settlement::Rescheduled { at: later });
    assert!(house.due(NOON.plus(Duration::from_secs(299))).is_empty());
    let owed = house.due(later).pop().unwrap();
    assert_eq!(house.settle(&owed, &asked(601), later), Settlement::DeadLettered { queue: dead.clone() });
    let letter = house.receive(&dead, later).pop().unwrap();
    assert_eq!(attribute(&letter, "EXHAUSTED_RETRY_CONDITION"), Some("MaximumEventAgeInSeconds"));
}

/// A restart without `--allow-private` threw away all that was owed to private addresses. What stands in the way is ours: the
/// delivery waits, for longer than it would be retried, and has all its tries when the way is free.
#[test]
fn what_we_stand_in_the_way_of_is_held_and_grows_no_older() {
    let (house, _) = house(&json!({"MaximumEventAgeInSeconds": 3_600, "MaximumRetryAttempts": 2}));
    let held = Outcome::Failed {
        code: "NO_PERMISSIONS".to_owned(),
        message: "--allow-private".to_owned(),
        retry: Retry::Held,
    };
    let mut now = NOON;
    while now < NOON.plus(Duration::from_secs(7_200)) {
        let owed = house.due(now).pop().unwrap();
        assert_eq!(owed.attempt, 1, "an attempt that was none does not count");
        let Settlement::Held { until } = house.settle(&owed, &held, now) else { panic!("held") };
        assert!(house.due(until.minus(Duration::from_millis(1))).is_empty());
        now = until.plus(Duration::from_secs(300));
    }
    let mut tries = 0;
    let settled = loop {
        let owed = house.due(now).pop().unwrap();
        tries += 1;
        assert_eq!(owed.attempt, tries);
        match house.settle(&owed, &failed(), now) {
            Settlement::Rescheduled { at } => now = at,
            end => break end,
        }
    };
    assert!(matches!(settled, Settlement::DeadLettered { .. }), "{settled:?}");
    assert_eq!(tries, 3, "the first try and both retries");
    let kept = house.counts();
    assert_eq!((kept.dead_lettered, kept.owed), (1, 0));
}
