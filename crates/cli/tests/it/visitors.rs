//! Web pages at the real door: what a page of another origin sends is refused and has no effect.

use serde_json::json;

use crate::client::Binary;

/// What a page can send without asking first: a text, a form, a link with a query, an image's address.
#[test]
fn a_page_of_another_origin_drives_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let binary = Binary::serve(folder.path());
    binary.ok("AmazonSQS.CreateQueue", &json!({"QueueName": "orders"}));
    binary.ok("AmazonSQS.SendMessage", &json!({"QueueUrl": "/000000000000/orders", "MessageBody": "kept"}));
    let (evil, text) = (("Origin", "https://evil.example"), ("Content-Type", "text/plain"));
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let cross = ("Sec-Fetch-Site", "cross-site");
    let function = r#"{"FunctionName": "f", "Runtime": "nodejs20.x", "Role": "arn:aws:iam::000000000000:role/r",
        "Handler": "index.handler", "Code": {"ZipFile": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}"#;
    for (line, headers, body) in [
        ("POST /2015-03-31/functions", vec![evil, text], function),
        ("POST /2015-03-31/functions", vec![cross, text], function),
        ("POST /", vec![evil, form], "Action=PurgeQueue&QueueUrl=/000000000000/orders"),
        ("POST /000000000000/orders", vec![cross, form], "Action=DeleteQueue"),
        ("GET /000000000000/orders?Action=PurgeQueue", vec![cross], ""),
        (
            "GET /?Action=DeleteQueue&QueueUrl=/000000000000/orders",
            vec![cross, ("Sec-Fetch-Mode", "navigate")],
            "",
        ),
        ("POST /webhooks/crm", vec![evil, text], r#"{"id": "1"}"#),
        ("GET /metrics", vec![cross], ""),
        ("GET /channels/streaming-0", vec![evil, ("Upgrade", "websocket")], ""),
        ("OPTIONS /", vec![evil, ("Access-Control-Request-Method", "POST")], ""),
    ] {
        let (status, answer) = binary.request(line, &headers, body).unwrap();
        assert_eq!(status, 403, "{line} {headers:?}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains("page of"), "{answer}");
    }
    let counts = binary.ok(
        "AmazonSQS.GetQueueAttributes",
        &json!({"QueueUrl": "/000000000000/orders", "AttributeNames": ["ApproximateNumberOfMessages"]}),
    );
    assert_eq!(counts["Attributes"]["ApproximateNumberOfMessages"], "1");
    let (_, functions) = binary.request("GET /2015-03-31/functions", &[], "").unwrap();
    assert_eq!(functions["Functions"], json!([]), "{functions}");
}
