//! `trunkline worker` against a running server: each kind of target is called for each message, and the tracker, split over two workers and
//! fed with duplicates in any order, tells each conversation's end once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

/// Messages for each target.
const MESSAGES: u64 = 6;
/// Entries of one SendMessageBatch.
const BATCH: usize = 10;

fn file(address: &str) -> String {
    format!(
        "version: 1
name: live
genesys:
  source: sqs
  queueUrl: http://{address}/000000000000/partner
  region: us-east-1
  queues: []
  grace: {{ default: {{ wrapUp: 1s }} }}
queues:
  - {{ name: to-function }}
  - {{ name: to-machine }}
  - {{ name: to-queue }}
  - {{ name: out }}
  - {{ name: told }}
functions:
  - name: seen
    runtime: python3.13
    timeout: 60s
    inline: |
      def handler(event, context):
          print('seen', event['n'])
stateMachines:
  - name: passed-on
    definition:
      StartAt: Send
      States:
        Send:
          Type: Task
          Resource: arn:aws:states:::sqs:sendMessage
          Parameters: {{ QueueUrl: '${{queue:out}}', MessageBody.$: States.JsonToString($) }}
          End: true
rules:
  - name: derived
    pattern: {{ source: [genesys.cloud], detail-type: [conversation.end] }}
    targets: [{{ queue: told }}]
workers:
  - {{ queue: to-function, function: seen, concurrency: 2, timeoutMs: 60000 }}
  - {{ queue: to-machine, stateMachine: passed-on, concurrency: 2, timeoutMs: 60000 }}
  - {{ queue: to-queue, sendTo: out, timeoutMs: 60000 }}
"
    )
}

/// Workers, which end with the test.
struct Workers(Vec<Child>);

impl Workers {
    fn start(folder: &Path, address: &str) -> Self {
        let start = |_| {
            let mut command = trunkline(&["worker", "--create-table", "--lanes", "3", "--endpoint"]);
            for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
                command.env_remove(name);
            }
            command.arg(format!("http://{address}")).current_dir(folder).stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        Self((0..2).map(start).collect())
    }

    /// Asks all of them to stop, and waits until they have.
    fn stop(mut self) {
        for child in &self.0 {
            assert!(
                Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success()
            );
        }
        for child in &mut self.0 {
            assert!(child.wait().unwrap().success(), "a worker that is asked to stop ends well");
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A server with what the file names, and two workers.
fn scene(folder: &Path) -> (Binary, Workers) {
    let binary = Binary::serve(&folder.join("data"));
    std::fs::write(folder.join("trunkline.yaml"), file(&binary.address)).unwrap();
    // Apply looks at it, as it is no part of the file.
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "partner"}));
    let endpoint = format!("http://{}", binary.address);
    let applied =
        trunkline(&["apply", "--yes", "--endpoint", &endpoint]).current_dir(folder).output().unwrap();
    assert!(applied.status.success(), "{applied:?}");
    let workers = Workers::start(folder, &binary.address);
    (binary, workers)
}

fn queue_url(queue: &str) -> String {
    format!("http://any/000000000000/{queue}")
}

fn send(binary: &Binary, queue: &str, bodies: &[String]) {
    for chunk in bodies.chunks(BATCH) {
        let entries: Vec<Value> = chunk
            .iter()
            .enumerate()
            .map(|(at, body)| json!({"Id": at.to_string(), "MessageBody": body}))
            .collect();
        let sent = binary
            .ok("AmazonSQS.SendMessageBatch", &json!({"QueueUrl": queue_url(queue), "Entries": entries}));
        assert!(sent["Failed"].as_array().is_none_or(Vec::is_empty), "{sent}");
    }
}

/// Takes messages from a queue until `is_enough`.
fn take(binary: &Binary, queue: &str, mut is_enough: impl FnMut(&Value) -> bool) {
    let url = queue_url(queue);
    loop {
        let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5});
        let answer = binary.ok("AmazonSQS.ReceiveMessage", &request);
        for message in answer["Messages"].as_array().into_iter().flatten() {
            binary.ok(
                "AmazonSQS.DeleteMessage",
                &json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}),
            );
            let body: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
            if is_enough(&body) {
                return;
            }
        }
    }
}

