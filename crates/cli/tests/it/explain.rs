//! `trunkline explain` on what people have at hand: odd events, other people's events, files of other editors.

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

/// What a command says on standard output, and its exit status.
fn said(arguments: &[&str]) -> (String, Option<i32>) {
    let output = trunkline(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    (text + &complaint, output.status.code())
}

const OTHERS_EVENT: &str =
    r#"{"source": "shop", "detail-type": "v2.learning", "detail": {"queue": "sales"}}"#;
const OTHERS_PATTERN: &str = r#"{"detail": {"queue": ["support"]}}"#;

/// One event that `serde_json` does not read into a value made the whole answer 'StrangeAnswer'.
#[test]
fn odd_events_are_explained_among_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let odd = [r#"{"n": 1e999}"#.to_owned(), format!(r#"{{"n": {deep}}}"#), r#"{"n": "\ud800"}"#.to_owned()];
    let plain = r#"{"n": 1}"#.to_owned();
    for detail in odd.iter().chain([&plain]) {
        let entry = json!({"Source": "shop", "DetailType": "order", "Detail": detail});
        let answer = binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
        assert_eq!(answer["FailedEntryCount"], 0, "{answer}");
    }
    let endpoint = format!("http://{}", binary.address);
    let pattern = r#"{"source": ["shop"], "detail": {"n": [1]}}"#;
    let last = ["explain", "--pattern", pattern, "--last", "4", "--endpoint", &endpoint];
    let (text, status) = said(&last);
    assert!(text.contains("1 of 4 events match"), "{text}");
    assert_eq!(status, Some(1));
    let (lines, _) = said(&[&last[..], &["--json"]].concat());
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    for line in lines {
        assert_eq!(line["id"].as_str().map(str::len), Some(36), "{line}");
    }
    // The commands that list show them too; they showed them empty.
    let (text, _) = said(&["events", "list", "--endpoint", &endpoint]);
    assert_eq!(text.matches("  shop  order  ").count(), 4, "{text}");
    let (why, status) = said(&["why", "--json", "--endpoint", &endpoint]);
    let why: Value = serde_json::from_str(&why).unwrap();
    assert_eq!((&why["unmatched"], status), (&json!(4), Some(1)));
    assert_eq!(why["groups"][0]["example"].as_str().map(str::len), Some(36), "{why}");
}

/// A large value was printed whole, up to a MiB of it.
#[test]
fn large_values_are_cut_with_a_note() {
    let long = |letter: &str| letter.repeat(50_000);
    let pattern = json!({"detail": {"a": [long("x")], "b": [{"prefix": long("p")}]}}).to_string();
    let event = json!({"id": "1", "detail": {"a": long("w"), "b": long("u")}}).to_string();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (pattern, event) = (file("pattern.json", &pattern), file("event.json", &event));
    let (text, status) = said(&["explain", "--pattern", &pattern, "--event", &event]);
    assert_eq!(status, Some(1));
    assert!(text.contains("... (50002 characters); expected \"xxx"), "{text}");
    assert!(text.len() < 3_000, "{} bytes", text.len());
}

#[test]
fn an_event_that_is_none_does_not_keep_the_others_from_being_explained() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("events.jsonl");
    std::fs::write(&file, format!("{OTHERS_EVENT}\n[1]\n{OTHERS_EVENT}\n")).unwrap();
    let arguments = ["explain", "--pattern", r#"{"source": ["shop"]}"#, "--event", file.to_str().unwrap()];
    let (text, status) = said(&arguments);
    assert!(text.contains("event 2: Event must be a JSON object"), "{text}");
    assert!(text.contains("2 of 3 events match"), "{text}");
    assert_eq!(status, Some(1));
}

/// A pattern on somebody's own events ended with a note about a topic of Genesys Cloud.
#[test]
fn advice_on_genesys_is_for_patterns_on_genesys() {
    let genesys_event = OTHERS_EVENT.replace("shop", "aws.partner/genesys.com/cloud/org/trunkline");
    let with_source =
        |source: &str| format!(r#"{{"source": [{source}], "detail": {{"queue": ["support"]}}}}"#);
    for (pattern, event, noted) in [
        (OTHERS_PATTERN.to_owned(), OTHERS_EVENT, false),
        (OTHERS_PATTERN.to_owned(), genesys_event.as_str(), true),
        (with_source(r#""shop""#), &genesys_event, false),
        (with_source(r#""genesys.cloud""#), OTHERS_EVENT, true),
        (with_source(r#"{"prefix": "aws.partner/genesys.com"}"#), OTHERS_EVENT, true),
    ] {
        let (text, _) = said(&["explain", "--pattern", &pattern, "--event", event]);
        assert_eq!(text.contains("note:"), noted, "{pattern} {event}: {text}");
    }
}

#[test]
fn json_is_json_however_it_begins() {
    let (text, status) = said(&["explain", "--pattern", "[]", "--event", "{}"]);
    assert!(text.contains("Event pattern is not valid"), "{text}");
    assert_eq!(status, Some(2));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pattern.json");
    std::fs::write(&file, format!("\u{FEFF}{}", r#"{"source": ["shop"]}"#)).unwrap();
    let marked = format!("\u{FEFF}{OTHERS_EVENT}");
    let (text, status) = said(&["explain", "--pattern", file.to_str().unwrap(), "--event", &marked]);
    assert_eq!(status, Some(0), "{text}");
}

/// One line for the question that everybody asks: why did the rule not take this conversation?
#[test]
fn one_line_says_why_a_conversation_did_not_match() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    let endpoint = format!("http://{}", binary.address);
    let put = |conversation: &str, kind: &str, detail: Value| {
        let mut detail = detail;
        detail["conversationId"] = json!(conversation);
        let entry = json!({"Source": "genesys.cloud", "DetailType": kind, "Detail": detail.to_string()});
        binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    };
    let routed = |queue: &str| json!({"routing": {"queueId": queue}});
    let rule = |name: &str, state: &str| {
        let pattern = json!({"source": ["genesys.cloud"], "detail-type": ["conversation.end"], "detail": routed_to("q-support")});
        let rule = json!({"Name": name, "EventPattern": pattern.to_string(), "State": state});
        binary.ok("AWSEvents.PutRule", &rule);
    };
    rule("support", "ENABLED");
    rule("resting", "DISABLED");
    put("c-1", "conversation.queue.end", routed("q-support"));
    put("c-1", "conversation.end", routed("q-sales"));
    put("c-2", "conversation.queue.start", routed("q-support"));
    put("c-3", "conversation.end", routed("q-support"));
    put("c-33", "conversation.end", routed("q-support"));
    let ask = |conversation: &str, rule: &str| {
        said(&["explain", "--conversation", conversation, "--rule", rule, "--endpoint", &endpoint])
    };
    let (line, status) = ask("c-1", "support");
    assert_eq!((line.lines().count(), status), (1, Some(1)), "{line}");
    assert!(
        line.contains("2 events")
            && line.contains("conversation.end (")
            && line.contains("detail.routing.queueId: "),
        "{line}"
    );
    assert!(line.contains("q-sales") && line.contains("q-support"), "{line}");
    let (line, status) = ask("c-2", "support");
    assert!(line.contains("there are conversation.queue.start; it has not ended"), "{line}");
    assert_eq!(status, Some(1));
    let (line, status) = ask("c-3", "support");
    assert!(line.starts_with("match") && line.contains("1 event on the bus default"), "{line}");
    assert_eq!(status, Some(0));
    let (line, status) = ask("c-3", "resting");
    assert!(line.contains("but the rule is disabled"), "{line}");
    assert_eq!(status, Some(1));
    let (line, status) = ask("c-4", "support");
    assert!(line.contains("belongs to conversation c-4") && line.contains("--since 2d"), "{line}");
    assert_ne!(status, Some(0));
    let json =
        said(&["explain", "--conversation", "c-1", "--rule", "support", "--json", "--endpoint", &endpoint]).0;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["events"], &json["nearest"]["path"]), (&json!(2), &json!("detail.routing.queueId")));
}

fn routed_to(queue: &str) -> Value {
    json!({"routing": {"queueId": [queue]}})
}
