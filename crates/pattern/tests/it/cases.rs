//! Cases as files: `tests/data/match`, `tests/data/invalid`, `tests/data/explain`.

use std::fs;
use std::path::Path;

use pattern::explain::{explain, explain_with_schema};
use pattern::{Event, EventPattern};
use serde_json::Value;

/// Runs `check` on every case of a folder; a case names where it comes from and why it is there.
fn each_case(folder: &str, check: fn(&str, &Value)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let case: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for field in ["source", "why"] {
            assert!(case[field].as_str().is_some_and(|text| !text.is_empty()), "{}: {field}", path.display());
        }
        check(&path.display().to_string(), &case);
        count += 1;
    }
    assert!(count > 0);
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} must be a string"))
}

/// Texts as they are in the files: number literals and repeated keys count.
fn texts<'a>(case: &'a Value, field: &str) -> Vec<&'a str> {
    case[field].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn patterns_match_as_recorded() {
    each_case("match", |name, case| {
        let pattern = EventPattern::parse(text(case, "pattern")).unwrap();
        for event in texts(case, "matches") {
            assert!(pattern.matches(event.as_bytes()).unwrap(), "{name} must match {event}");
        }
        for event in texts(case, "misses") {
            assert!(!pattern.matches(event.as_bytes()).unwrap(), "{name} must not match {event}");
        }
    });
}

#[test]
fn invalid_patterns_are_refused_in_the_words_of_aws() {
    each_case("invalid", |name, case| {
        let error = EventPattern::parse(text(case, "pattern")).unwrap_err();
        assert_eq!(error.message, text(case, "message"), "{name}");
        assert_eq!(
            [error.line, error.column].map(Value::from).to_vec(),
            *case["at"].as_array().unwrap(),
            "{name}"
        );
        assert_eq!(error.found, text(case, "found"), "{name}");
        assert!(error.expected.contains(text(case, "expected")), "{}", error.expected);
    });
}

#[test]
fn explanations_name_the_field_and_what_would_match() {
    each_case("explain", |name, case| {
        let pattern = EventPattern::parse(text(case, "pattern")).unwrap();
        let event = Event::parse(text(case, "event").as_bytes()).unwrap();
        let explanation = match case["schema"].as_array() {
            Some(paths) => {
                explain_with_schema(&pattern, &event, &|path| paths.contains(&Value::from(path))).unwrap()
            }
            None => explain(&pattern, &event).unwrap(),
        };
        let blamed: Vec<&str> = explanation.blamed().iter().map(|field| field.path.as_str()).collect();
        assert_eq!(blamed, texts(case, "blamed"), "{name}");
        let kinds: Vec<&str> =
            explanation.blamed().iter().flat_map(|field| &field.hints).map(|hint| hint.kind.name()).collect();
        assert_eq!(kinds, texts(case, "hints"), "{name}:\n{explanation}");
        assert_eq!(
            explanation.edit.as_ref().map(|edit| edit.pattern.as_str()),
            case["edit"].as_str(),
            "{name}"
        );
        for line in texts(case, "says") {
            assert!(explanation.to_string().contains(line), "{name} must say {line:?}:\n{explanation}");
        }
    });
}
