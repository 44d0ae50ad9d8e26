//! What is told of an event's trip afterwards: the rules that matched, and each attempt of each delivery.

use std::time::Duration;

use events::{Attempt, Attempts, EventRecord, Fate, Outcome, Retry, Settlement, Step, TargetResponse};
use serde_json::json;
use store::Commit;

use crate::house::{House, NOON, event, failed, function};

impl House {
    fn kept(&self, id: &str) -> EventRecord {
        self.events.store().read(|read| self.events.event(read, id)).unwrap().pop().unwrap().2
    }

    fn attempts(&self, delivery: &str) -> Option<Attempts> {
        self.events.store().read(|read| self.events.attempts(read, delivery)).unwrap()
    }
}

#[test]
fn the_whole_trip_is_kept() {
    let house = House::new();
    let (queue, dead) = (house.queue("queue"), house.queue("dead"));
    let gone = "arn:aws:sqs:us-east-1:123456789012:gone";
    let targets = json!([
        {"Id": "f", "Arn": function("f"), "DeadLetterConfig": {"Arn": dead.to_string()}},
        {"Id": "q", "Arn": queue.to_string()},
        {"Id": "x", "Arn": gone, "DeadLetterConfig": {"Arn": dead.to_string()}}]);
    house.rule("r", &json!({"source": ["test"]}), &targets);
    house.ask("PutRule", &json!({"Name": "bare", "EventPattern": "{\"source\":[\"test\"]}"})).unwrap();
    house.accept(&event("1", "t", "{}"), NOON);
    let mut kept = house.kept("1");
    kept.matched.sort_by(|a, b| a.rule.cmp(&b.rule));
    let rules: Vec<_> = kept.matched.iter().map(|rule| (rule.rule.as_str(), rule.deliveries.len())).collect();
    assert_eq!(rules, [("bare", 0), ("r", 3)]);
    let [f, q, x] = kept.matched[1].deliveries.as_slice() else { panic!("{kept:?}") };
    assert_eq!((f.target.as_str(), q.target.as_str(), &q.arn, &q.step), ("f", "q", &queue, &Step::Paid));
    let Step::GivenUp { code, queue, .. } = &x.step else { panic!("{x:?}") };
    assert_eq!((code.as_str(), queue.as_ref()), ("NO_RESOURCE", Some(&dead)));
    let Step::Owed { id } = &f.step else { panic!("{f:?}") };

    assert_eq!(house.attempts(id), None, "not tried yet");
    let owed = house.due(NOON).pop().unwrap();
    assert_eq!(&owed.id, id);
    let Settlement::Rescheduled { at } = house.settle(&owed, &failed(), NOON) else { panic!("retried") };
    let attempts = house.attempts(id).unwrap();
    assert_eq!((attempts.made, &attempts.fate), (1, &Fate::Owed { next: at }));
    let (code, message) = attempts.kept[0].error.clone().unwrap();
    assert_eq!((code.as_str(), message.as_str()), ("ERROR_FROM_TARGET", "it said no"));

    let house = house.reopened();
    let owed = house.due(at).pop().unwrap();
    let attempt = Attempt {
        started: at,
        took: Duration::from_millis(1_250),
        answer: Some(TargetResponse::new(403, b"{\"error\":\"forbidden\"}")),
        outcome: Outcome::Failed {
            code: "NO_PERMISSIONS".to_owned(),
            message: "HTTP 403".to_owned(),
            retry: Retry::Never,
        },
    };
    let ids = house.ids();
    let settled =
        house.write(move |events, tx| events.settle(&mut Commit::new(tx, at, &ids), &owed, &attempt));
    assert_eq!(settled, Settlement::DeadLettered { queue: dead.clone() });
    let attempts = house.attempts(id).unwrap();
    assert_eq!((attempts.made, attempts.fate), (2, Fate::DeadLettered { queue: dead }));
    let second = &attempts.kept[1];
    assert_eq!((second.number, second.started, second.took_ms, second.status), (2, at, 1_250, Some(403)));
    assert_eq!(second.answer, "{\"error\":\"forbidden\"}");
}

#[test]
fn attempts_go_with_their_event_and_are_in_its_books() {
    let house = House::new();
    house.rule("r", &json!({"source": ["test"]}), &json!([{"Id": "f", "Arn": function("f")}]));
    house.accept(&event("1", "t", "{}"), NOON);
    let bare = house.counts().kept_bytes;
    let owed = house.due(NOON).pop().unwrap();
    let Settlement::Rescheduled { at } = house.settle(&owed, &failed(), NOON) else { panic!("retried") };
    assert!(house.counts().kept_bytes > bare, "attempts are counted where events are");
    let tomorrow = NOON.plus(Duration::from_secs(86_401));
    house.write(move |events, tx| events.sweep(tx, tomorrow, 100));
    assert_eq!(house.attempts(&owed.id), None);
    assert_eq!((house.counts().kept, house.counts().kept_bytes), (0, 0));
    // The delivery outlives its event's record, and leaves nothing behind that nobody would remove.
    let owed = house.due(at).pop().unwrap();
    assert_eq!(house.settle(&owed, &Outcome::Delivered, at), Settlement::Delivered);
    assert_eq!(house.attempts(&owed.id), None);
    assert_eq!(house.counts().kept_bytes, 0);
}
