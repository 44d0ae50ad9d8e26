//! What programs read: the JSON of `--json` and of Trunkline's own operations keeps its members, their case and its version.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

/// Members that hold what somebody else wrote.
const FOREIGN: &[&str] =
    &["event", "Event", "attributes", "targets", "body", "Payload", "byError", "Queues", "from", "to"];

/// The members of a value and what kind of value each has, a line each. Of a list, its first item tells.
fn shape(out: &mut String, depth: usize, name: &str, value: &Value) {
    let kind = match value {
        _ if FOREIGN.contains(&name) => "...",
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    };
    writeln!(out, "{:indent$}{name}: {kind}", "", indent = depth * 2).unwrap();
    match value {
        _ if kind == "..." => {}
        Value::Array(items) => items.iter().take(1).for_each(|item| shape(out, depth + 1, "-", item)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| shape(out, depth + 1, name, value));
        }
        _ => {}
    }
}

/// Every member's name begins with a letter of this case and has no separators.
fn assert_case(value: &Value, is_first: fn(char) -> bool) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| assert_case(item, is_first)),
        Value::Object(members) => {
            for (name, value) in members {
                let fits = name.starts_with(is_first) && name.chars().all(|c| c.is_ascii_alphanumeric());
                assert!(fits, "{name} in {value}");
                if !FOREIGN.contains(&name.as_str()) {
                    assert_case(value, is_first);
                }
            }
        }
        _ => {}
    }
}

fn assert_same(file: &str, shapes: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    if std::env::var_os("TRUNKLINE_BLESS").is_some() {
        std::fs::write(&file, shapes).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(shapes, expected, "{}: TRUNKLINE_BLESS=1 writes it anew", file.display());
}

/// A server with a delivered event, one that matched nothing, and three dead letters.
fn served(folder: &Path) -> (Binary, String) {
    let binary = Binary::serve(folder);
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    for queue in ["orders", "dead"] {
        binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": queue}));
    }
    let pattern = json!({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}).to_string();
    binary.ok("AWSEvents.PutRule", &json!({"Name": "large", "EventPattern": pattern}));
    let targets = json!([
        {"Id": "queue", "Arn": arn("orders")},
        {"Id": "missing", "Arn": arn("missing"), "DeadLetterConfig": {"Arn": arn("dead")}},
    ]);
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": "large", "Targets": targets}));
    let event = |total: u32| {
        let detail = json!({"total": total}).to_string();
        let entry = json!({"Source": "shop", "DetailType": "order", "Detail": detail});
        binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}))
    };
    event(1);
    event(200);
    event(300);
    let id = event(400)["Entries"][0]["EventId"].as_str().unwrap().to_owned();
    (binary, id)
}

/// Runs a command with `--json`: the first line that it prints, all of whose lines are as they should be.
fn first_of(words: &[&str]) -> Value {
    let output = trunkline(words).arg("--json").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    for line in said.lines() {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{words:?}: {said}"));
        let first = object.as_object().unwrap().iter().next().unwrap();
        assert_eq!((first.0.as_str(), first.1), ("version", &json!(1)), "{words:?}: {line}");
        assert_case(&object, |c| c.is_ascii_lowercase());
    }
    serde_json::from_str(said.lines().next().unwrap()).unwrap()
}

/// A pipeline file with a mistake, and one with a test.
fn pipelines(folder: &Path) -> (String, String) {
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let silent = file("silent.yaml", "version: 1\nqueue: []\nqueues: [{ name: q }]\n");
    let tested = file(
        "tested.yaml",
        "version: 1\nqueues: [{ name: q }]\nrules:\n  - name: r\n    pattern: { source: [shop] }\n    targets: [{ queue: q }]\n\
         tests:\n  - name: t\n    given: [{ source: shop, detail-type: d, detail: {} }]\n    expect: [{ rule: r, matches: true }]\n",
    );
    (silent, tested)
}

