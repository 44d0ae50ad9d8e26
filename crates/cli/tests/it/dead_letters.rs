//! `trunkline dlq` against a running server.

use serde_json::{Value, json};

use crate::client::{Binary, book, trunkline};

const PLACE: &str = "us-east-1:000000000000";

/// A command's exit status and everything it said.
fn said(binary: &Binary, arguments: &[&str]) -> (i32, String) {
    let endpoint = format!("http://{}", binary.address);
    let output = trunkline(&[&["dlq"], arguments, &["--endpoint", &endpoint]].concat()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// A command's exit status and its lines of JSON.
fn told(binary: &Binary, arguments: &[&str]) -> (i32, Vec<Value>) {
    let (code, said) = said(binary, &[arguments, &["--json"]].concat());
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{said}"));
    (code, said.lines().map(line).collect())
}

fn queue(binary: &Binary, name: &str, attributes: &Value) {
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": name, "Attributes": attributes}));
}

/// The bodies of up to ten messages.
fn received(binary: &Binary, name: &str) -> Vec<String> {
    let url = format!("http://any/000000000000/{name}");
    let body = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 60});
    let answer = binary.ok("AmazonSQS.ReceiveMessage", &body);
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
}

/// A server whose rule `large` gives orders up in the queue `dead`, since its queue `missing` is missing, and whose rule
/// `odd` does so too, since its target's input cannot be made.
fn served(folder: &std::path::Path, totals: &[u64]) -> Binary {
    let binary = Binary::serve(folder);
    queue(&binary, "dead", &json!({}));
    let letters = json!({"Arn": format!("arn:aws:sqs:{PLACE}:dead")});
    for (rule, queue, path, pattern) in [
        ("large", "missing", "$.detail", json!({"detail": {"total": [{"numeric": [">", 100]}]}})),
        ("odd", "dead", "$.detail.nothing", json!({"detail": {"total": [7]}})),
    ] {
        binary.ok("AWSEvents.PutRule", &json!({"Name": rule, "EventPattern": pattern.to_string()}));
        let arn = format!("arn:aws:sqs:{PLACE}:{queue}");
        let target = json!({"Id": "q", "Arn": arn, "InputPath": path, "DeadLetterConfig": letters});
        let put = binary.ok("AWSEvents.PutTargets", &json!({"Rule": rule, "Targets": [target]}));
        assert_eq!(put["FailedEntryCount"], 0, "{put}");
    }
    for total in totals {
        let detail = json!({"total": total}).to_string();
        let entry = json!({"Source": "shop", "DetailType": "order", "Detail": detail});
        binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    }
    binary
}

/// The books balance, with so many deliveries delivered.
fn balanced(binary: &Binary, delivered: u64) {
    let endpoint = format!("http://{}", binary.address);
    let output = trunkline(&["audit", "--json", "--endpoint", &endpoint]).output().unwrap();
    let audit: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&audit["balanced"], book(&audit, "deliveries", "delivered")),
        (&json!(true), Some(delivered)),
        "{audit}"
    );
}

/// C7 from a person's side: what rules gave up is seen by its error, and goes again to the target that missed it.
#[test]
fn a_rule_s_dead_letters_go_again_to_its_target() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path(), &[200, 300, 7]);

    let (code, lines) = told(&binary, &["list"]);
    assert_eq!((code, lines.len()), (0, 1), "{lines:?}");
    assert_eq!(
        (&lines[0]["queue"], &lines[0]["usedBy"]),
        (&json!("dead"), &json!(["rule large", "rule odd"]))
    );
    assert_eq!(lines[0]["byError"], json!({"INVALID_PARAMETER": 1, "NO_RESOURCE": 2}));
    let group = &lines[0]["groups"][1];
    assert_eq!((&group["from"], &group["letters"]), (&json!("rule large"), &json!(2)), "{group}");
    let (_, text) = said(&binary, &["list"]);
    assert!(text.contains("NO_RESOURCE") && text.contains("rule odd"), "{text}");

    let (_, lines) = told(&binary, &["show", "dead", "--error", "NO_RESOURCE"]);
    let missing = format!("arn:aws:sqs:{PLACE}:missing");
    assert_eq!((lines.len(), &lines[0]["target"], &lines[0]["receives"]), (2, &json!(missing), &json!(0)));
    assert!(lines[0]["body"].as_str().unwrap().contains("\"total\":200"), "{lines:?}");
    assert_eq!(told(&binary, &["show", "dead", "--limit", "1"]).1.len(), 1);

    let (code, lines) = told(&binary, &["redrive", "dead"]);
    assert_eq!((code, &lines[0]["redriven"], &lines[0]["undo"]), (1, &json!(0), &json!(null)), "{lines:?}");
    assert_eq!(told(&binary, &["show", "dead"]).1.len(), 3, "and nothing is lost");
    queue(&binary, "missing", &json!({}));
    let (code, lines) = told(&binary, &["redrive", "dead", "--rule", "large", "--rate", "500"]);
    assert_eq!((code, &lines[0]["redriven"]), (0, &json!(2)), "{lines:?}");
    assert_eq!(received(&binary, "missing"), ["{\"total\":200}", "{\"total\":300}"]);
    assert_eq!(told(&binary, &["show", "dead"]).1.len(), 1);
    balanced(&binary, 2);
}

