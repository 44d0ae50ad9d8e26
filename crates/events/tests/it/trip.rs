//! The trip of one event: accepted, matched, paid or owed, kept.

use std::time::Duration;

use events::target::event_bus;
use events::{Attempt, BusName, EventPlace, Outcome, Settlement};
use serde_json::json;
use store::Commit;

use crate::house::{House, NOON, event, function};

#[test]
fn a_queue_receives_the_envelope_with_the_details_bytes() {
    // C3: numbers, white space and repeated keys of the detail arrive as they were sent.
    let house = House::new();
    let queue = house.queue("queue");
    house.rule("r", &json!({"source": ["s"]}), &json!([{"Id": "t", "Arn": queue.to_string()}]));
    let detail = "{ \"n\": 1.00, \"n\": 2e0,\t\"text\": \"\\u00fc\" }";
    let answer = house
        .ask("PutEvents", &json!({"Entries": [{"Source": "s", "DetailType": "t", "Detail": detail, "Time": 1_773_957_888.128, "Resources": ["arn:aws:s3:::b"]}]}))
        .unwrap();
    let id = answer["Entries"][0]["EventId"].as_str().unwrap();
    let received = house.receive(&queue, NOON);
    let expected = format!(
        "{{\"version\":\"0\",\"id\":\"{id}\",\"detail-type\":\"t\",\"source\":\"s\",\"account\":\"123456789012\",\"time\":\"2026-03-19T22:04:48Z\",\"region\":\"us-east-1\",\"resources\":[\"arn:aws:s3:::b\"],\"detail\":{detail}}}"
    );
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].body, expected);
    let counts = house.counts();
    assert_eq!((counts.accepted, counts.made, counts.delivered, counts.owed), (1, 1, 1, 0));
}

#[test]
fn an_event_is_kept_whether_or_not_it_matches() {
    let house = House::new();
    let queue = house.queue("queue");
    house.rule("r", &json!({"detail-type": ["wanted"]}), &json!([{"Id": "t", "Arn": queue.to_string()}]));
    let wanted = house.accept(&event("1", "wanted", "{}"), NOON);
    let other = house.accept(&event("2", "other", "{}"), NOON);
    assert_eq!((wanted.rules_matched, other.rules_matched), (1, 0));
    let bus = BusName::default_bus();
    let (last, after, one) = house
        .events
        .store()
        .read(|read| {
            (
                house.events.last_events(read, &bus, 10),
                house.events.events_after(read, EventPlace { bus: &bus, position: wanted.position }, 10),
                house.events.event(read, "2"),
            )
        })
        .unwrap();
    let seen = |events: &[(u64, events::EventRecord)]| {
        events.iter().map(|(_, event)| (event.id.clone(), event.rules_matched)).collect::<Vec<_>>()
    };
    assert_eq!(seen(&last), [("2".to_owned(), 0), ("1".to_owned(), 1)]);
    assert_eq!(seen(&after), [("2".to_owned(), 0)]);
    assert_eq!(one.len(), 1);
    let counts = house.counts();
    assert_eq!((counts.accepted, counts.matched, counts.unmatched, counts.kept), (2, 1, 1, 2));
}

#[test]
fn events_since_a_moment_come_oldest_first() {
    let house = House::new();
    let bus = BusName::default_bus();
    for minute in 0..6 {
        house.accept(&event(&minute.to_string(), "t", "{}"), NOON.plus(Duration::from_secs(minute * 60)));
    }
    let since = |minute: u64, limit| {
        let from = NOON.plus(Duration::from_secs(minute * 60));
        let found =
            house.events.store().read(|read| house.events.events_since(read, &bus, from, limit)).unwrap();
        found.into_iter().map(|(_, event)| event.id).collect::<Vec<_>>()
    };
    assert_eq!(since(2, 3), ["2", "3", "4"]);
    assert_eq!(since(4, 10), ["4", "5"]);
    assert!(since(6, 10).is_empty());
}

