//! The commands that look, against a running server: each tells what is there, and exits as it promises.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::client::{Binary, book, trunkline};

const PLACE: &str = "us-east-1:000000000000";

/// A command's exit status and its lines of JSON.
fn look(binary: &Binary, arguments: &[&str]) -> (i32, Vec<Value>) {
    let endpoint = format!("http://{}", binary.address);
    let output = trunkline(&[arguments, &["--json", "--endpoint", &endpoint]].concat()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let lines = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), lines)
}

/// A command's exit status and its text.
fn read(binary: &Binary, arguments: &[&str]) -> (i32, String) {
    let endpoint = format!("http://{}", binary.address);
    let output = trunkline(&[arguments, &["--endpoint", &endpoint]].concat()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// Puts an order and tells the event's id.
fn order(binary: &Binary, total: &Value) -> String {
    let entry =
        json!({"Source": "shop", "DetailType": "order", "Detail": json!({"total": total}).to_string()});
    let answer = binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    answer["Entries"][0]["EventId"].as_str().unwrap().to_owned()
}

/// A rule for large orders with one target.
fn rule(binary: &Binary, target: &Value) {
    let pattern = json!({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}}).to_string();
    binary.ok("AWSEvents.PutRule", &json!({"Name": "large", "EventPattern": pattern}));
    let put = binary.ok("AWSEvents.PutTargets", &json!({"Rule": "large", "Targets": [target]}));
    assert_eq!(put["FailedEntryCount"], 0, "{put}");
}

fn queue(binary: &Binary, name: &str, attributes: &Value) {
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": name, "Attributes": attributes}));
}

#[test]
fn an_event_s_trip_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    queue(&binary, "orders", &json!({}));
    rule(&binary, &json!({"Id": "queue", "Arn": format!("arn:aws:sqs:{PLACE}:orders")}));
    let (large, text) = (order(&binary, &json!(250)), order(&binary, &json!("250")));

    let (code, lines) = look(&binary, &["events", "list"]);
    assert_eq!((code, lines.len()), (0, 2), "{lines:?}");
    assert_eq!((&lines[0]["event"]["id"], &lines[0]["rulesMatched"]), (&json!(large), &json!(1)));
    assert_eq!((&lines[1]["event"]["id"], &lines[1]["rulesMatched"]), (&json!(text), &json!(0)));
    assert_eq!(look(&binary, &["events", "list", "--last", "1h"]).1.len(), 2);
    assert_eq!(look(&binary, &["events", "list", "--last", "2000-01-01T00:00:00Z"]).1.len(), 2);
    assert_eq!(look(&binary, &["events", "list", "--last", "1"]).1.len(), 1);

    let (code, lines) = look(&binary, &["events", "show", &large]);
    let trip = &lines[0]["places"][0];
    assert_eq!((code, &trip["eventBusName"], &trip["rulesMatched"]), (0, &json!("default"), &json!(1)));
    let delivery = &trip["rules"][0]["deliveries"][0];
    assert_eq!((&trip["rules"][0]["rule"], &delivery["state"]), (&json!("large"), &json!("DELIVERED")));
    assert_eq!(delivery["attempts"][0]["tookMs"], 0, "paid in the accepting commit: {trip}");
    let (code, said) = read(&binary, &["events", "show", &text]);
    assert!(code == 0 && said.contains("no match  large  detail.total: "), "{said}");
    let (code, said) = read(&binary, &["events", "show", "none"]);
    assert!(code == 2 && said.contains("is not kept"), "{said}");

    for last in ["10", "1h"] {
        let (code, lines) = look(&binary, &["why", "--last", last]);
        assert_eq!((code, &lines[0]["events"], &lines[0]["unmatched"]), (1, &json!(2), &json!(1)));
        let group = &lines[0]["groups"][0];
        assert_eq!((&group["rule"], &group["path"]), (&json!("large"), &json!("detail.total")), "{group}");
        assert_eq!((&group["events"], &group["example"]), (&json!(1), &json!(text)), "{group}");
    }
    for looked in [&["why"][..], &["tail"], &["events", "list"]] {
        let (code, said) = read(&binary, &[looked, &["--bus", "none"]].concat());
        assert!(code == 2 && said.contains("Event bus none does not exist."), "{looked:?}: {said}");
    }
    let (code, said) = read(&binary, &["why"]);
    assert!(code == 1 && said.contains("1 of 2 events matched no rule"), "{said}");

    // The reason is that of its time: not what the rule has become since, nor that it is gone.
    let pattern = json!({"source": ["shop"]}).to_string();
    binary.ok("AWSEvents.PutRule", &json!({"Name": "large", "EventPattern": pattern}));
    let group = &look(&binary, &["why"]).1[0]["groups"][0];
    assert_eq!((&group["rule"], &group["path"]), (&json!("large"), &json!("detail.total")), "{group}");
    let (_, said) = read(&binary, &["events", "show", &text]);
    assert!(said.contains("no match  large  detail.total: "), "{said}");
}