#[test]
fn one_letter_goes_with_an_edited_payload() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path(), &[7]);
    let (_, lines) = told(&binary, &["show", "dead"]);
    let (id, body) = (lines[0]["id"].as_str().unwrap(), lines[0]["body"].as_str().unwrap());
    let file = dir.path().join("edited.json");
    std::fs::write(&file, body.replace("\"total\":7", "\"nothing\":7") + "\n").unwrap();
    queue(&binary, "work", &json!({}));
    let target =
        json!({"Id": "q", "Arn": format!("arn:aws:sqs:{PLACE}:work"), "InputPath": "$.detail.nothing"});
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": "odd", "Targets": [target]}));

    let file = file.to_str().unwrap();
    let (code, text) = said(&binary, &["redrive", "dead", "--id", id, "--payload", file]);
    assert!(code == 1 && text.contains("no longer has the target"), "{text}");
    let to = format!("arn:aws:sqs:{PLACE}:work");
    let (code, text) = said(&binary, &["redrive", "dead", "--id", id, "--payload", file, "--to", &to]);
    assert!(code == 0 && text.contains("1 redriven; to undo: trunkline dlq undo "), "{text}");
    let bodies = received(&binary, "work");
    assert_eq!(bodies, [body.replace("\"total\":7", "\"nothing\":7")]);
    balanced(&binary, 0);
}

#[test]
fn a_queue_s_dead_letter_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    for (dead, work, kind) in
        [("dead", "work", json!({})), ("dead.fifo", "work.fifo", json!({"FifoQueue": "true"}))]
    {
        queue(&binary, dead, &kind);
        let policy =
            json!({"deadLetterTargetArn": format!("arn:aws:sqs:{PLACE}:{dead}"), "maxReceiveCount": 1});
        let mut attributes = kind.clone();
        attributes["RedrivePolicy"] = policy.to_string().into();
        queue(&binary, work, &attributes);
        let url = format!("http://any/000000000000/{work}");
        let mut message = json!({"QueueUrl": url, "MessageBody": "poison"});
        if work.ends_with(".fifo") {
            message["MessageGroupId"] = "g".into();
            message["MessageDeduplicationId"] = "d".into();
        }
        binary.ok("AmazonSQS.SendMessage", &message);
        let at_once = json!({"QueueUrl": url, "VisibilityTimeout": 0});
        assert_eq!(binary.ok("AmazonSQS.ReceiveMessage", &at_once)["Messages"][0]["Body"], "poison");
        assert!(received(&binary, work).is_empty(), "the second receive dead-letters it");

        let (_, lines) = told(&binary, &["list", dead]);
        assert_eq!(lines[0]["usedBy"][0], format!("queue {work}"));
        assert_eq!(lines[0]["byError"], json!({"RECEIVED_TOO_OFTEN": 1}), "{lines:?}");
        assert_eq!(told(&binary, &["show", dead]).1[0]["body"], "poison");
        let (code, lines) = told(&binary, &["redrive", dead]);
        assert_eq!((code, &lines[0]["redriven"]), (0, &json!(1)), "{lines:?}");
        assert_eq!(received(&binary, work), ["poison"]);
    }
}

