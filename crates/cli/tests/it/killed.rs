//! SIGKILL in the middle of a load: what an outside process recorded as acknowledged is there after the restart.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::client::Binary;

const ROUNDS: usize = 3;
const ACKNOWLEDGED_PER_ROUND: usize = 150;

/// What the outside process knows, by message body. Only what was answered with success counts as acknowledged.
#[derive(Default)]
struct Journal {
    sent: Mutex<Vec<String>>,
    tried: Mutex<Vec<String>>,
    deleted: Mutex<Vec<String>>,
    delete_tried: Mutex<Vec<String>>,
}

impl Journal {
    fn add(list: &Mutex<Vec<String>>, item: &str) {
        list.lock().unwrap().push(item.to_owned());
    }
}

/// C1 (nothing acknowledged is lost), C3 (nothing invented, bytes identical), C4 (what was deleted stays deleted).
#[test]
fn nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::default();
    let mut binary = Binary::serve(dir.path());
    binary
        .ok("AmazonSQS.CreateQueue", &json!({"QueueName": "jobs", "Attributes": {"VisibilityTimeout": "0"}}));
    binary.ok("AWSEvents.PutRule", &json!({"Name": "jobs", "EventPattern": "{\"source\": [\"test\"]}"}));
    let target =
        json!({"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:jobs", "InputPath": "$.detail"});
    let put = binary.ok("AWSEvents.PutTargets", &json!({"Rule": "jobs", "Targets": [target]}));
    assert_eq!(put["FailedEntryCount"], 0, "{put}");

    for round in 0..ROUNDS {
        let acknowledged = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let (binary, journal, acknowledged) = (&binary, &journal, &acknowledged);
                scope.spawn(move || load(binary, journal, acknowledged, round * 10 + worker));
            }
            scope.spawn(|| consume(&binary, &journal));
            while acknowledged.load(Ordering::Relaxed) < ACKNOWLEDGED_PER_ROUND {
                std::thread::yield_now();
            }
            kill_from_outside(&binary);
        });
        binary.kill();
        binary = Binary::serve(dir.path());
    }
    check(&journal, &drain(&binary));
}

/// Sends until the connection breaks: every other message through a rule.
fn load(binary: &Binary, journal: &Journal, acknowledged: &AtomicUsize, worker: usize) {
    for number in 0.. {
        let body =
            json!({"worker": worker, "number": number, "text": "\u{e9} \u{1F980} \\ \" 1.0"}).to_string();
        Journal::add(&journal.tried, &body);
        let answer = if number % 2 == 0 {
            let url = "http://any/000000000000/jobs";
            binary.call("AmazonSQS.SendMessage", &json!({"QueueUrl": url, "MessageBody": body}))
        } else {
            let entry = json!({"Source": "test", "DetailType": "t", "Detail": body});
            binary.call("AWSEvents.PutEvents", &json!({"Entries": [entry]}))
        };
        match answer {
            Ok((200, answer)) => {
                assert_eq!(answer.get("FailedEntryCount").unwrap_or(&json!(0)), &json!(0), "{answer}");
                Journal::add(&journal.sent, &body);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok((status, answer)) => panic!("{status} {answer}"),
            Err(_) => return,
        }
    }
}

/// Receives and deletes a part of what comes, until the connection breaks.
fn consume(binary: &Binary, journal: &Journal) {
    let url = "http://any/000000000000/jobs";
    loop {
        let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 3, "VisibilityTimeout": 1});
        let Ok((200, answer)) = binary.call("AmazonSQS.ReceiveMessage", &request) else { return };
        for message in answer["Messages"].as_array().unwrap_or(&Vec::new()) {
            let body = message["Body"].as_str().unwrap();
            Journal::add(&journal.delete_tried, body);
            let request = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
            let Ok((200, _)) = binary.call("AmazonSQS.DeleteMessage", &request) else { return };
            Journal::add(&journal.deleted, body);
        }
    }
}

/// SIGKILL by process id while other threads still use the handle.
pub(crate) fn kill_from_outside(binary: &Binary) {
    let killed = std::process::Command::new("kill").args(["-9", &binary.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

/// Everything that is left. What was leased at the kill becomes visible within its second, and the long poll waits for it.
fn drain(binary: &Binary) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    let url = "http://any/000000000000/jobs";
    loop {
        let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600, "WaitTimeSeconds": 2});
        let answer = binary.ok("AmazonSQS.ReceiveMessage", &request);
        let Some(messages) = answer["Messages"].as_array().filter(|messages| !messages.is_empty()) else {
            return found;
        };
        for message in messages {
            *found.entry(message["Body"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
}

fn check(journal: &Journal, left: &HashMap<String, usize>) {
    let list = |list: &Mutex<Vec<String>>| list.lock().unwrap().clone();
    let (sent, tried) = (list(&journal.sent), list(&journal.tried));
    let (deleted, delete_tried) = (list(&journal.deleted), list(&journal.delete_tried));
    assert!(sent.len() >= ROUNDS * ACKNOWLEDGED_PER_ROUND);
    assert!(!deleted.is_empty(), "the consumer deleted something, or this test proves less than it says");
    for body in &sent {
        // A delete that was cut off may or may not have happened; both are right.
        let accounted = left.contains_key(body) || delete_tried.contains(body);
        assert!(accounted, "acknowledged and lost: {body}");
    }
    for (body, count) in left {
        assert!(tried.contains(body), "invented: {body}");
        assert!(!deleted.contains(body), "deleted and back: {body}");
        assert_eq!(*count, 1, "twice in the queue: {body}");
    }
}
