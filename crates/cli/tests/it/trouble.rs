//! Bad input and trouble at the door: each a clear error in AWS's code and words, and the server goes on.

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

fn refused(binary: &Binary, target: &str, body: &str, status: u16, code: &str) -> Value {
    let (found, answer) = binary.call_text(target, body).unwrap();
    let kind = answer["__type"].as_str().unwrap_or_default();
    let body: String = body.chars().take(200).collect();
    assert_eq!(found, status, "{target} {body}: {answer}");
    assert!(kind.ends_with(code), "{target} {body}: {answer}");
    assert!(!answer["message"].as_str().unwrap().is_empty(), "{answer}");
    answer
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let binary = Binary::serve(dir.path());
    refused(&binary, "AWSEvents.PutRule", "{", 400, "SerializationException");
    refused(&binary, "AWSEvents.PutRule", r#"{"Name": 7}"#, 400, "SerializationException");
    refused(&binary, "AWSEvents.PutRule", r#"{"EventPattern": "{}"}"#, 400, "ValidationException");
    refused(
        &binary,
        "AWSEvents.PutRule",
        r#"{"Name": "r", "EventPattern": "{\"a\": []}"}"#,
        400,
        "InvalidEventPatternException",
    );
    refused(&binary, "AWSEvents.DescribeRule", r#"{"Name": "none"}"#, 400, "ResourceNotFoundException");
    refused(&binary, "AWSEvents.DescribeEventBus", r#"{"Name": "none"}"#, 400, "ResourceNotFoundException");
    let unserved = refused(&binary, "AWSEvents.CreateEndpoint", "{}", 400, "UnknownOperationException");
    assert!(unserved["message"].as_str().unwrap().contains("CreateEndpoint"), "{unserved}");
    let url = "http://any/000000000000/none";
    let body = json!({"QueueUrl": url, "MessageBody": "x"}).to_string();
    refused(&binary, "AmazonSQS.SendMessage", &body, 400, "QueueDoesNotExist");
    refused(&binary, "AmazonSQS.Nonsense", "{}", 400, "UnknownOperationException");

    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "q"}));
    let url = "http://any/000000000000/q";
    let oversized = json!({"QueueUrl": url, "MessageBody": "x".repeat((1 << 20) + 1)}).to_string();
    refused(&binary, "AmazonSQS.SendMessage", &oversized, 400, "InvalidParameterValueException");
    let entry =
        json!({"Source": "s", "DetailType": "t", "Detail": format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20))});
    let oversized = json!({"Entries": [entry]}).to_string();
    refused(&binary, "AWSEvents.PutEvents", &oversized, 400, "ValidationException");
    let flood = "x".repeat(9 << 20);
    refused(&binary, "AmazonSQS.SendMessage", &flood, 413, "RequestEntityTooLargeException");

    // After all that it still works, and nothing of the refused sends is there.
    binary.ok("AmazonSQS.SendMessage", &json!({"QueueUrl": url, "MessageBody": "fine"}));
    let answer = binary.ok("AmazonSQS.ReceiveMessage", &json!({"QueueUrl": url, "MaxNumberOfMessages": 10}));
    assert_eq!(answer["Messages"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["Messages"][0]["Body"], "fine");
}

/// The words of a command that must fail.
fn complaint(arguments: &[&str]) -> String {
    let output = trunkline(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_second_process_on_one_folder_is_told_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let first = Binary::serve(dir.path());
    let said = complaint(&["serve", "--data-dir", dir.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert!(said.contains("in use"), "{said}");
    assert!(said.contains(&format!("process {}", first.id())), "{said}");
}

#[test]
fn a_taken_port_is_named_with_its_user() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Binary::serve(dir.path());
    let said =
        complaint(&["serve", "--data-dir", other.path().to_str().unwrap(), "--listen", &first.address]);
    assert!(said.contains("is taken"), "{said}");
    if cfg!(target_os = "linux") {
        assert!(said.contains(&format!("process {}", first.id())), "{said}");
    }
}

#[test]
fn a_newer_format_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("format"), "trunkline format 999\n").unwrap();
    let said = complaint(&["serve", "--data-dir", dir.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert!(said.contains("format 999"), "{said}");
}

#[test]
fn an_older_format_is_refused_with_the_command_that_writes_it_over() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("format"), "trunkline format 1\n").unwrap();
    let said = complaint(&["serve", "--data-dir", dir.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert!(said.contains("format 1") && said.contains("--salvage-to NEW_DIR"), "{said}");
}

#[test]
fn other_machines_are_not_let_in_by_accident() {
    let dir = tempfile::tempdir().unwrap();
    let said = complaint(&["serve", "--data-dir", dir.path().to_str().unwrap(), "--listen", "0.0.0.0:0"]);
    assert!(said.contains("--auth any"), "{said}");
}

#[test]
fn the_request_log_is_json_and_tells_no_contents() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_str().unwrap();
    let logging = ["--log-format", "json", "--log-level", "server=debug"];
    let mut command = trunkline(&["serve", "--data-dir", folder, "--listen", "127.0.0.1:0"]);
    command.args(logging).stderr(std::process::Stdio::piped());
    let mut binary = Binary::start(command).ok().unwrap();
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{\"card\":\"hunter2\"}"});
    binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
    refused(&binary, "AWSEvents.DescribeRule", r#"{"Name": "hunter2"}"#, 400, "ResourceNotFoundException");
    binary.kill();
    let (_, said) = binary.ended();
    assert!(!said.contains("hunter2"), "{said}");
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<&Value> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 2, "{said}");
    assert_eq!(
        (&requests[0]["operation"], &requests[0]["status"]),
        (&json!("AWSEvents.PutEvents"), &json!(200))
    );
    assert_eq!(requests[1]["error_code"], "ResourceNotFoundException");
}

#[test]
fn shells_get_their_completions() {
    let output = trunkline(&["completions", "bash"]).output().unwrap();
    let script = String::from_utf8(output.stdout).unwrap();
    assert!(script.contains("redrive") && script.contains("--log-format"), "{script}");
    assert!(complaint(&["completions", "dos"]).contains("bash"));
}
