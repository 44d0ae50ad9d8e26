//! Webhooks in, on the real binary: each id reaches its queue once, also over a kill; what is refused says why.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Binary, trunkline};

const FILE: &str = "version: 1
bus: contact-centre
webhooks:
  - name: stream
  - name: crm
    source: crm
    verify: secret
    secret: ${env:CRM_SECRET}
    header: X-Secret
";

fn serve(folder: &Path) -> Binary {
    let (file, data) = (folder.join("trunkline.yaml"), folder.join("data"));
    std::fs::write(&file, FILE).unwrap();
    let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
    let mut command =
        trunkline(&["serve", "--webhooks", file, "--data-dir", data, "--listen", "127.0.0.1:0"]);
    command.env("CRM_SECRET", "open sesame");
    Binary::start(command).unwrap_or_else(|mut child| panic!("it ended with {}", child.wait().unwrap()))
}

fn post(binary: &Binary, name: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    binary.request(&format!("POST /webhooks/{name}"), headers, body).unwrap()
}

#[test]
fn a_post_is_an_event_once_also_over_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut binary = serve(folder.path());
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "ends"}));
    let pattern = json!({"source": ["webhook.stream"], "detail-type": ["conversation:end"]}).to_string();
    let rule = json!({"Name": "ends", "EventBusName": "contact-centre", "EventPattern": pattern});
    binary.ok("AWSEvents.PutRule", &rule);
    let target = json!({"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:000000000000:ends"});
    let targets = json!({"Rule": "ends", "EventBusName": "contact-centre", "Targets": [target]});
    assert_eq!(binary.ok("AWSEvents.PutTargets", &targets)["FailedEntryCount"], 0);

    let handshake = post(&binary, "stream", &[], r#"{"verification_token": "abc123..."}"#);
    assert_eq!(handshake, (200, json!({"verification_token": "abc123..."})));
    let event = r#"{"id": "e-1", "eventType": "conversation:end", "data": {"n": 1.00}}"#;
    let (status, answer) = post(&binary, "stream", &[], event);
    assert_eq!((status, &answer["status"]), (200, &json!("accepted")), "{answer}");
    assert_eq!(post(&binary, "stream", &[], event), (200, json!({"status": "duplicate"})));
    binary.kill();
    let binary = serve(folder.path());
    assert_eq!(post(&binary, "stream", &[], event), (200, json!({"status": "duplicate"})));

    let url = json!({"QueueUrl": "http://any/000000000000/ends", "MaxNumberOfMessages": 10});
    let messages = binary.ok("AmazonSQS.ReceiveMessage", &url);
    assert_eq!(messages["Messages"].as_array().unwrap().len(), 1, "{messages}");
    let body = messages["Messages"][0]["Body"].as_str().unwrap();
    assert!(body.ends_with(&format!("\"detail\":{event}}}")), "the bytes are the sender's: {body}");
    let received: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&received["id"], &received["detail-type"]), (&answer["id"], &json!("conversation:end")));
}

#[test]
fn what_is_refused_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let binary = serve(folder.path());
    let right = ("X-Secret", "open sesame");
    assert_eq!(post(&binary, "crm", &[right], "{}").0, 200);
    let nested = format!("{{\"a\":{}1{}}}", "[".repeat(2_000), "]".repeat(2_000));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    for (name, headers, body, status, wanted) in [
        ("nope", &[][..], "{}", 404, "There is no webhook 'nope'"),
        ("crm", &[], "{}", 401, "x-secret is missing"),
        ("crm", &[("X-Secret", "open")], "{}", 401, "not the webhook's"),
        ("crm", &[right], "", 400, "empty"),
        ("crm", &[right], "[]", 400, "not an object"),
        ("crm", &[right], &nested, 400, "nesting depth"),
        ("crm", &[right], &large, 413, "1048"),
    ] {
        let (found, answer) = post(&binary, name, headers, body);
        let sentence = answer["error"].as_str().unwrap();
        assert!(found == status && sentence.contains(wanted), "{found} {sentence}");
        assert!(!sentence.contains("sesame"), "{sentence}");
    }
    let (status, answer) = binary.request("GET /webhooks/crm", &[], "").unwrap();
    assert_eq!((status, &answer["error"]), (405, &json!("A webhook takes POST, not GET.")));
    assert_eq!(binary.ok("Trunkline.GetCounts", &json!({}))["Events"]["Accepted"], 1);
}
