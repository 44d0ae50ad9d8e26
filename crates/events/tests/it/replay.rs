//! Archives and replays: what is copied, for how long, and what a replay puts on its bus once more.

use std::time::Duration;

use aws::Timestamp;
use serde_json::{Value, json};
use store::Commit;

use crate::house::{ACCOUNT, House, NOON, REGION, event};

const DAY: Duration = Duration::from_secs(86_400);

impl House {
    /// One step of about `max` events; whether there is more to do.
    fn step(&self, max: usize) -> bool {
        let ids = self.ids();
        self.write(move |events, tx| events.step_replays(&mut Commit::new(tx, NOON, &ids), max))
    }

    fn sweep(&self, now: Timestamp) {
        self.write(move |events, tx| events.sweep(tx, now, 1000));
    }

    fn archive(&self, request: &Value) {
        let mut request = request.clone();
        request["ArchiveName"] = "a".into();
        request["EventSourceArn"] = arn("event-bus/default").into();
        self.ask("CreateArchive", &request).unwrap();
    }

    fn archived(&self) -> (Value, Value) {
        let archive = self.ask("DescribeArchive", &json!({"ArchiveName": "a"})).unwrap();
        (archive["EventCount"].clone(), archive["SizeBytes"].clone())
    }

    /// Accepts an event of `seconds` after noon with that number.
    fn accept_at(&self, seconds: u64) {
        let time = NOON.plus(Duration::from_secs(seconds));
        let of_then = aws::Event { time, ..event(&format!("id-{seconds}"), "t", "{\"n\": 1.0}") };
        self.accept(&of_then, time);
    }

    fn replay(&self, (from, to): (u64, u64), filter: &Value) {
        let at = |seconds: u64| NOON.plus(Duration::from_secs(seconds)).to_unix_seconds_f64();
        let mut destination = json!({"Arn": arn("event-bus/default")});
        if !filter.is_null() {
            destination["FilterArns"] = filter.clone();
        }
        let request = json!({
            "ReplayName": "again", "EventSourceArn": arn("archive/a"), "EventStartTime": at(from),
            "EventEndTime": at(to), "Destination": destination,
        });
        assert_eq!(self.ask("StartReplay", &request).unwrap()["State"], "STARTING");
    }

    fn replay_now(&self) -> Value {
        self.ask("DescribeReplay", &json!({"ReplayName": "again"})).unwrap()
    }

    /// Ids of what came into a queue, each with the name of its replay.
    fn ids_in(&self, queue: &aws::Arn) -> Vec<(String, Value)> {
        let received = self.receive(queue, NOON.plus(DAY));
        let events = received.iter().map(|message| serde_json::from_str::<Value>(&message.body).unwrap());
        events.map(|event| (event["id"].as_str().unwrap().to_owned(), event["replay-name"].clone())).collect()
    }
}

fn arn(resource: &str) -> String {
    format!("arn:aws:events:{REGION}:{ACCOUNT}:{resource}")
}

/// A house with an archive, a rule for everything, its queue, and an event of each of these seconds.
fn house(seconds: &[u64]) -> (House, aws::Arn) {
    let house = House::new();
    let queue = house.queue("all");
    house.archive(&json!({}));
    house.rule("all", &json!({"source": ["test"]}), &json!([{"Id": "t", "Arn": queue.to_string()}]));
    for second in seconds {
        house.accept_at(*second);
    }
    assert_eq!(house.ids_in(&queue).len(), seconds.len());
    (house, queue)
}

fn again(numbers: &[u64]) -> Vec<(String, Value)> {
    numbers.iter().map(|number| (format!("id-{number}"), Value::from("again"))).collect()
}

#[test]
fn a_replay_gives_the_events_of_its_time_in_order_and_says_so() {
    // Accepted out of order: a replay goes by the events' own time.
    let (house, queue) = house(&[30, 10, 20, 40]);
    house.replay((10, 40), &Value::Null);
    assert!(!house.step(100));
    assert_eq!(house.ids_in(&queue), again(&[10, 20, 30]));
    let replay = house.replay_now();
    assert_eq!(replay["State"], "COMPLETED");
    let last = NOON.plus(Duration::from_secs(30)).to_unix_seconds_f64();
    assert_eq!(replay["EventLastReplayedTime"], last);
    assert!(!house.step(100));
    assert_eq!(house.ids_in(&queue), []);
    assert!(house.counts().balance());
}

#[test]
fn a_replay_goes_on_after_a_restart_without_loss_or_repetition() {
    let (house, queue) = house(&[1, 2, 3, 4, 5]);
    house.replay((0, 100), &Value::Null);
    assert!(house.step(2));
    assert_eq!(house.replay_now()["State"], "RUNNING");
    let house = house.reopened();
    while house.step(2) {}
    assert_eq!(house.ids_in(&queue), again(&[1, 2, 3, 4, 5]));
}

#[test]
fn a_cancelled_replay_stops_where_it_is() {
    let (house, queue) = house(&[1, 2, 3]);
    house.replay((0, 100), &Value::Null);
    house.step(1);
    house.ask("CancelReplay", &json!({"ReplayName": "again"})).unwrap();
    assert!(!house.step(10));
    assert_eq!(house.replay_now()["State"], "CANCELLED");
    assert_eq!(house.ids_in(&queue), again(&[1]));
}

