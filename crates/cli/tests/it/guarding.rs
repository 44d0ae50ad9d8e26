//! Who may call, and what can be brought back: signatures, tokens, backups of a server that runs.

use std::path::Path;

use serde_json::json;

use crate::client::{Binary, trunkline};

const QUEUE: &str = "http://any/000000000000/q";

/// A server that asks who calls, and the file of what it takes.
fn guarded(dir: &Path, auth: &str, secrets: &str) -> (Binary, String) {
    let file = dir.join("secrets").to_str().unwrap().to_owned();
    std::fs::write(&file, secrets).unwrap();
    let data = dir.join("data");
    let command = trunkline(&[
        "serve",
        "--data-dir",
        data.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--auth",
        auth,
        "--auth-file",
        &file,
    ]);
    (Binary::start(command).unwrap_or_else(|_| panic!("it did not start")), file)
}

/// Our own command against the server, with a file of credentials or without.
fn queues(binary: &Binary, file: Option<&str>) -> (bool, String) {
    let url = format!("http://{}", binary.address);
    let mut command = trunkline(&["queue", "list", "--endpoint", &url]);
    if let Some(file) = file {
        command.args(["--auth-file", file]);
    }
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn whoever_cannot_sign_is_not_let_in() {
    let dir = tempfile::tempdir().unwrap();
    let (binary, file) =
        guarded(dir.path(), "sigv4", "# key\nAKIDEXAMPLE wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n");
    let unsigned = binary.call("AmazonSQS.ListQueues", &json!({})).unwrap();
    assert!(
        unsigned.0 == 403 && unsigned.1.to_string().contains("MissingAuthenticationToken"),
        "{unsigned:?}"
    );
    assert_eq!(binary.request("GET /metrics", &[], "").unwrap().0, 403);
    assert_eq!(binary.request("GET /health", &[], "").unwrap().0, 200);
    assert_eq!(queues(&binary, Some(&file)), (true, String::new()));
    let wrong = dir.path().join("wrong");
    for (text, words) in [
        ("AKIDEXAMPLE another", "signature we calculated does not match"),
        (
            "AKIDOTHER wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "security token included in the request is invalid",
        ),
    ] {
        std::fs::write(&wrong, text).unwrap();
        let (is_in, said) = queues(&binary, Some(wrong.to_str().unwrap()));
        assert!(!is_in && said.contains(words), "{said}");
    }
    assert!(!queues(&binary, None).0);
}

#[test]
fn whoever_has_no_token_is_not_let_in() {
    let dir = tempfile::tempdir().unwrap();
    let (binary, file) = guarded(dir.path(), "token", "0123456789abcdef0123\n");
    let ask = |headers: &[(&str, &str)]| {
        let headers = [&[("X-Amz-Target", "AmazonSQS.ListQueues")], headers].concat();
        binary.request("POST /", &headers, "{}").unwrap().0
    };
    assert_eq!(ask(&[]), 403);
    assert_eq!(ask(&[("Authorization", "Bearer 0123456789abcdef0124")]), 403);
    assert_eq!(ask(&[("Authorization", "Bearer 0123456789abcdef0123")]), 200);
    assert_eq!(ask(&[("X-Amz-Security-Token", "0123456789abcdef0123")]), 200);
    assert!(queues(&binary, Some(&file)).0);
    let output =
        trunkline(&["serve", "--auth", "token", "--data-dir", dir.path().join("x").to_str().unwrap()])
            .output();
    assert!(String::from_utf8_lossy(&output.unwrap().stderr).contains("need --auth-file FILE"));
}

/// Store, tables and code are of one moment, also while the server works; what comes after it is not in the backup.
#[test]
fn a_backup_of_a_server_that_runs_is_put_back() {
    let dir = tempfile::tempdir().unwrap();
    let [data, backup, again] =
        ["data", "backup", "again"].map(|name| dir.path().join(name).to_str().unwrap().to_owned());
    let binary = Binary::serve(Path::new(&data));
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "q"}));
    let send = |binary: &Binary, body: &str| {
        binary.ok("AmazonSQS.SendMessage", &json!({"QueueUrl": QUEUE, "MessageBody": body}))
    };
    send(&binary, "before");
    binary.ok(
        "DynamoDB_20120810.CreateTable",
        &json!({"TableName": "things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}]}),
    );
    let put = |binary: &Binary, key: &str| {
        binary.ok("DynamoDB_20120810.PutItem", &json!({"TableName": "things", "Item": {"k": {"S": key}}}));
    };
    put(&binary, "before");
    let url = format!("http://{}", binary.address);
    let run = |arguments: &[&str]| {
        let output = trunkline(arguments).output().unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    let (is_done, said) = run(&["backup", &backup, "--data-dir", &data, "--endpoint", &url]);
    assert!(is_done && said.contains("1 files of tables"), "{said}");
    assert!(!run(&["backup", &backup, "--data-dir", &data, "--endpoint", &url]).0, "never over another");
    send(&binary, "after");
    put(&binary, "after");
    let asked =
        binary.call("Trunkline.Backup", &json!({"Number": "0123456789abcdef0123456789abcdef"})).unwrap();
    assert_eq!(asked.0, 400, "who cannot write in the data folder cannot ask: {}", asked.1);
    drop(binary);
    let (is_done, said) = run(&["restore", &backup, "--data-dir", &again]);
    assert!(is_done, "{said}");
    assert!(!run(&["restore", &backup, "--data-dir", &data]).0, "no data folder is written over");
    let binary = Binary::serve(Path::new(&again));
    let received =
        binary.ok("AmazonSQS.ReceiveMessage", &json!({"QueueUrl": QUEUE, "MaxNumberOfMessages": 10}));
    let bodies: Vec<_> =
        received["Messages"].as_array().unwrap().iter().map(|message| message["Body"].clone()).collect();
    assert_eq!(bodies, [json!("before")]);
    let items = binary.ok("DynamoDB_20120810.Scan", &json!({"TableName": "things"}));
    assert_eq!(items["Count"], 1, "{items}");
    drop(binary);
    let (is_done, said) = run(&["backup", dir.path().join("still").to_str().unwrap(), "--data-dir", &again]);
    assert!(is_done, "a folder that nobody uses: {said}");
}
