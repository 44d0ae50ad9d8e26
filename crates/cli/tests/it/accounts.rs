//! Accounts and regions beside each other, on the real binary: each has what is its own, also over a kill, and one's rules
//! reach the other's queues and buses.

use std::path::Path;

use aws::api::IAM;
use aws::encoding::{ALL_BUT_UNRESERVED, percent_encoded};
use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

const HOME: [&str; 2] = ["111111111111", "us-east-1"];
const OTHER: [&str; 2] = ["222222222222", "eu-west-1"];

fn serve(folder: &Path) -> Binary {
    serve_with(folder, "warn")
}

/// As [`serve`], with a mode of `--permissions`.
fn serve_with(folder: &Path, permissions: &str) -> Binary {
    let data = folder.join("data");
    let command = trunkline(&[
        "serve",
        "--data-dir",
        data.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--account",
        HOME[0],
        "--accounts",
        "111111111111,222222222222",
        "--regions",
        "us-east-1,eu-west-1",
        "--permissions",
        permissions,
    ]);
    Binary::start(command).unwrap_or_else(|mut child| panic!("it ended with {}", child.wait().unwrap()))
}

/// Calls an operation as an account in a region.
fn ask(binary: &Binary, [account, region]: [&str; 2], target: &str, body: &Value) -> (u16, Value) {
    let service = if target.starts_with("AWSEvents") { "events" } else { "sqs" };
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={account}/20261128/{region}/{service}/aws4_request, SignedHeaders=host, Signature=00"
    );
    let headers = [
        ("X-Amz-Target", target),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("Authorization", &authorization),
    ];
    binary.request("POST /", &headers, &body.to_string()).unwrap()
}

fn ok(binary: &Binary, who: [&str; 2], target: &str, body: &Value) -> Value {
    let (status, answer) = ask(binary, who, target, body);
    assert_eq!(status, 200, "{target} {body}: {answer}");
    answer
}