/// What the function's log says that it has seen.
fn seen(binary: &Binary) -> BTreeSet<u64> {
    let (status, answer) =
        binary.call("Logs_20140328.FilterLogEvents", &json!({"logGroupName": "/aws/lambda/seen"})).unwrap();
    if status != 200 {
        return BTreeSet::new();
    }
    let lines = answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap());
    lines.filter_map(|line| line.strip_prefix("seen ")?.trim().parse().ok()).collect()
}

#[test]
fn each_target_is_called_for_each_message() {
    let folder = tempfile::tempdir().unwrap();
    let (binary, workers) = scene(folder.path());
    for queue in ["to-function", "to-machine", "to-queue"] {
        let bodies: Vec<String> = (0..MESSAGES).map(|n| json!({"n": n, "by": queue}).to_string()).collect();
        send(&binary, queue, &bodies);
    }
    let mut came = BTreeSet::new();
    take(&binary, "out", |body| {
        came.insert((body["by"].as_str().unwrap().to_owned(), body["n"].as_u64().unwrap()));
        came.len() == 2 * usize::try_from(MESSAGES).unwrap()
    });
    while seen(&binary) != (0..MESSAGES).collect() {}
    // Each is done: its record says so, and no queue has anything left.
    let completed = || {
        let items = binary.ok("DynamoDB_20120810.Scan", &json!({"TableName": "trunkline-live-workers"}));
        let items = items["Items"].as_array().unwrap().clone();
        items.iter().filter(|item| item["status"]["S"] == "COMPLETED").count()
    };
    while completed() != 3 * usize::try_from(MESSAGES).unwrap() {}
    for queue in ["to-function", "to-machine", "to-queue"] {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let request = json!({"QueueUrl": queue_url(queue), "AttributeNames": names});
        let left = || {
            let told = binary.ok("AmazonSQS.GetQueueAttributes", &request);
            names.iter().any(|name| told["Attributes"][*name] != "0")
        };
        while left() {}
    }
    // An execution is named by its message, so that a second attempt starts none.
    let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:passed-on";
    let listed = binary.ok("AWSStepFunctions.ListExecutions", &json!({"stateMachineArn": arn}));
    assert_eq!(listed["executions"].as_array().unwrap().len(), usize::try_from(MESSAGES).unwrap());
    workers.stop();
}

/// Partner events of conversations that are run to their ends, as EventBridge puts them into the queue: some twice, some late.
fn partner_events() -> Vec<String> {
    let words = ["simulate", "--seed", "5", "--agents", "10", "--for", "3m", "--topics", "conversations"];
    let trouble = ["--duplicates", "0.2", "--reorder", "0.2"];
    let output = trunkline(&[&words[..], &trouble].concat()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_tracker_of_two_workers_tells_each_end_once() {
    let folder = tempfile::tempdir().unwrap();
    let (binary, workers) = scene(folder.path());
    let events = partner_events();
    let conversation = |text: &String| {
        let event: Value = serde_json::from_str(text).unwrap();
        event["detail"]["eventBody"]["conversationId"].as_str().unwrap().to_owned()
    };
    let conversations: BTreeSet<String> = events.iter().map(conversation).collect();
    assert!(conversations.len() >= 5 && events.len() > conversations.len() * 5, "{}", events.len());
    send(&binary, "partner", &events);
    // Where a worker is interrupted between PutEvents and its write, the same event comes again, with the same id.
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    take(&binary, "told", |event| {
        let id = event["detail"]["conversationId"].as_str().unwrap().to_owned();
        let urn = event["resources"][0].as_str().unwrap().to_owned();
        assert!(conversations.contains(&id), "{id} is nobody's");
        told.entry(id).or_default().insert(urn);
        told.len() == conversations.len()
    });
    assert!(told.values().all(|urns| urns.len() == 1), "{told:?}");
    workers.stop();
}
