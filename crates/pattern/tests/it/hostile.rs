//! Input that would hurt: deep, repeated, broken.

use pattern::explain::explain;
use pattern::{Event, EventPattern};

#[test]
fn deep_nesting_is_read_to_a_thousand_levels_and_refused_beyond() {
    let event = |depth: usize| format!("{{\"a\": {}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let pattern = EventPattern::parse(r#"{"a": [1]}"#).unwrap();
    assert!(pattern.matches(event(1000).as_bytes()).unwrap());
    assert!(pattern.matches(event(1001).as_bytes()).is_err());
    assert!(pattern.matches(event(1_000_000).as_bytes()).is_err());

    let nested = |depth: usize| format!("{}[1]{}", "{\"a\": ".repeat(depth), "}".repeat(depth));
    let deepest = EventPattern::parse(&nested(500)).unwrap();
    let objects = |depth: usize| format!("{}1{}", "{\"a\": ".repeat(depth), "}".repeat(depth));
    assert!(deepest.matches(objects(500).as_bytes()).unwrap());
    assert!(!deepest.matches(objects(1000).as_bytes()).unwrap());
    let deep_event = Event::parse(objects(1000).as_bytes()).unwrap();
    assert!(!explain(&pattern, &deep_event).unwrap().matched);
    assert!(Event::parse(objects(1001).as_bytes()).is_err());
    let explanation = explain(&deepest, &Event::parse(b"{\"a\": 1}").unwrap()).unwrap();
    assert_eq!(explanation.blamed().len(), 1);
    let error = EventPattern::parse(&nested(501)).unwrap_err();
    assert!(error.message.contains("nested deeper than 500 levels"), "{error}");
    assert!(EventPattern::parse(&format!("{{\"a\": [{}", "[".repeat(100_000))).is_err());
}

#[test]
fn a_thousand_combinations_are_accepted_and_more_refused() {
    let or = |key: &str, branches: usize| {
        let branches: Vec<String> = (0..branches).map(|i| format!("{{\"{key}{i}\": [1]}}")).collect();
        format!("{{\"$or\": [{}]}}", branches.join(", "))
    };
    let product =
        |n: usize| format!("{{\"p\": {}, \"q\": {}, \"r\": {}}}", or("a", 10), or("b", 10), or("c", n));
    assert_eq!(EventPattern::parse(&product(10)).unwrap().alternatives().len(), 1000);
    let error = EventPattern::parse(&product(11)).unwrap_err();
    assert!(error.message.starts_with("Event pattern is not valid. Reason: "), "{error}");
    assert!(EventPattern::parse(&or("a", 1001)).is_err());
}

#[test]
fn a_field_in_many_elements_is_not_tried_in_every_combination() {
    // Ten arrays of ten elements that all do, and an eleventh that does not: 10^10 combinations if tried one by one.
    let good = format!("[{}]", ["{\"x\": 1, \"y\": 1}"; 10].join(", "));
    let arrays: Vec<String> = (0..10).map(|i| format!("\"a{i}\": {good}")).collect();
    let event = format!("{{{}, \"b\": [{{\"x\": 1}}, {{\"y\": 1}}]}}", arrays.join(", "));
    let fields: Vec<String> = (0..10).map(|i| format!("\"a{i}\": {{\"x\": [1], \"y\": [1]}}")).collect();
    let pattern = format!("{{{}, \"b\": {{\"x\": [1], \"y\": [1]}}}}", fields.join(", "));
    let pattern = EventPattern::parse(&pattern).unwrap();
    assert!(!pattern.matches(event.as_bytes()).unwrap());

    let many: Vec<String> =
        (0..20_000).map(|i| format!("{{\"x\": {}, \"y\": {}}}", i % 2, (i + 1) % 2)).collect();
    let event = format!("{{\"b\": [{}]}}", many.join(", "));
    let pattern = EventPattern::parse(r#"{"b": {"x": [1], "y": [1]}}"#).unwrap();
    assert!(!pattern.matches(event.as_bytes()).unwrap());
}

#[test]
fn repeated_keys_that_make_the_choice_hard_end_in_an_error_or_an_answer() {
    // Each `a` offers one of two fields or none of the others: a set cover in disguise.
    let arrays: Vec<String> = (0..24)
        .map(|i| {
            format!("\"a\": [{{\"f{i}\": 1}}, {{\"f{}\": 1}}, {{\"f{}\": 1}}]", (i + 7) % 25, (i + 11) % 25)
        })
        .collect();
    let event = format!("{{{}}}", arrays.join(", "));
    let fields: Vec<String> = (0..25).map(|i| format!("\"f{i}\": [1]")).collect();
    let pattern = EventPattern::parse(&format!("{{\"a\": {{{}}}}}", fields.join(", "))).unwrap();
    assert_ne!(pattern.matches(event.as_bytes()), Ok(true), "24 arrays cannot give 25 fields");
}

#[test]
fn broken_bytes_are_named() {
    let pattern = EventPattern::parse(r#"{"a": [1]}"#).unwrap();
    for (bytes, offset) in [
        (&b"{\"a\": \"\xff\"}"[..], 7),
        (b"[1]", 0),
        (b"", 0),
        (b"{\"a\": 1", 7),
        (b"{\"a\": 01}", 6),
        (b"{\"a\": NaN}", 6),
    ] {
        let error = pattern.matches(bytes).unwrap_err();
        assert_eq!(error.offset, offset, "{:?}: {error}", String::from_utf8_lossy(bytes));
    }
    // Half a surrogate pair becomes a question mark.
    let half = EventPattern::parse(r#"{"a": ["x?"]}"#).unwrap();
    assert!(half.matches(br#"{"a": "x\ud800"}"#).unwrap());
}