fn received(binary: &Binary, who: [&str; 2], queue: &str) -> usize {
    let request =
        json!({"QueueUrl": format!("/{}/{queue}", who[0]), "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5});
    ok(binary, who, "AmazonSQS.ReceiveMessage", &request)["Messages"].as_array().map_or(0, Vec::len)
}

#[test]
fn each_account_and_region_has_what_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut binary = serve(folder.path());
    let made = ok(&binary, HOME, "AmazonSQS.CreateQueue", &json!({"QueueName": "orders"}));
    assert!(made["QueueUrl"].as_str().unwrap().ends_with("/111111111111/orders"), "{made}");
    for who in [OTHER, [HOME[0], OTHER[1]], [OTHER[0], HOME[1]]] {
        let listed = ok(&binary, who, "AmazonSQS.ListQueues", &json!({}));
        assert!(listed["QueueUrls"].as_array().is_none_or(Vec::is_empty), "{who:?}: {listed}");
    }
    binary.kill();
    let binary = serve(folder.path());
    assert_eq!(
        ok(&binary, HOME, "AmazonSQS.ListQueues", &json!({}))["QueueUrls"].as_array().unwrap().len(),
        1
    );
    // A key that is no account is the home's.
    let listed = ok(&binary, ["any", HOME[1]], "AmazonSQS.ListQueues", &json!({}));
    assert_eq!(listed["QueueUrls"].as_array().unwrap().len(), 1);
    let (status, refused) = ask(&binary, ["333333333333", "us-east-1"], "AmazonSQS.ListQueues", &json!({}));
    assert_eq!(status, 403, "{refused}");
    let words = refused["message"].as_str().unwrap();
    assert!(words.contains("333333333333") && words.contains("222222222222/eu-west-1"), "{words}");
}

#[test]
fn a_rule_reaches_the_queue_and_the_bus_of_another_account() {
    let folder = tempfile::tempdir().unwrap();
    let binary = serve(folder.path());
    ok(&binary, OTHER, "AmazonSQS.CreateQueue", &json!({"QueueName": "direct"}));
    ok(&binary, OTHER, "AmazonSQS.CreateQueue", &json!({"QueueName": "by-bus"}));
    let pattern = json!({"source": ["shop"]}).to_string();
    for who in [HOME, OTHER] {
        ok(&binary, who, "AWSEvents.PutRule", &json!({"Name": "shop", "EventPattern": pattern}));
    }
    let arn = |service: &str, name: &str| format!("arn:aws:{service}:{}:{}:{name}", OTHER[1], OTHER[0]);
    let targets = json!({"Rule": "shop", "Targets": [
        {"Id": "queue", "Arn": arn("sqs", "direct")},
        {"Id": "bus", "Arn": arn("events", "event-bus/default"), "RoleArn": "arn:aws:iam::111111111111:role/r"},
    ]});
    assert_eq!(ok(&binary, HOME, "AWSEvents.PutTargets", &targets)["FailedEntryCount"], 0);
    let targets = json!({"Rule": "shop", "Targets": [{"Id": "queue", "Arn": arn("sqs", "by-bus")}]});
    assert_eq!(ok(&binary, OTHER, "AWSEvents.PutTargets", &targets)["FailedEntryCount"], 0);

    let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}"});
    ok(&binary, HOME, "AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    assert_eq!(received(&binary, OTHER, "direct"), 1);
    assert_eq!(received(&binary, OTHER, "by-bus"), 1);
}

#[test]
fn a_bus_takes_the_events_of_another_account_that_its_policy_lets_in() {
    let folder = tempfile::tempdir().unwrap();
    let binary = serve_with(folder.path(), "enforce");
    let bus = format!("arn:aws:events:{}:{}:event-bus/default", OTHER[1], OTHER[0]);
    let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{}", "EventBusName": bus});
    let put = json!({"Entries": [entry]});
    let (status, refused) = ask(&binary, HOME, "AWSEvents.PutEvents", &put);
    assert_eq!((status, refused["__type"].as_str().unwrap()), (400, "AccessDeniedException"), "{refused}");
    let words = refused["message"].as_str().unwrap();
    assert!(
        words.contains("is not authorized to perform: events:PutEvents") && words.contains("it has none"),
        "{words}"
    );
    let permission = json!({"Action": "events:PutEvents", "Principal": HOME[0], "StatementId": "home"});
    ok(&binary, OTHER, "AWSEvents.PutPermission", &permission);
    assert_eq!(ok(&binary, HOME, "AWSEvents.PutEvents", &put)["FailedEntryCount"], 0);
    let listed = ok(&binary, OTHER, "Trunkline.ListEvents", &json!({}));
    assert_eq!(listed["Events"][0]["Event"]["account"], HOME[0], "{listed}");
    let listed = ok(&binary, HOME, "Trunkline.ListEvents", &json!({}));
    assert_eq!(listed["Events"].as_array().unwrap().len(), 0, "{listed}");
}

/// Runs one case: `{source, why, steps: [{scope, call, request, answer? | error}, {scope, received, bodies}]}` where every
/// permission is asked for; `scope` is `account/region` of the caller, `bodies` are the events that arrive in a queue. In an
/// answer, `"*"` stands for anything.
fn check(path: &Path) {
    let case: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for member in ["source", "why"] {
        assert!(case[member].as_str().is_some_and(|text| !text.is_empty()), "{path:?} says no {member}");
    }
    let folder = tempfile::tempdir().unwrap();
    let binary = serve_with(folder.path(), "enforce");
    for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        let step_name = format!("{}, step {number}", path.display());
        let (account, region) = step["scope"].as_str().unwrap().split_once('/').unwrap();
        if let Some(queue) = step["received"].as_str() {
            let bodies = bodies(&binary, [account, region], queue);
            assert!(is_like(&bodies, &step["bodies"]), "{step_name}: got {bodies}");
            continue;
        }
        let call = step["call"].as_str().unwrap();
        let (status, answer) = match call.strip_prefix("IAM.") {
            Some(action) => iam(&binary, [account, region], action, &step["request"]),
            None => ask(&binary, [account, region], call, &step["request"]),
        };
        match step.get("error") {
            None => {
                assert_eq!(status, 200, "{step_name}: {answer}");
                let wanted = step.get("answer");
                assert!(wanted.is_none_or(|wanted| is_like(&answer, wanted)), "{step_name}: got {answer}");
            }
            Some(error) => {
                assert_eq!(answer["__type"], error["code"], "{step_name}: {answer}");
                assert!(is_like(&answer["message"], &error["message"]), "{step_name}: {answer}");
            }
        }
    }
}

/// An operation of IAM, whose wire is the query protocol.
fn iam(binary: &Binary, [account, region]: [&str; 2], action: &str, request: &Value) -> (u16, Value) {
    let mut form = format!("Action={action}&Version={}", IAM.version);
    for (name, value) in request.as_object().unwrap() {
        form += &format!("&{name}={}", percent_encoded(value.as_str().unwrap(), ALL_BUT_UNRESERVED));
    }
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={account}/20261128/{region}/iam/aws4_request, SignedHeaders=host, Signature=00"
    );
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*authorization)];
    let (status, text) = binary.request_text("POST /", &headers, &form).unwrap();
    (status, Value::String(text))
}

/// The events that arrive in a queue: as soon as there is one, all that are there.
fn bodies(binary: &Binary, who: [&str; 2], queue: &str) -> Value {
    let url = format!("/{}/{queue}", who[0]);
    let request = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20});
    let answer = ok(binary, who, "AmazonSQS.ReceiveMessage", &request);
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    for message in &messages {
        let handle = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
        ok(binary, who, "AmazonSQS.DeleteMessage", &handle);
    }
    messages.iter().map(|one| serde_json::from_str::<Value>(one["Body"].as_str().unwrap()).unwrap()).collect()
}

fn is_like(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (_, Value::String(any)) if any == "*" => true,
        (Value::Object(answer), Value::Object(expected)) => {
            answer.len() == expected.len()
                && expected.iter().all(|(name, value)| answer.get(name).is_some_and(|a| is_like(a, value)))
        }
        (Value::Array(answer), Value::Array(expected)) => {
            answer.len() == expected.len() && answer.iter().zip(expected).all(|(a, e)| is_like(a, e))
        }
        (answer, expected) => answer == expected,
    }
}

#[test]
fn every_case_of_two_accounts_or_regions_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/accounts");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 8);
    for path in paths {
        check(&path);
    }
}