#[test]
fn only_the_rules_of_the_filter_see_a_replay() {
    let (house, queue) = house(&[1]);
    let other = house.queue("other");
    let targets = json!([{"Id": "t", "Arn": other.to_string()}]);
    house.rule("replayed", &json!({"replay-name": ["again"]}), &targets);
    house.replay((0, 100), &json!([arn("rule/replayed")]));
    house.step(10);
    assert_eq!((house.ids_in(&other), house.ids_in(&queue)), (again(&[1]), Vec::new()));
}

#[test]
fn replayed_events_are_not_archived_again() {
    let (house, _) = house(&[1, 2]);
    let before = house.archived();
    assert_eq!(before.0, 2);
    house.replay((0, 100), &Value::Null);
    house.step(10);
    assert_eq!(house.archived(), before);
}

#[test]
fn an_archive_takes_what_its_pattern_matches() {
    let house = House::new();
    house.archive(&json!({"EventPattern": "{\"detail-type\":[\"wanted\"]}"}));
    house.accept(&event("1", "wanted", "{}"), NOON);
    house.accept(&event("2", "other", "{}"), NOON);
    let size = event("1", "wanted", "{}").to_json().len();
    assert_eq!(house.archived(), (1.into(), size.into()));
    house
        .ask("UpdateArchive", &json!({"ArchiveName": "a", "EventPattern": "{\"detail-type\":[\"other\"]}"}))
        .unwrap();
    let house = house.reopened();
    house.accept(&event("3", "other", "{}"), NOON);
    house.accept(&event("4", "wanted", "{}"), NOON);
    assert_eq!(house.archived().0, 2);
}

#[test]
fn archived_events_outlive_event_records_and_end_with_their_retention() {
    let house = House::new();
    house.archive(&json!({"RetentionDays": 3}));
    house.accept(&event("1", "t", "{}"), NOON);
    house.sweep(NOON.plus(2 * DAY));
    assert_eq!((house.counts().kept, house.archived().0), (0, 1.into()));
    house.sweep(NOON.plus(3 * DAY + Duration::from_secs(1)));
    assert_eq!(house.archived(), (0.into(), 0.into()));
}

#[test]
fn an_archive_made_again_is_empty_and_a_replay_of_the_old_one_fails() {
    let (house, queue) = house(&[1]);
    house.replay((0, 100), &Value::Null);
    house.ask("DeleteArchive", &json!({"ArchiveName": "a"})).unwrap();
    house.archive(&json!({}));
    assert_eq!(house.archived().0, 0);
    assert!(!house.step(10));
    let replay = house.replay_now();
    assert_eq!(
        (&replay["State"], &replay["StateReason"]),
        (&"FAILED".into(), &"Archive a does not exist.".into())
    );
    assert_eq!(house.ids_in(&queue), []);
    house.accept_at(2);
    house.sweep(NOON);
    assert_eq!(house.archived().0, 1);
}

#[test]
fn ten_replays_may_be_under_way() {
    let (house, _) = house(&[]);
    let start = |number: usize| {
        let request = json!({
            "ReplayName": format!("r{number}"), "EventSourceArn": arn("archive/a"), "EventStartTime": 1,
            "EventEndTime": 2, "Destination": {"Arn": arn("event-bus/default")},
        });
        house.ask("StartReplay", &request)
    };
    for number in 0..events::limits::quotas::REPLAYS_UNDER_WAY_MAX {
        start(number).unwrap();
    }
    assert_eq!(start(99).unwrap_err().code, "LimitExceededException");
    house.step(100);
    start(99).unwrap();
}

/// A hundred targets that each made 260 MB of an event ended the process at each start, in the middle of the same replay.
#[test]
fn a_replay_moves_past_inputs_that_cannot_be_made() {
    let (house, queue) = house(&[1]);
    let bombed = house.queue("bombed");
    let path = json!({"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": "<a>".repeat(2_730)});
    house.rule(
        "bomb",
        &json!({"source": ["test"]}),
        &json!([{"Id": "b", "Arn": bombed.to_string(), "InputTransformer": path}]),
    );
    let time = NOON.plus(Duration::from_secs(2));
    let detail = format!("{{\"a\":\"{}\"}}", "x".repeat(100_000));
    house.accept(&aws::Event { time, ..event("id-2", "t", &detail) }, time);
    house.accept_at(3);
    house.replay((0, 100), &Value::Null);
    while house.step(100) {}
    let replay = house.replay_now();
    assert_eq!((&replay["State"], &replay["StateReason"]), (&json!("COMPLETED"), &Value::Null), "{replay}");
    let replayed: Vec<_> = house.ids_in(&queue).into_iter().filter(|(_, name)| name == "again").collect();
    assert_eq!(replayed.iter().filter(|(id, _)| id == "id-2").count(), 1, "whole, but not by the template");
    assert!(replayed.iter().any(|(id, _)| id == "id-3"), "{replayed:?}");
}
