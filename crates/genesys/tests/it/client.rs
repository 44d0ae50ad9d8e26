//! The client against a server that answers by a script: what is tried again, what is waited, and what a person reads.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws::secret::Secret;
use aws::{Ids, Timestamp};
use genesys::client::address::Address;
use genesys::client::paging::Items;
use genesys::client::{Client, Credentials, Environment};
use genesys::connect::{self, Integration};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An answer: status, headers, body.
type Said = (u16, &'static str, Value);

/// What a server was asked: the request line and its body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

const SECRET: &str = "not-to-be-shown";

/// A server with these answers, one after the other, and a client of it.
async fn org(answers: Vec<Said>) -> (Client, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let (noted, answers) = (Arc::clone(&asked), Arc::new(Mutex::new(VecDeque::from(answers))));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&noted), Arc::clone(&answers)));
        }
    });
    let credentials = Credentials { client_id: "the-client".to_owned(), client_secret: Secret::new(SECRET) };
    let environment = Environment { now: || Timestamp::from_unix_ms(1_000_000), ids: || Ids::from_seed(1) };
    let address = Address::parse(&format!("http://{address}")).unwrap();
    (Client::new(address, credentials, environment).unwrap(), asked)
}

async fn serve(mut stream: TcpStream, asked: Asked, answers: Arc<Mutex<VecDeque<Said>>>) {
    let mut heard = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let Ok(length @ 1..) = stream.read(&mut part).await else { return };
        heard.extend_from_slice(part.get(..length).unwrap());
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = head
            .lines()
            .filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
            .next()
            .unwrap_or(0);
        if body.len() < length {
            continue;
        }
        asked.lock().unwrap().push((head.to_owned(), body.to_owned()));
        heard.clear();
        let (status, headers, body) = if head.starts_with("POST /oauth/token ") && !is_about_tokens(&answers)
        {
            (200, "", json!({"access_token": "t", "token_type": "bearer", "expires_in": 86_399}))
        } else {
            answers.lock().unwrap().pop_front().unwrap_or_else(|| panic!("not expected: {head}"))
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer =
            format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// Whether the next answer is one of the login service.
fn is_about_tokens(answers: &Mutex<VecDeque<Said>>) -> bool {
    let answers = answers.lock().unwrap();
    answers
        .front()
        .is_some_and(|(_, _, body)| body.get("error").is_some() || body.get("access_token").is_some())
}

/// The request lines, without those for tokens.
fn lines(asked: &Asked) -> Vec<String> {
    let asked = asked.lock().unwrap();
    let lines = asked.iter().map(|(head, _)| head.lines().next().unwrap_or_default().to_owned());
    lines.filter(|line| !line.contains("/oauth/token")).collect()
}

fn fault(status: u16, message: &str) -> Said {
    (status, "", json!({"message": message, "code": "some.code", "status": status, "contextId": "c-1"}))
}

#[tokio::test]
async fn a_token_is_asked_for_once_with_the_basic_header() {
    let (client, asked) = org(vec![(200, "", json!({"a": 1})), (200, "", json!({"a": 2}))]).await;
    assert_eq!(client.get("/api/v2/a").await.unwrap(), json!({"a": 1}));
    assert_eq!(client.get("/api/v2/a").await.unwrap(), json!({"a": 2}));
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 3);
    let (head, body) = asked.first().unwrap();
    let head = head.to_ascii_lowercase();
    // base64("the-client:not-to-be-shown")
    assert!(head.contains("authorization: basic dghllwnsawvuddpub3qtdg8tymutc2hvd24="), "{head}");
    assert_eq!(body, "grant_type=client_credentials");
    assert!(asked.last().unwrap().0.to_ascii_lowercase().contains("authorization: bearer t"));
}

#[tokio::test]
async fn a_token_that_was_revoked_is_renewed() {
    let good = (200, "", json!({}));
    let (client, asked) = org(vec![fault(401, "Invalid login credentials."), good]).await;
    client.get("/api/v2/a").await.unwrap();
    assert_eq!(lines(&asked).len(), 2);
    let (client, _) = org(vec![fault(401, "Invalid login credentials."); 4]).await;
    let said = client.get("/api/v2/a").await.unwrap_err();
    assert!(said.message.contains("still exists and is enabled"), "{said}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_after_the_pause_that_is_asked_for() {
    let busy = || (429, "Retry-After: 0\r\n", json!({"message": "Rate limit exceeded the maximum."}));
    let (client, asked) = org(vec![busy(), busy(), (200, "", json!({"done": true}))]).await;
    assert_eq!(client.send("POST", "/api/v2/a", &json!({})).await.unwrap(), json!({"done": true}));
    assert_eq!(lines(&asked), ["POST /api/v2/a HTTP/1.1"; 3]);
}

#[tokio::test]
async fn what_makes_something_is_not_repeated_where_it_may_have_been_done() {
    let (client, asked) = org(vec![fault(502, "Bad gateway.")]).await;
    client.send("POST", "/api/v2/notifications/channels", &json!({})).await.unwrap_err();
    assert_eq!(lines(&asked).len(), 1);
    // A query makes nothing.
    let (client, asked) = org(vec![fault(502, "Bad gateway."), (200, "", json!({}))]).await;
    client.send("POST", "/api/v2/analytics/conversations/details/query", &json!({})).await.unwrap();
    assert_eq!(lines(&asked).len(), 2);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let missing = json!({
        "message": "Unable to perform the requested action. You are missing the following permission(s): routing:queue:view",
        "code": "missing.any.permissions", "status": 403, "contextId": "c-1",
        "messageParams": {"permissions": "[routing:queue:view]"},
    });
    let cases: [(Said, &[&str]); 4] = [
        ((403, "", missing), &["routing:queue:view", "role", "c-1"]),
        (fault(404, "No channel."), &["No channel", "GET /api/v2/a"]),
        (fault(409, "Version conflict."), &["Version conflict", "run the same command again"]),
        (fault(400, "The interval is wrong."), &["The interval is wrong"]),
    ];
    for (answer, spec) in cases {
        let status = answer.0;
        let (client, asked) = org(vec![answer]).await;
        let said = client.get("/api/v2/a?token=hidden").await.unwrap_err();
        assert_eq!((said.status, lines(&asked).len()), (status, 1), "{said}");
        for part in spec {
            assert!(said.message.contains(part), "{said}");
        }
        assert!(!said.message.contains("hidden"), "{said}");
    }
}

#[tokio::test]
async fn a_wrong_client_is_told_and_its_secret_is_not() {
    let refused =
        json!({"error": "invalid_client", "description": "x", "error_description": "authentication failed"});
    let (client, asked) = org(vec![(401, "", refused)]).await;
    let said = client.get("/api/v2/a").await.unwrap_err();
    assert!(
        said.message.contains("authentication failed") && said.message.contains("Client Credentials"),
        "{said}"
    );
    assert_eq!(asked.lock().unwrap().len(), 1);
    assert!(!format!("{said} {said:?} {client:?}").contains(SECRET));
}

#[tokio::test]
async fn each_style_of_pages_is_read_to_its_end() {
    let entities = |ids: &[&str]| json!(ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>());
    let pages = vec![
        (200, "", json!({"entities": entities(&["a", "b"]), "pageNumber": 1, "pageCount": 2})),
        (200, "", json!({"entities": entities(&["c"]), "pageNumber": 2, "pageCount": 2})),
    ];
    let (client, asked) = org(pages).await;
    assert_eq!(client.numbered("/api/v2/routing/queues").await.unwrap().len(), 3);
    assert!(lines(&asked).last().unwrap().contains("pageNumber=2"));

    let pages = vec![
        (200, "", json!({"entities": entities(&["a"]), "after": "x"})),
        (200, "", json!({"entities": entities(&["b"])})),
    ];
    let (client, asked) = org(pages).await;
    assert_eq!(client.by_cursor("/api/v2/processautomation/triggers").await.unwrap().len(), 2);
    assert!(lines(&asked).last().unwrap().contains("after=x"));

    // A conversation that came in meanwhile moves another to the second page: it is taken once.
    let found = |ids: &[&str]| json!({"conversations": entities(ids), "totalHits": 4});
    let (client, _) = org(vec![(200, "", found(&["a", "b"])), (200, "", found(&["b", "c"]))]).await;
    let query = json!({"interval": "x"});
    let all = client
        .queried("/api/v2/analytics/a/query", &query, Items { list: "conversations", id: "id" })
        .await
        .unwrap();
    assert_eq!(json!(all), entities(&["a", "b", "c"]));

    let job = vec![
        (202, "", json!({"jobId": "j"})),
        (200, "", json!({"state": "FULFILLED"})),
        (200, "", json!({"conversations": entities(&["a"]), "cursor": "y"})),
        (200, "", json!({"conversations": entities(&["b"])})),
    ];
    let (client, asked) = org(job).await;
    assert_eq!(client.by_job("/api/v2/analytics/jobs", &query, "conversations").await.unwrap().len(), 2);
    assert!(lines(&asked).last().unwrap().contains("cursor=y"));
}

#[tokio::test]
async fn an_integration_in_error_is_taken_back() {
    let state = |intended: &str, code: &str| json!({"id": "i", "intendedState": intended, "reportedState": {"code": code}});
    let answers = vec![
        (200, "", state("DISABLED", "ERROR")),
        (200, "", state("DISABLED", "ERROR")),
        (200, "", json!({})),
        (200, "", state("DISABLED", "INACTIVE")),
        (200, "", json!({})),
        (200, "", json!({})),
    ];
    let (client, asked) = org(answers).await;
    let found = Integration {
        id: "i".to_owned(),
        name: "n".to_owned(),
        is_enabled: true,
        state: "ERROR".to_owned(),
        detail: String::new(),
        account: String::new(),
        region: String::new(),
        suffix: String::new(),
        topics: Vec::new(),
    };
    connect::disconnect(&client, &found).await.unwrap();
    assert!(lines(&asked).last().unwrap().starts_with("DELETE /api/v2/integrations/i"));
}
