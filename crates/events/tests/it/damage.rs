//! A damaged delivery, event or rule costs itself and nothing else (contract C9), and the books say so (C2).

use std::time::Duration;

use aws::Timestamp;
use events::Outcome;
use serde_json::json;
use store::{Commit, KeyRange, Read, Table};

use crate::house::{House, NOON, event, function};

/// Tables as nobody reads them: what is put through these is damage to the rooms.
const CONTENTS: Table<u64, Vec<u8>> = Table::new(13, "message contents");
const RULES: Table<(String, String), Vec<u8>> = Table::new(21, "rules");
const EVENTS: Table<(String, u64), Vec<u8>> = Table::new(23, "events");
const COUNTS: Table<(), Vec<u8>> = Table::new(25, "event counts");
const OWED_TICKS: Table<String, Vec<u8>> = Table::new(26, "owed ticks");

/// Puts nonsense in place of the value under the `nth` key of a table.
fn harm<K: store::Key + Clone + Send + 'static>(
    house: &House,
    table: &'static Table<K, Vec<u8>>,
    nth: usize,
) {
    house.write(move |_, tx| {
        let key = tx.list_found(table, &KeyRange::all(), nth + 1).remove(nth).0;
        tx.put(table, &key, &vec![0xFF; 9]);
    });
}

#[test]
fn a_damaged_delivery_is_dropped_and_the_others_are_carried() {
    let house = House::new();
    for name in ["a", "b", "c"] {
        let targets = json!([{"Id": "t", "Arn": function(name)}]);
        house.rule(name, &json!({"source": ["test"]}), &targets);
    }
    house.accept(&event("1", "t", "{}"), NOON);
    // Three deliveries are owed, each in the queue of its target; a lease takes from all three in one transaction.
    harm(&house, &CONTENTS, 1);
    let owed = house.due(NOON);
    assert_eq!(owed.len(), 2);
    for owed in &owed {
        house.settle(owed, &Outcome::Delivered, NOON);
    }
    let counts = house.counts();
    assert_eq!((counts.made, counts.delivered, counts.dropped, counts.owed), (3, 2, 1, 0));
    assert!(counts.balance());
    assert_eq!(house.events.store().passed_over(), 1);
    assert_eq!(house.due(NOON.plus(Duration::from_secs(3600))).len(), 0);
}

#[test]
fn damaged_books_begin_anew_and_events_go_on() {
    let house = House::new();
    house.rule("a", &json!({"source": ["test"]}), &json!([{"Id": "t", "Arn": function("a")}]));
    house.accept(&event("1", "t", "{}"), NOON);
    harm(&house, &COUNTS, 0);
    house.accept(&event("2", "t", "{}"), NOON);
    assert_eq!(house.counts().accepted, 1);
    assert_eq!(house.due(NOON).len(), 2);
}

#[test]
fn a_damaged_event_does_not_stop_the_sweep() {
    let house = House::new();
    for id in ["1", "2", "3"] {
        house.accept(&event(id, "t", "{}"), NOON);
    }
    harm(&house, &EVENTS, 0);
    let late = NOON.plus(Duration::from_secs(30 * 24 * 3600));
    house.write(move |events, tx| events.sweep(tx, late, 100));
    assert_eq!((house.counts().kept, house.events.store().passed_over()), (0, 1));
}

#[test]
fn a_damaged_rule_or_tick_does_not_stop_other_schedules() {
    let ticks = |house: &House, now: Timestamp| {
        let ids = house.ids();
        house.write(move |events, tx| events.tick_schedules(&mut Commit::new(tx, now, &ids), 100));
        house.counts().accepted
    };
    let minute = |n: u64| NOON.plus(Duration::from_secs(60 * n));
    for what in ["rule", "tick"] {
        let house = House::new();
        let queue = house.queue("q");
        for name in ["a", "b"] {
            house.ask("PutRule", &json!({"Name": name, "ScheduleExpression": "rate(1 minute)"})).unwrap();
            let targets = json!([{"Id": "t", "Arn": queue.to_string()}]);
            house.ask("PutTargets", &json!({"Rule": name, "Targets": targets})).unwrap();
        }
        assert_eq!(ticks(&house, minute(1)), 2, "{what}");
        match what {
            "rule" => harm(&house, &RULES, 0),
            _ => harm(&house, &OWED_TICKS, 0),
        }
        assert_eq!(ticks(&house, minute(2)), 3, "{what}: the other rule ticks");
        // A tick that is lost is planned anew; a rule that is lost is silent.
        let after = ticks(&house, minute(3));
        assert_eq!(after, if what == "tick" { 5 } else { 4 }, "{what}");
    }
}
