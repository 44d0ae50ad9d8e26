//! What rules were when an event met them.

use std::time::Duration;

use aws::Timestamp;
use events::BusName;
use serde_json::{Value, json};

use crate::house::{House, NOON, event};

fn put(house: &House, name: &str, source: &str) {
    let pattern = json!({"source": [source]}).to_string();
    house.ask("PutRule", &json!({"Name": name, "EventPattern": pattern})).unwrap();
}

/// Names and states of the rules that the default bus had at a position, with what their source must be.
fn met(house: &House, position: u64) -> Vec<(String, bool, Value)> {
    let bus = BusName::default_bus();
    let eras = house.events.store().read(|read| house.events.rule_history(read, &bus)).unwrap();
    let met = eras.into_iter().filter(|era| era.met(position));
    met.map(|era| (era.rule.to_string(), era.enabled, serde_json::from_str(&era.pattern).unwrap())).collect()
}

#[test]
fn an_event_keeps_the_rules_of_its_time() {
    let house = House::new();
    let wants = |source: &str| json!({"source": [source]});
    let rule = |name: &str, source: &str| (name.to_owned(), true, wants(source));
    let accept = |id: &str| house.accept(&event(id, "t", "{}"), NOON).position;
    let before = accept("0");
    put(&house, "r", "a");
    let first = accept("1");
    put(&house, "r", "b");
    put(&house, "s", "c");
    let second = accept("2");
    house.ask("DisableRule", &json!({"Name": "r"})).unwrap();
    let third = accept("3");
    house.ask("DeleteRule", &json!({"Name": "s"})).unwrap();
    // Putting a rule as it is is no change.
    house.ask("DisableRule", &json!({"Name": "r"})).unwrap();
    let fourth = accept("4");
    let house = house.reopened();
    assert!(met(&house, before).is_empty());
    assert_eq!(met(&house, first), [rule("r", "a")]);
    assert_eq!(met(&house, second), [rule("r", "b"), rule("s", "c")]);
    assert_eq!(met(&house, third), [("r".to_owned(), false, wants("b")), rule("s", "c")]);
    assert_eq!(met(&house, fourth), [("r".to_owned(), false, wants("b"))]);
}

#[test]
fn versions_go_with_the_events_that_met_them() {
    let house = House::new();
    let late = NOON.plus(Duration::from_secs(86_401));
    let versions = |house: &House| {
        let bus = BusName::default_bus();
        house.events.store().read(|read| house.events.rule_history(read, &bus)).unwrap().len()
    };
    let sweep = |now: Timestamp| house.write(move |events, tx| events.sweep(tx, now, 100));
    house.accept(&event("1", "t", "{}"), NOON);
    for number in 0..30 {
        put(&house, "r", &number.to_string());
    }
    assert_eq!(versions(&house), 20, "of one rule, bounded");
    sweep(NOON);
    assert_eq!(versions(&house), 20, "an event is kept that may have met them");
    house.accept(&event("2", "t", "{}"), late);
    sweep(late);
    assert_eq!(versions(&house), 1, "the one that holds now");
    house.ask("DeleteRule", &json!({"Name": "r"})).unwrap();
    sweep(late.plus(Duration::from_secs(86_401)));
    assert_eq!(versions(&house), 0);
}
