//! An account that answers by a script: pages, refusals, signatures.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use aws::Timestamp;
use aws_client::{Access, Chain, Endpoint, Settings};
use doctor::AWS_CHECKS;
use doctor::aws::account::Account;
use http_client::{Client, Guard, Settings as HttpSettings};
use serde_json::{Value, json};

/// The operation that a request is of, and its body.
struct Asked {
    operation: String,
    body: Value,
}

/// Serves one request a connection, on a thread that ends with the process.
fn peer(script: fn(&Asked) -> (u16, Value)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), script);
        }
    });
    url
}

fn answer(mut stream: TcpStream, script: fn(&Asked) -> (u16, Value)) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let value = |name: &str| {
        let found = head.iter().find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        found.unwrap_or_default()
    };
    assert!(value("authorization").starts_with("AWS4-HMAC-SHA256 Credential="), "{head:?}");
    let mut body = vec![0; value("content-length").parse().unwrap_or(0)];
    lines.read_exact(&mut body).unwrap();
    let target = value("x-amz-target");
    let operation = match target.split_once('.') {
        Some((_, operation)) => operation.to_owned(),
        None => head.first().unwrap().clone(),
    };
    let asked = Asked { operation, body: serde_json::from_slice(&body).unwrap_or_default() };
    let (status, text) = script(&asked);
    let text = text.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
    .unwrap();
}

const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:calls";

/// An account with one rule, whose queue lets nobody in; a function that is gone; logs that may not be read.
fn script(asked: &Asked) -> (u16, Value) {
    let is_second_page = asked.body.get("NextToken").is_some();
    let answer = match asked.operation.as_str() {
        "ListEventBuses" => {
            json!({"EventBuses": [{"Name": "default", "Arn": "arn:aws:events:eu-west-1:123456789012:event-bus/default"}]})
        }
        "ListRules" if is_second_page => json!({"Rules": [{
            "Name": "ended", "Arn": "arn:aws:events:eu-west-1:123456789012:rule/ended", "State": "ENABLED", "EventPattern": "{\"source\":[\"a\"]}",
        }]}),
        "ListRules" => json!({"Rules": [], "NextToken": "2"}),
        "ListTargetsByRule" => json!({"Targets": [
            {"Id": "q", "Arn": QUEUE, "DeadLetterConfig": {"Arn": QUEUE}},
            {"Id": "f", "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:gone", "DeadLetterConfig": {"Arn": QUEUE}},
        ]}),
        "ListQueues" => json!({"QueueUrls": ["https://sqs.eu-west-1.amazonaws.com/123456789012/calls"]}),
        "GetQueueAttributes" => {
            json!({"Attributes": {"QueueArn": QUEUE, "MessageRetentionPeriod": "1209600"}})
        }
        "DescribeLogGroups" | "DescribeResourcePolicies" => {
            return (400, json!({"__type": "AccessDeniedException", "message": "no"}));
        }
        line if line.starts_with("GET /2015-03-31/functions/gone/") => {
            return (404, json!({"__type": "ResourceNotFoundException"}));
        }
        _ => json!({}),
    };
    (200, answer)
}

fn account(url: &str) -> Account {
    let settings = Settings::new(|name| {
        name.starts_with("AWS_").then(|| "any".to_owned()).filter(|_| name.contains("KEY"))
    });
    let guard = Guard::new(vec!["127.0.0.1".parse().unwrap()]);
    Account {
        client: Client::new(HttpSettings { guard, own_authorities: Vec::new() }).unwrap(),
        access: Access::new(Chain::of_here(settings).unwrap()),
        endpoint: Some(Endpoint::at(url).unwrap()),
        region: "eu-west-1".to_owned(),
        now: || Timestamp::ZERO,
    }
}

#[tokio::test]
async fn an_account_is_read_page_by_page_and_what_it_refuses_is_noted() {
    let facts = account(&peer(script)).read().await.unwrap();
    let unread: Vec<&str> = facts.unread.iter().map(String::as_str).collect();
    assert_eq!(unread, ["DescribeLogGroups", "DescribeResourcePolicies"]);
    let told: Vec<&str> =
        AWS_CHECKS.iter().filter(|check| !(check.run)(&facts).is_empty()).map(|check| check.name).collect();
    assert_eq!(told, ["existing-functions", "queue-policies", "dead-letter-policies"]);
}

#[tokio::test]
async fn nobody_who_answers_and_credentials_that_are_over_end_it() {
    let told = account("http://127.0.0.1:9").read().await.unwrap_err();
    assert!(told.starts_with("no answer from http://127.0.0.1:9: "), "{told}");
    let expired = peer(|_| {
        (403, json!({"__type": "ExpiredTokenException", "message": "The security token is expired"}))
    });
    let told = account(&expired).read().await.unwrap_err();
    assert_eq!(told, "ExpiredTokenException: The security token is expired");
}
