//! Event streams over real connections: the handshake, and posts that are tried again until they are answered with 2xx.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use aws::{Clock, Ids, Timestamp};
use delivery::stream::handshake;
use delivery::{Porter, Posts};
use genesys::platform::event_stream::{Header, Streams};
use genesys::platform::rendering::EventContent;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use http_client::{AllowedHost, Client, Guard, Settings};
use queue::Queues;
use serde_json::{Value, json};
use store::{Commit, Options, Store};
use tokio::sync::watch;

use crate::fault_target::{Act, FaultTarget};

const START_MS: u64 = 1_698_400_800_000;

/// A clock that goes two seconds further each time it is read: what waits is soon due.
fn now() -> Timestamp {
    static MS: AtomicU64 = AtomicU64::new(START_MS);
    Timestamp::from_unix_ms(MS.fetch_add(2_000, Ordering::Relaxed))
}

fn ids() -> Ids {
    Ids::from_seed(1)
}

fn client() -> Client {
    let guard = Guard::new(vec!["127.0.0.1".parse::<AllowedHost>().unwrap()]);
    Client::new(Settings { guard, own_authorities: Vec::new() }).unwrap()
}

/// The cases of a file: what the address answers, and what is said of it.
#[tokio::test]
async fn an_address_shakes_hands() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/handshake.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for case in cases {
        let (status, body) = (case["status"].as_str().unwrap(), case["body"].as_str().unwrap());
        let headers = String::new();
        let answer = Act::Answer { status: status.to_owned().leak(), headers, body: body.to_owned() };
        let address = FaultTarget::start([answer]).await;
        let key = Header { name: "X-Key".to_owned(), value: "open sesame".to_owned() };
        let shaken = handshake(&client(), &address.url, &[key], "T").await;
        let said = shaken.err().unwrap_or_default();
        let wanted = case["said"].as_str().unwrap();
        assert!(said.is_empty() == wanted.is_empty() && said.contains(wanted), "{case}: {said}");
        let request = address.requests().remove(0);
        assert!(request.contains("x-key: open sesame"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"verification_token\":\"T\"}"), "{request}");
    }
}

#[tokio::test]
async fn an_address_that_nobody_allowed_is_not_called() {
    let address = FaultTarget::start([Act::answer("200 OK")]).await;
    let strict = Client::new(Settings::default()).unwrap();
    let said = handshake(&strict, &address.url, &[], "T").await.unwrap_err();
    assert!(said.contains("not public"), "{said}");
    assert!(address.requests().is_empty());
}

#[tokio::test]
async fn a_post_is_tried_until_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let queues = Queues::open(Store::open(folder.path(), &Options::default()).unwrap()).unwrap();
    let streams = Streams::open(queues.clone()).unwrap();
    let address = FaultTarget::start(["503 Busy", "302 Elsewhere", "204 Taken"].map(Act::answer)).await;
    let stream = json!({"name": "s", "eventTypes": ["conversation:end"],
        "destinations": [{"url": address.url, "headers": {"X-Key": "open sesame"}}]});
    let made = streams.accept(streams.draft(&request("", &stream)).unwrap()).await.unwrap();
    let id = body(made)["id"].as_str().unwrap().to_owned();

    let (close, closing) = watch::channel(false);
    let posts = Posts::new(streams.clone(), client());
    let running = tokio::spawn(Porter::new(Clock { now, ids }).carry(posts, closing));
    let detail = json!({"conversationId": "c"});
    let content = EventContent {
        id: "e".to_owned(),
        detail_type: "conversation.end".to_owned(),
        time_ms: START_MS,
        text: detail.to_string(),
        detail,
    };
    let owing = streams.clone();
    let owed = queues.store().write(ApiError::of_store, move |tx| {
        let ids = Ids::from_seed(7);
        owing.owe(&mut Commit::new(tx, Timestamp::from_unix_ms(START_MS), &ids), &content);
        Ok(())
    });
    owed.await.unwrap();
    address.has_seen(3).await;
    close.send_replace(true);
    running.await.unwrap();

    for request in address.requests() {
        assert!(request.contains("x-key: open sesame"), "{request}");
        let (_, post) = request.split_once("\r\n\r\n").unwrap();
        let wanted = json!({"id": "e", "eventType": "conversation:end", "data": {"conversationId": "c"}});
        assert_eq!(serde_json::from_str::<Value>(post).unwrap(), wanted);
    }
    let shown = body(streams.get(&request(&id, &json!(null))).unwrap());
    let status = &shown["status"];
    assert_eq!(
        (&status["deliveredCount"], &status["owedCount"], &status["failedAttemptCount"]),
        (&json!(1), &json!(0), &json!(2))
    );
    assert_eq!(status["lastError"], "the address answered with status 302, not 2xx");
}

fn body(answer: ApiResponse) -> Value {
    answer.body.unwrap()
}

fn request(id: &str, body: &Value) -> ApiRequest {
    ApiRequest {
        path: String::new(),
        holes: if id.is_empty() { Vec::new() } else { vec![id.to_owned()] },
        query: Vec::new(),
        body: body.to_string().into_bytes(),
        client_id: String::new(),
        base_url: String::new(),
        now: Timestamp::from_unix_ms(START_MS),
        ids: Ids::from_seed(3),
    }
}
