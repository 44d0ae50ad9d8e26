//! Pages of events: every event once and in its order, whatever the pages' size and whichever the way.

use proptest::prelude::{any, prop_assert_eq, proptest};
use serde_json::{Value, json};

use crate::house::{House, NOON};

/// A group with streams whose events have these times, in ms from noon; message and time of each, by time.
fn filled(house: &House, streams: &[Vec<u8>]) -> Vec<(u64, String)> {
    house.ask("CreateLogGroup", &json!({"logGroupName": "g"}));
    let mut all = Vec::new();
    for (number, times) in streams.iter().enumerate() {
        let stream = format!("s{number}");
        house.ask("CreateLogStream", &json!({"logGroupName": "g", "logStreamName": stream}));
        let mut times = times.clone();
        times.sort_unstable();
        let entry =
            |(event, time): (usize, &u8)| (NOON.unix_ms() + u64::from(*time), format!("{stream}-{event}"));
        let entries: Vec<_> = times.iter().enumerate().map(entry).collect();
        let events: Vec<_> =
            entries.iter().map(|(time, text)| json!({"timestamp": time, "message": text})).collect();
        if !events.is_empty() {
            let put = json!({"logGroupName": "g", "logStreamName": stream, "logEvents": events});
            house.ask("PutLogEvents", &put);
        }
        all.extend(entries);
    }
    // Events of one time come in the order in which they were put.
    all.sort_by_key(|(time, _)| *time);
    all
}

fn shown(answer: &Value) -> Vec<(u64, String)> {
    let events = answer["events"].as_array().unwrap();
    let pair =
        |event: &Value| (event["timestamp"].as_u64().unwrap(), event["message"].as_str().unwrap().to_owned());
    events.iter().map(pair).collect()
}

const FORWARD: &str = "nextForwardToken";

/// All pages of GetLogEvents in one direction, and the token at their end.
fn stream_pages(house: &House, limit: usize, way: &str) -> (Vec<(u64, String)>, String) {
    let from_head = way == FORWARD;
    let mut request =
        json!({"logGroupName": "g", "logStreamName": "s0", "limit": limit, "startFromHead": from_head});
    let mut seen = Vec::new();
    loop {
        let answer = house.ask("GetLogEvents", &request);
        let page = shown(&answer);
        let token = answer[way].clone();
        if token == request["nextToken"] {
            return (seen, token.as_str().unwrap().to_owned());
        }
        request["nextToken"] = token;
        if from_head { seen.extend(page) } else { seen.splice(0..0, page).for_each(drop) }
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]

    #[test]
    fn every_event_comes_once_and_in_order(
        streams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 1..4),
        limit in 1usize..9,
    ) {
        let house = House::new();
        let all = filled(&house, &streams);
        let mut request = json!({"logGroupName": "g", "limit": limit});
        let mut seen = Vec::new();
        loop {
            let answer = house.ask("FilterLogEvents", &request);
            seen.extend(shown(&answer));
            match answer["nextToken"].as_str() {
                Some(token) => request["nextToken"] = json!(token),
                None => break,
            }
        }
        prop_assert_eq!(&seen, &all);

        let of_first: Vec<_> = all.iter().filter(|(_, message)| message.starts_with("s0-")).cloned().collect();
        prop_assert_eq!(&stream_pages(&house, limit, FORWARD).0, &of_first);
        prop_assert_eq!(&stream_pages(&house, limit, "nextBackwardToken").0, &of_first);
    }
}

#[test]
fn a_page_ends_before_it_grows_too_large() {
    let house = House::new();
    house.ask("CreateLogGroup", &json!({"logGroupName": "g"}));
    for stream in ["a", "b"] {
        house.ask("CreateLogStream", &json!({"logGroupName": "g", "logStreamName": stream}));
    }
    // The large one of `a` does not fit into the first page: nothing of `b` that comes after it may be shown there.
    let put = |stream: &str, ms: u64, length: usize| {
        let event = json!({"timestamp": NOON.unix_ms() + ms, "message": "x".repeat(length)});
        house.ask(
            "PutLogEvents",
            &json!({"logGroupName": "g", "logStreamName": stream, "logEvents": [event]}),
        );
    };
    put("a", 1, 300_000);
    put("a", 3, 900_000);
    put("b", 2, 10);
    put("b", 4, 20);
    let first = house.ask("FilterLogEvents", &json!({"logGroupName": "g"}));
    let lengths = |answer: &Value| shown(answer).iter().map(|(_, text)| text.len()).collect::<Vec<_>>();
    assert_eq!(lengths(&first), [300_000]);
    let second = house.ask("FilterLogEvents", &json!({"logGroupName": "g", "nextToken": first["nextToken"]}));
    assert_eq!(lengths(&second), [10, 900_000, 20]);
    assert!(second["nextToken"].is_null());
}

#[test]
fn the_end_of_a_stream_is_a_place_to_wait_at() {
    let house = House::new();
    filled(&house, &[vec![1, 2]]);
    let (_, token) = stream_pages(&house, 10, FORWARD);
    let event = json!({"timestamp": NOON.unix_ms() + 9, "message": "later"});
    house.ask("PutLogEvents", &json!({"logGroupName": "g", "logStreamName": "s0", "logEvents": [event]}));
    let request =
        json!({"logGroupName": "g", "logStreamName": "s0", "startFromHead": true, "nextToken": token});
    assert_eq!(shown(&house.ask("GetLogEvents", &request)), [(NOON.unix_ms() + 9, "later".to_owned())]);
}
