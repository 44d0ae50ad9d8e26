//! `--permissions`: what AWS would refuse is logged once, or refused.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::client::{Binary, trunkline};

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:orders";

/// A server in one of the modes whose rule `r` has a queue without a policy as its target, and the first lines of its log.
fn put(mode: &str, log_lines: usize) -> (Binary, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let data_dir = data_dir.to_str().unwrap();
    let arguments = [
        "serve",
        "--data-dir",
        data_dir,
        "--listen",
        "127.0.0.1:0",
        "--log-format",
        "json",
        "--permissions",
        mode,
    ];
    let mut command = trunkline(&arguments);
    command.stderr(Stdio::piped());
    let mut binary = Binary::start(command).unwrap_or_else(|mut child| panic!("{}", child.wait().unwrap()));
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "orders"}));
    binary.ok("AWSEvents.PutRule", &json!({"Name": "r", "EventPattern": "{\"source\":[\"shop\"]}"}));
    let targets = json!([{"Id": "q", "Arn": QUEUE}]);
    binary.ok("AWSEvents.PutTargets", &json!({"Rule": "r", "Targets": targets}));
    for _ in 0..3 {
        let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}"});
        binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    }
    let log = BufReader::new(binary.log().unwrap());
    let lines = log.lines().take(log_lines).map(|line| line.unwrap()).collect();
    (binary, lines)
}

/// How many messages the queue has.
fn messages(binary: &Binary) -> String {
    let request = json!({"QueueUrl": "http://any/000000000000/orders", "AttributeNames": ["ApproximateNumberOfMessages"]});
    let answer = binary.ok("AmazonSQS.GetQueueAttributes", &request);
    answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap().to_owned()
}

#[test]
fn what_aws_would_refuse_is_logged_once_and_delivered_or_refused() {
    let (binary, log) = put("warn", 1);
    assert!(
        log[0].contains("AWS would refuse this for want of a permission") && log[0].contains(QUEUE),
        "{log:?}"
    );
    assert!(log[0].contains("this statement would allow it"), "{log:?}");
    assert_eq!(messages(&binary), "3");
    let refusals = binary.ok("Trunkline.ListRefusals", &json!({}));
    assert_eq!(refusals["Refusals"][0]["Rule"], "r", "{refusals}");
    let (binary, _) = put("enforce", 1);
    assert_eq!(messages(&binary), "0");
    let listed = binary.ok("Trunkline.ListEvents", &json!({}));
    let id = &listed["Events"][0]["Event"]["id"];
    let trip = binary.ok("Trunkline.DescribeEvent", &json!({"EventId": id}));
    let delivery = &trip["Places"][0]["Rules"][0]["Deliveries"][0];
    assert_eq!(
        (&delivery["State"], &delivery["Attempts"][0]["ErrorCode"]),
        (&json!("LOST"), &json!("NO_PERMISSIONS"))
    );
    assert!(delivery["Refusal"].as_str().unwrap().contains("it has none"), "{delivery}");
}