#[test]
fn what_commands_print_for_programs_is_versioned_and_in_camel_case() {
    let dir = tempfile::tempdir().unwrap();
    let (binary, event) = served(&dir.path().join("data"));
    let endpoint = format!("http://{}", binary.address);
    let pattern = r#"{"detail": {"total": [1]}}"#;
    let (pipeline, tested) = pipelines(dir.path());
    let mut shapes = String::new();
    let commands: &[&[&str]] = &[
        &["check", "-f", &pipeline],
        &["test", "-f", &tested],
        &["plan", "-f", &tested, "--endpoint", &endpoint],
        &["apply", "--yes", "-f", &tested, "--endpoint", &endpoint],
        &["destroy", "--yes", "-f", &tested, "--endpoint", &endpoint],
        &["explain", "--pattern", pattern, "--event", r#"{"id": "1", "detail": {"total": 2}}"#],
        &["explain", "--rule", "large", "--last", "2", "--endpoint", &endpoint],
        &["events", "list", "--endpoint", &endpoint],
        &["events", "show", &event, "--endpoint", &endpoint],
        &["why", "--endpoint", &endpoint],
        &["replay", "--dry-run", "--endpoint", &endpoint],
        &["replay", "--name", "again", "--rule", "large", "--target", "queue", "--endpoint", &endpoint],
        &[
            "replay",
            "--name",
            "later",
            "--detach",
            "--rule",
            "large",
            "--target",
            "queue",
            "--endpoint",
            &endpoint,
        ],
        &["queue", "list", "--endpoint", &endpoint],
        &["queue", "show", "orders", "--endpoint", &endpoint],
        &["rule", "list", "--endpoint", &endpoint],
        &["rule", "show", "large", "--endpoint", &endpoint],
        &["audit", "--endpoint", &endpoint],
        &["dlq", "list", "--endpoint", &endpoint],
        &["dlq", "show", "dead", "--limit", "1", "--endpoint", &endpoint],
        &["dlq", "redrive", "dead", "--id", "bogus", "--id", "{letter}", "--endpoint", &endpoint],
        &["dlq", "purge", "dead", "--yes", "--endpoint", &endpoint],
        &["dlq", "undo", "--endpoint", &endpoint],
        &["fsck", "--data-dir", "{closed}"],
    ];
    for words in commands {
        let words: Vec<String> = words
            .iter()
            .map(|word| match *word {
                "{letter}" => first_of(&["dlq", "show", "dead", "--endpoint", &endpoint])["id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                "{closed}" => {
                    let closed = dir.path().join("closed");
                    drop(Binary::serve(&closed));
                    closed.to_str().unwrap().to_owned()
                }
                other => other.to_owned(),
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let first = first_of(&words);
        let name: Vec<&str> = words.iter().copied().take_while(|word| !word.starts_with('-')).collect();
        let name = if name.first() == Some(&"events") { &name[..2] } else { &name[..] };
        shape(&mut shapes, 0, &format!("trunkline {}", name.join(" ")), &first);
    }
    assert_same("json.txt", &shapes);
}

#[test]
fn answers_of_trunkline_s_own_operations_are_versioned_and_in_pascal_case() {
    let dir = tempfile::tempdir().unwrap();
    let (binary, event) = served(dir.path());
    let mut shapes = String::new();
    let mut ask = |operation: &str, request: &Value| {
        let answer = binary.ok(&format!("Trunkline.{operation}"), request);
        let first = answer.as_object().unwrap().iter().next().unwrap();
        assert_eq!((first.0.as_str(), first.1), ("Version", &json!(1)), "{operation}: {answer}");
        assert_case(&answer, |c| c.is_ascii_uppercase());
        shape(&mut shapes, 0, operation, &answer);
        answer
    };
    let bus = json!({"EventBusName": "default"});
    ask("GetCounts", &json!({}));
    ask("ListEvents", &bus);
    ask("WaitForEvents", &json!({"EventBusName": "default", "After": 0}));
    ask("DescribeEvent", &json!({"EventId": event}));
    ask("ListUnmatched", &bus);
    ask("ListRuleVersions", &bus);
    let replay =
        json!({"ReplayName": "r", "EventBusName": "default", "RuleName": "large", "TargetId": "queue"});
    ask("StartReplay", &replay);
    // How far it has come is told once it has come somewhere.
    let name = json!({"ReplayName": "r"});
    while binary.ok("Trunkline.DescribeReplay", &name)["UnderWay"] == true {}
    ask("DescribeReplay", &name);
    ask("RehearseReplay", &bus);
    let letters = ask("ListDeadLetters", &json!({"QueueName": "dead", "Max": 1}));
    let id = &letters["Letters"][0]["Id"];
    ask("RedriveDeadLetters", &json!({"QueueName": "dead", "Ids": [id]}));
    let purged = ask("PurgeDeadLetters", &json!({"QueueName": "dead"}));
    ask("ListUndoable", &json!({}));
    ask("UndoDeadLetters", &json!({"Name": purged["Name"]}));
    let parameters = json!({"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}});
    let connection = json!({"Name": "crm", "AuthorizationType": "API_KEY", "AuthParameters": parameters});
    binary.ok("AWSEvents.CreateConnection", &connection);
    ask("CompareConnection", &connection);
    assert_same("operations.txt", &shapes);
}