#[test]
fn rules_targets_books_and_debts_survive_a_restart() {
    let house = House::new();
    let queue = house.queue("queue");
    let targets = json!([{"Id": "q", "Arn": queue.to_string()}, {"Id": "f", "Arn": function("f")}]);
    house.rule("r", &json!({"detail-type": ["t"]}), &targets);
    house.rule("off", &json!({"detail-type": ["t"]}), &targets);
    house.ask("DisableRule", &json!({"Name": "off"})).unwrap();
    house.accept(&event("1", "t", "{}"), NOON);
    let before = house.counts();
    let house = house.reopened();
    assert_eq!(house.counts(), before);
    assert_eq!((before.made, before.delivered, before.owed), (2, 1, 1));
    assert_eq!(house.events.next_due_at(), Some(NOON));
    let again = house.accept(&event("2", "t", "{}"), NOON);
    assert_eq!((again.rules_matched, again.made), (1, 2));
    assert_eq!(house.receive(&queue, NOON).len(), 2);
    let due = house.due(NOON);
    assert_eq!(due.iter().map(|owed| owed.event_id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let arn = due[0].target.arn.clone();
    let owed = house.events.store().read(|read| house.events.count_owed(read, &[arn], NOON)).unwrap();
    assert_eq!(owed, 2);
}

#[test]
fn an_acknowledged_rule_counts_at_once_and_a_removed_one_no_more() {
    let house = House::new();
    let queue = house.queue("queue");
    let rule = json!({"Name": "r", "EventPattern": "{\"detail-type\":[\"t\"]}"});
    let matched = || house.accept(&event("1", "t", "{}"), NOON).rules_matched;
    assert_eq!(matched(), 0);
    house.ask("PutRule", &rule).unwrap();
    assert_eq!(matched(), 1);
    house.ask("DisableRule", &json!({"Name": "r"})).unwrap();
    assert_eq!(matched(), 0);
    house.ask("EnableRule", &json!({"Name": "r"})).unwrap();
    house
        .ask("PutTargets", &json!({"Rule": "r", "Targets": [{"Id": "t", "Arn": queue.to_string()}]}))
        .unwrap();
    assert_eq!(house.accept(&event("1", "t", "{}"), NOON).delivered, 1);
    house.ask("PutRule", &json!({"Name": "r", "EventPattern": "{\"detail-type\":[\"u\"]}"})).unwrap();
    assert_eq!(matched(), 0);
    house.ask("RemoveTargets", &json!({"Rule": "r", "Ids": ["t"]})).unwrap();
    house.ask("DeleteRule", &json!({"Name": "r"})).unwrap();
    assert_eq!(house.accept(&event("1", "u", "{}"), NOON).rules_matched, 0);
}

#[test]
fn an_ordered_queue_gets_its_group_and_no_duplicate() {
    let house = House::new();
    let queue =
        house.queue_with("q.fifo", &json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}));
    let target = json!([{"Id": "t", "Arn": queue.to_string(), "InputPath": "$.detail", "SqsParameters": {"MessageGroupId": "g"}}]);
    house.rule("r", &json!({"source": ["test"]}), &target);
    for id in ["1", "2"] {
        house.accept(&event(id, "t", "{\"same\":1}"), NOON);
    }
    let received = house.receive(&queue, NOON);
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].group.as_deref(), received[0].body.as_str()), (Some("g"), "{\"same\":1}"));
    assert!(house.counts().balance());
}

#[test]
fn what_cannot_be_paid_goes_to_the_dead_letter_queue_at_once() {
    let house = House::new();
    let dead = house.queue("dead");
    let gone = "arn:aws:sqs:us-east-1:123456789012:gone";
    let letters = json!({"Arn": dead.to_string()});
    let targets = json!([
        {"Id": "gone", "Arn": gone, "DeadLetterConfig": letters},
        {"Id": "lost", "Arn": gone},
        {"Id": "path", "Arn": dead.to_string(), "InputPath": "$.detail.absent", "DeadLetterConfig": letters},
    ]);
    house.rule("r", &json!({"source": ["test"]}), &targets);
    let accepted = house.accept(&event("1", "t", "{}"), NOON);
    assert_eq!((accepted.dead_lettered, accepted.dropped), (2, 1));
    let letters = house.receive(&dead, NOON);
    assert_eq!(letters.len(), 2);
    assert_eq!(attribute(&letters[0], "ERROR_CODE"), Some("NO_RESOURCE"));
    assert_eq!(attribute(&letters[0], "TARGET_ARN"), Some(gone));
    assert_eq!(attribute(&letters[0], "RULE_ARN"), Some("arn:aws:events:us-east-1:123456789012:rule/r"));
    assert_eq!(attribute(&letters[0], "RETRY_ATTEMPTS"), Some("0"));
    assert_eq!(attribute(&letters[0], "EXHAUSTED_RETRY_CONDITION"), None);
    assert_eq!(
        attribute(&letters[1], "ERROR_MESSAGE"),
        Some("The InputPath $.detail.absent selects nothing in this event.")
    );
    assert_eq!(letters[1].body, event("1", "t", "{}").to_json());
    let counts = house.counts();
    assert_eq!((counts.dead_lettered, counts.dropped), (2, 1));
    assert!(counts.balance());
}