#[test]
fn books_queues_and_rules_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    queue(&binary, "orders", &json!({}));
    rule(&binary, &json!({"Id": "queue", "Arn": format!("arn:aws:sqs:{PLACE}:orders")}));
    order(&binary, &json!(250));
    order(&binary, &json!(1));

    let (code, lines) = look(&binary, &["audit"]);
    assert_eq!((code, &lines[0]["balanced"]), (0, &json!(true)));
    for (page, label, value) in
        [("events", "accepted", 2), ("deliveries", "delivered", 1), ("events", "unmatched", 1)]
    {
        assert_eq!(book(&lines[0], page, label), Some(value), "{label}");
    }
    let (code, said) = read(&binary, &["audit"]);
    assert!(code == 0 && said.matches("balances").count() == 2, "{said}");

    let (_, lines) = look(&binary, &["queue", "list"]);
    assert_eq!(
        (&lines[0]["name"], &lines[0]["attributes"]["ApproximateNumberOfMessages"]),
        (&json!("orders"), &json!("1"))
    );
    assert_eq!(look(&binary, &["queue", "show", "orders"]).1[0]["attributes"]["VisibilityTimeout"], "30");
    assert_eq!(read(&binary, &["queue", "show", "none"]).0, 2);
    let (_, lines) = look(&binary, &["rule", "list"]);
    assert_eq!((&lines[0]["name"], &lines[0]["targets"][0]["Id"]), (&json!("large"), &json!("queue")));
    let (code, said) = read(&binary, &["rule", "show", "large"]);
    assert!(code == 0 && said.contains("\"numeric\""), "{said}");
    assert_eq!(read(&binary, &["rule", "show", "none"]).0, 2);

    let page = get(&binary, "/metrics");
    for line in [
        "# TYPE trunkline_events_accepted_total counter",
        "trunkline_events_accepted_total 2",
        "trunkline_deliveries_settled_total{outcome=\"delivered\"} 1",
        "trunkline_queue_messages{queue=\"orders\",state=\"visible\"} 1",
        "trunkline_store_stopped 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}

/// Every metric that the dashboard asks for is one of the page.
#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    queue(&binary, "orders", &json!({}));
    order(&binary, &json!(250));
    let page = get(&binary, "/metrics");
    let names = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        words.filter(|word| word.starts_with("trunkline_")).map(str::to_owned).collect()
    };
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/grafana/trunkline.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() >= 8);
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap()) {
        let asked = names(target["expr"].as_str().unwrap());
        assert!(!asked.is_empty(), "{target}");
        for name in asked {
            let family = name.strip_suffix("_bucket").unwrap_or(&name);
            assert!(page.contains(&format!("# TYPE {family} ")), "{name} in\n{page}");
        }
    }
}

#[test]
fn a_server_is_examined_watched_and_given_events() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    queue(&binary, "ends", &json!({}));
    let pattern = json!({"source": ["genesys.cloud"], "detail-type": ["conversation.end"]}).to_string();
    binary.ok("AWSEvents.PutRule", &json!({"Name": "ends", "EventPattern": pattern}));
    let (code, said) = read(&binary, &["doctor"]);
    assert!(code == 1 && said.contains("the rule ends has no targets"), "{said}");
    let target = json!({"Id": "q", "Arn": format!("arn:aws:sqs:{PLACE}:ends")});
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": "ends", "Targets": [target]}));
    let queue_id = "e40f28ea-fa86-493f-a5b8-d559c8533c96";
    let (code, said) = read(&binary, &["trigger", "conversation.end", "--queue", queue_id, "--n", "23"]);
    assert!(code == 0 && said.contains("23 events"), "{said}");
    let (code, lines) = look(&binary, &["doctor", "--only", "targeted-rules", "--only", "matched-events"]);
    assert_eq!((code, lines.len()), (0, 2), "{lines:?}");
    let (code, lines) = look(&binary, &["top", "--limit", "1"]);
    assert_eq!((code, &lines[0]["events"]["accepted"]), (0, &json!(23)), "{lines:?}");
    assert_eq!(
        (&lines[0]["queues"][0]["queue"], &lines[0]["queues"][0]["messages"]),
        (&json!("ends"), &json!(23))
    );

    let (_, lines) = look(&binary, &["events", "list", "--limit", "1"]);
    let event = &lines[0]["event"];
    assert_eq!(event["detail"]["routing"]["queueId"], queue_id);
    let conversation = event["detail"]["conversationId"].as_str().unwrap();
    assert_eq!(look(&binary, &["events", "list", "--conversation", conversation]).1.len(), 1);
    let prefix = event["id"].as_str().unwrap().get(..30).unwrap();
    let (code, said) = read(&binary, &["events", "show", prefix]);
    assert!(code == 0 && said.contains("match     ends"), "{said}");
}

fn get(binary: &Binary, path: &str) -> String {
    let mut stream = TcpStream::connect(&binary.address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", binary.address).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

#[test]
fn a_tail_shows_what_was_and_then_what_comes() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    queue(&binary, "orders", &json!({}));
    rule(&binary, &json!({"Id": "queue", "Arn": format!("arn:aws:sqs:{PLACE}:orders")}));
    let first = order(&binary, &json!(250));
    order(&binary, &json!(1));
    let endpoint = format!("http://{}", binary.address);
    let arguments = ["tail", "--rule", "large", "--since", "1h", "--json", "--endpoint", &endpoint];
    let mut tail = trunkline(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["event"]["id"], first);
    // Of these the tail waits for, and skips the one that the rule does not match.
    order(&binary, &json!(2));
    let second = order(&binary, &json!(300));
    assert_eq!(next()["event"]["id"], second);
    tail.kill().unwrap();
    tail.wait().unwrap();
}