#[test]
fn what_was_sent_again_or_thrown_away_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path(), &[200, 300]);
    queue(&binary, "missing", &json!({}));
    let (code, text) = said(&binary, &["purge", "dead"]);
    assert!(code == 2 && text.contains("--yes"), "{text}");
    let (code, lines) = told(&binary, &["purge", "dead", "--yes"]);
    assert_eq!((code, &lines[0]["purged"]), (0, &json!(2)));
    let purge = lines[0]["undo"].as_str().unwrap();
    let (_, lines) = told(&binary, &["undo"]);
    assert_eq!(
        (&lines[0]["undo"], &lines[0]["kind"], &lines[0]["letters"]),
        (&json!(purge), &json!("purge"), &json!(2))
    );
    assert_eq!(told(&binary, &["undo", purge]).1[0]["restored"], 2);

    let (_, lines) = told(&binary, &["redrive", "dead"]);
    balanced(&binary, 2);
    let redrive = lines[0]["undo"].as_str().unwrap().to_owned();
    let id = told(&binary, &["undo"]).1;
    assert_eq!(id.len(), 1, "{id:?}");
    let (code, text) = said(&binary, &["undo", &redrive]);
    assert!(code == 0 && text.contains("2 restored to the dead-letter queue"), "{text}");
    balanced(&binary, 0);
    assert!(received(&binary, "missing").is_empty());

    // One letter of a deed by its own id; and none that somebody has.
    let ids: Vec<Value> =
        told(&binary, &["show", "dead"]).1.iter().map(|letter| letter["id"].clone()).collect();
    told(&binary, &["redrive", "dead"]);
    assert_eq!(told(&binary, &["undo", ids[1].as_str().unwrap()]).1[0]["restored"], 1);
    assert_eq!(received(&binary, "missing").len(), 1);
    let (code, text) = said(&binary, &["undo", ids[0].as_str().unwrap()]);
    assert!(code == 1 && text.contains("it has been received"), "{text}");
    balanced(&binary, 1);
}

/// A name that is not there does not go under because another is.
#[test]
fn a_letter_that_is_named_and_not_there_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path(), &[200, 300]);
    queue(&binary, "missing", &json!({}));
    let ids: Vec<Value> =
        told(&binary, &["show", "dead"]).1.iter().map(|letter| letter["id"].clone()).collect();
    let (first, second) = (ids[0].as_str().unwrap(), ids[1].as_str().unwrap());
    let (code, text) = said(&binary, &["redrive", "dead", "--id", first, "--id", "bogus"]);
    assert!(code == 1 && text.contains("1 redriven") && text.contains("unknown bogus: "), "{text}");
    let (code, lines) = told(&binary, &["purge", "dead", "--yes", "--id", "bogus", "--id", second]);
    assert_eq!((code, &lines[0]["purged"]), (1, &json!(1)), "{lines:?}");
    assert_eq!(lines[0]["unknown"], json!(["bogus"]));
}

#[test]
fn what_cannot_be_done_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let binary = served(dir.path(), &[200]);
    queue(&binary, "dead.fifo", &json!({"FifoQueue": "true"}));
    let dead = format!("arn:aws:sqs:{PLACE}:dead");
    for (wrong, words) in [
        (&["list", "none"][..], "there is no queue none"),
        (&["show", "none"], "The queue none does not exist."),
        (&["redrive", "none"], "The queue none does not exist."),
        (&["purge", "none", "--yes"], "does not exist"),
        (&["redrive", "dead", "--id", "none"], "dead has no available letter none"),
        (&["redrive", "dead", "--payload", "file"], "--id <ID>"),
        (&["redrive", "dead", "--id", "a", "--id", "b", "--payload", "{}"], "a single --id"),
        (&["redrive", "dead", "--id", "a", "--payload", "no/such/file"], "could not read no/such/file"),
        (&["redrive", "dead", "--rate", "0"], "1..=500"),
        (&["redrive", "dead", "--to", "elsewhere"], "--to <ARN>"),
        (&["redrive", "dead", "--to", &dead], "in dead already"),
        (&["redrive", "dead.fifo", "--error", "X"], "FIFO queue"),
        (&["purge", "dead.fifo", "--rule", "r", "--yes"], "FIFO queue"),
        (&["undo", "none"], "Nothing named none can be undone"),
    ] {
        let (code, said) = said(&binary, wrong);
        assert!(code == 2 && said.contains(words), "{wrong:?}: {said}");
    }
    assert_eq!(told(&binary, &["show", "dead"]).1.len(), 1, "nothing of this touched the letter");
    let (code, text) = said(&binary, &["show", "dead", "--error", "OTHER"]);
    assert!(code == 0 && text.contains("no matching messages are available in dead"), "{text}");
}
