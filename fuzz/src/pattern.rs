//! Event patterns and events: any bytes are read as what they are, or refused.

use pattern::explain::explain;
use pattern::{Event, EventPattern, RuleSet};

/// Patterns that every event is matched against.
const PATTERNS: &[&str] = &[
    r#"{"a": [1, "x", null, {"exists": false}]}"#,
    r#"{"a": {"x": [1, {"numeric": [">", 0]}], "y": [{"anything-but": "x"}]}}"#,
    r#"{"$or": [{"a": [{"wildcard": "*x*"}]}, {"b": [{"cidr": "10.0.0.0/8"}]}], "c": [{"prefix": ""}]}"#,
];

/// Any text is a pattern, whose parts lie within the text, or is refused with a place in it.
pub fn pattern_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match EventPattern::parse(text) {
        Ok(pattern) => {
            assert_eq!(pattern.text(), text);
            assert!((1..=1000).contains(&pattern.alternatives().len()));
            for field in pattern.alternatives().iter().flat_map(|alternative| &alternative.fields) {
                assert!(text.get(field.span.start..field.span.end).is_some_and(|list| list.starts_with('[')));
                assert!(field.leaves.iter().all(|leaf| text.get(leaf.span.start..leaf.span.end).is_some()));
                assert!(!field.leaves.is_empty());
            }
        }
        Err(error) => {
            assert!(error.offset <= text.len());
            assert!(error.message.starts_with("Event pattern is not valid. Reason: "));
        }
    }
}

/// Any bytes are an event, on which all ways to match agree, or are refused.
pub fn event_bytes(data: &[u8]) {
    for text in PATTERNS {
        agree(text, data);
    }
}

/// A pattern, a line end, an event.
pub fn both(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (pattern, event) = data.split_at(end);
    if let Ok(text) = std::str::from_utf8(pattern) {
        agree(text, event);
    }
}

/// The matcher, the explanation and the rule set give one answer.
fn agree(text: &str, bytes: &[u8]) {
    let Ok(pattern) = EventPattern::parse(text) else { return };
    let rules = RuleSet::new();
    rules.put(7, &pattern);
    let of_rules = rules.matches(bytes);
    let Ok(event) = Event::parse(bytes) else { return };
    let Ok(verdict) = pattern.matches_event(&event) else { return };
    let explanation = explain(&pattern, &event).unwrap();
    assert_eq!(explanation.matched, verdict);
    assert_eq!(explanation.blamed().is_empty(), verdict);
    assert!(!explanation.to_string().is_empty());
    assert_eq!(of_rules, Ok(if verdict { vec![7] } else { vec![] }));
}