pub(crate) fn attribute<'a>(letter: &'a queue::ReceivedMessage, name: &str) -> Option<&'a str> {
    letter.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| {
        match &attribute.value {
            queue::Value::Text(text) => text.as_str(),
            queue::Value::Bytes(_) => panic!("{name} is no text"),
        }
    })
}

#[test]
fn an_event_is_forwarded_to_another_bus_and_no_further() {
    // User guide: "EventBridge can't route events received from a sender event bus to a third event bus".
    let house = House::new();
    let (queue, dead) = (house.queue("queue"), house.queue("dead"));
    house.ask("CreateEventBus", &json!({"Name": "second"})).unwrap();
    let second = "arn:aws:events:us-east-1:123456789012:event-bus/second";
    let back = "arn:aws:events:us-east-1:123456789012:event-bus/default";
    house.rule("on", &json!({"source": ["test"]}), &json!([{"Id": "t", "Arn": second}]));
    let pattern = "{\"source\":[\"test\"]}";
    house.ask("PutRule", &json!({"Name": "r", "EventBusName": "second", "EventPattern": pattern})).unwrap();
    let targets = json!([
        {"Id": "q", "Arn": queue.to_string()},
        {"Id": "b", "Arn": back, "DeadLetterConfig": {"Arn": dead.to_string()}},
    ]);
    house.ask("PutTargets", &json!({"Rule": "r", "EventBusName": second, "Targets": targets})).unwrap();

    assert_eq!(house.accept(&event("1", "t", "{}"), NOON).owed, 1);
    let owed = house.due(NOON).pop().unwrap();
    assert_eq!(*owed.kind, event_bus::KIND);
    let matched = house.events.match_forwarded(&owed, NOON).unwrap();
    let ids = house.ids();
    let arrived = house.write(move |events, tx| {
        assert_eq!(
            events.settle(
                &mut Commit::new(tx, NOON, &ids),
                &owed,
                &Attempt::at_once(NOON, Outcome::Delivered)
            ),
            Settlement::Delivered
        );
        events.accept(&mut Commit::new(tx, NOON, &ids), matched)
    });
    assert_eq!((arrived.delivered, arrived.dead_lettered, arrived.owed), (1, 1, 0));
    assert_eq!(house.receive(&queue, NOON)[0].body, event("1", "t", "{}").to_json());
    assert_eq!(attribute(&house.receive(&dead, NOON)[0], "ERROR_CODE"), Some("THIRD_ACCOUNT_HOP_DETECTED"));
    assert!(house.due(NOON).is_empty());
    assert!(house.counts().balance());
    let records = house.events.store().read(|read| house.events.event(read, "1")).unwrap();
    assert_eq!(records.len(), 2);
}

#[test]
fn a_partner_bus_is_named_like_its_source_and_closed_to_put_events() {
    let house = House::new();
    let name = "aws.partner/genesys.com/cloud/org/suffix";
    let made = house.write(move |events, tx| events.ensure_partner_bus(tx, name, NOON)).unwrap();
    assert_eq!(made.as_str(), name);
    let described = house.ask("DescribeEventBus", &json!({"Name": name})).unwrap();
    assert_eq!(described["Arn"], format!("arn:aws:events:us-east-1:123456789012:event-bus/{name}"));
    let pattern = "{\"source\":[{\"prefix\":\"aws.partner/\"}]}";
    house.ask("PutRule", &json!({"Name": "r", "EventBusName": name, "EventPattern": pattern})).unwrap();
    let mut genesys = event("1", "v2.detail.events.conversation.{id}.customer.end", "{}");
    genesys.source = name.to_owned();
    assert_eq!(house.events.match_event(&made, &genesys, NOON).unwrap().rules_matched(), 1);
    let entry =
        json!({"Entries": [{"Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": name}]});
    assert_eq!(house.ask("PutEvents", &entry).unwrap_err().code, "ValidationException");
}

#[test]
fn a_live_tail_is_woken_by_the_commit() {
    let house = House::new();
    let newest = house.events.subscribe();
    assert!(!newest.has_changed().unwrap());
    let accepted = house.accept(&event("1", "t", "{}"), NOON);
    assert!(newest.has_changed().unwrap());
    assert_eq!(*newest.borrow(), accepted.position);
}
