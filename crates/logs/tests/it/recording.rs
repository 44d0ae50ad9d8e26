//! Events that rules record, and what sweeps remove.

use std::time::Duration;

use aws::Timestamp;
use logs::{Entry, Logs, Refusal};
use serde_json::{Value, json};

use crate::house::{ACCOUNT, House, NOON, REGION};

impl House {
    fn record(
        &self,
        (group, stream): (&'static str, &'static str),
        at: Timestamp,
        message: &str,
    ) -> Result<(), Refusal> {
        let entry = Entry { time_ms: at.unix_ms(), message: message.to_owned() };
        self.write(move |logs, tx| logs.record(tx, logs::StreamName { group, stream }, entry, NOON))
    }

    fn messages(&self, group: &str) -> Vec<String> {
        let answer = self.ask("FilterLogEvents", &json!({"logGroupName": group}));
        answer["events"].as_array().unwrap().iter().map(|event| text(&event["message"])).collect()
    }

    fn stored_bytes(&self, group: &str) -> u64 {
        let answer = self.ask("DescribeLogGroups", &json!({"logGroupNamePrefix": group}));
        answer["logGroups"][0]["storedBytes"].as_u64().unwrap()
    }

    /// Sweeps until nothing is left to do.
    fn sweep(&self, now: Timestamp, kept_bytes_max: u64) {
        // A sweep that finds nothing rests; another owner of the same store does not know.
        let rested = Logs::new(self.store.clone(), aws::Scope::new(ACCOUNT, REGION));
        loop {
            let sweeper = rested.clone();
            if self.write(move |_, tx| {
                sweeper.sweep_to(tx, now, logs::Limits { events: 3, kept_bytes: kept_bytes_max })
            }) < 3
            {
                return;
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn a_stream_is_made_where_it_is_missing_and_a_group_is_not() {
    let house = House::new();
    assert_eq!(house.record(("g", "bus/rule"), NOON, "lost"), Err(Refusal::NoGroup));
    house.ask("CreateLogGroup", &json!({"logGroupName": "g"}));
    house.record(("g", "bus/rule"), NOON, "kept").unwrap();
    house.record(("g", "bus/rule"), NOON, "kept too").unwrap();
    assert_eq!(house.messages("g"), ["kept", "kept too"]);
    assert!(matches!(house.record(("g", "s"), NOON, &"x".repeat(1 << 20)), Err(Refusal::Message(_))));
    // A replayed event is older than AWS takes, and one may come from a clock that is ahead.
    for at in [NOON.minus(Duration::from_secs(15 * 86_400)), NOON.plus(Duration::from_secs(7_201))] {
        house.record(("g", "untimely"), at, "as of now").unwrap();
    }
    let untimely = json!({"logGroupName": "g", "logStreamNames": ["untimely"]});
    let answer = house.ask("FilterLogEvents", &untimely);
    assert_eq!(answer["events"].as_array().unwrap().len(), 2);
    assert!(answer["events"].as_array().unwrap().iter().all(|event| event["timestamp"] == NOON.unix_ms()));
}

#[test]
fn what_is_past_its_retention_goes_and_the_books_follow() {
    let house = House::new();
    for (group, days) in [("short", 1), ("long", 7)] {
        house.ask("CreateLogGroup", &json!({"logGroupName": group}));
        house.ask("PutRetentionPolicy", &json!({"logGroupName": group, "retentionInDays": days}));
    }
    for number in 0..5_u64 {
        let at = NOON.minus(Duration::from_secs(3_600 * number));
        house.record(("short", "s"), at, &format!("{number}")).unwrap();
        house.record(("long", "s"), at, &format!("{number}")).unwrap();
    }
    assert_eq!(house.stored_bytes("short"), 5 * 27);
    house.sweep(NOON.plus(Duration::from_secs(86_400 - 2 * 3_600)), u64::MAX);
    assert_eq!(house.messages("short"), ["2", "1", "0"]);
    assert_eq!(house.stored_bytes("short"), 3 * 27);
    assert_eq!(house.messages("long").len(), 5);
    let stream = house.ask("DescribeLogStreams", &json!({"logGroupName": "short"}));
    let first = NOON.minus(Duration::from_secs(7_200)).unix_ms();
    assert_eq!(stream["logStreams"][0]["firstEventTimestamp"], first);
}

#[test]
fn the_oldest_go_where_all_together_take_too_much() {
    let house = House::new();
    for group in ["a", "b"] {
        house.ask("CreateLogGroup", &json!({"logGroupName": group}));
    }
    for number in 0..6_u64 {
        let group = if number % 2 == 0 { "a" } else { "b" };
        house.record((group, "s"), NOON.plus(Duration::from_secs(number)), &format!("{number}")).unwrap();
    }
    house.sweep(NOON, 6 * 27);
    assert_eq!((house.messages("a").len(), house.messages("b").len()), (3, 3), "reached is not passed");
    house.sweep(NOON, 3 * 27);
    assert_eq!(
        (house.messages("a"), house.messages("b")),
        (vec!["4".to_owned()], vec!["3".to_owned(), "5".to_owned()])
    );
}

#[test]
fn what_was_deleted_goes_with_its_events_and_comes_back_empty() {
    let house = House::new();
    let made = |stream: &str| {
        house.ask("CreateLogStream", &json!({"logGroupName": "g", "logStreamName": stream}));
    };
    house.ask("CreateLogGroup", &json!({"logGroupName": "g"}));
    house.record(("g", "one"), NOON, "1").unwrap();
    house.record(("g", "two"), NOON, "22").unwrap();
    house.ask("DeleteLogStream", &json!({"logGroupName": "g", "logStreamName": "one"}));
    assert_eq!((house.messages("g"), house.stored_bytes("g")), (vec!["22".to_owned()], 28));
    made("one");
    assert_eq!(house.messages("g"), ["22"]);
    house.ask("DeleteLogGroup", &json!({"logGroupName": "g"}));
    house.ask("CreateLogGroup", &json!({"logGroupName": "g"}));
    made("two");
    assert_eq!((house.messages("g").len(), house.stored_bytes("g")), (0, 0));
    house.sweep(NOON, u64::MAX);
    assert_eq!(house.messages("g").len(), 0);
}

#[test]
fn an_arn_names_a_group_with_and_without_a_star() {
    let name = |text: &str| logs::name_in_arn(&text.parse().unwrap(), ACCOUNT, REGION);
    let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/g");
    assert_eq!(name(&arn), Some("/aws/events/g".to_owned()));
    assert_eq!(name(&format!("{arn}:*")), Some("/aws/events/g".to_owned()));
    assert_eq!(name(&arn.replace(REGION, "eu-west-1")), None);
    assert_eq!(name(&arn.replace("log-group", "destination")), None);
}
