//! Event streams on a real store: read, kept, owed, tried again for a day, given up to the dead-letter queue.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::time::Duration;

use aws::{Ids, Timestamp};
use genesys::platform::event_stream::Streams;
use genesys::platform::event_stream::owed::{DEAD_LETTERS, Post, RETRIED_FOR, Settlement};
use genesys::platform::event_stream::trip::{self, EventPost, PostFate, PostTrip};
use genesys::platform::rendering::EventContent;
use genesys::platform::response::ApiError;
use queue::{Queues, Receive};
use serde_json::{Value, json};
use store::{Commit, Options, Store, Tx};

use crate::subscription::{NOW, create_queue, request};

struct House {
    queues: Queues,
    streams: Streams,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let queues = Queues::open(Store::open(folder.path(), &Options::default()).unwrap()).unwrap();
        let streams = Streams::open(queues.clone()).unwrap();
        Self { queues, streams, folder }
    }

    fn reopened(self) -> Self {
        let Self { queues, streams, folder } = self;
        drop((queues, streams));
        let queues = Queues::open(Store::open(folder.path(), &Options::default()).unwrap()).unwrap();
        let streams = Streams::open(queues.clone()).unwrap();
        Self { queues, streams, folder }
    }

    /// `POST`, or `PUT` of the stream with this id: the answer's body and whether a handshake was needed.
    fn put(&self, id: Option<&str>, body: &Value) -> Result<(u16, Value, bool), ApiError> {
        let mut request = request(id.unwrap_or_default(), body);
        request.holes.truncate(usize::from(id.is_some()));
        let draft = self.streams.draft(&request)?;
        let needs_handshake = draft.needs_handshake;
        let answer = self.streams.accept(draft).wait()?;
        Ok((answer.status, answer.body.unwrap(), needs_handshake))
    }

    fn get(&self, id: &str) -> Value {
        self.streams.get(&request(id, &json!(null))).unwrap().body.unwrap()
    }

    fn write<T: Send + 'static>(&self, job: impl FnOnce(&mut Tx<'_>) -> T + Send + 'static) -> T {
        self.queues.store().write(ApiError::of_store, move |tx| Ok(job(tx))).wait().unwrap()
    }

    fn owe(&self, detail_type: &str) {
        let detail = json!({"conversationId": "c"});
        let (text, detail_type) = (detail.to_string(), detail_type.to_owned());
        let content = EventContent { id: "e".to_owned(), detail_type, time_ms: NOW.unix_ms(), text, detail };
        let streams = self.streams.clone();
        self.write(move |tx| streams.owe(&mut Commit::new(tx, NOW, &Ids::from_seed(7)), &content));
    }

    fn posts(&self) -> Vec<EventPost> {
        self.queues.store().read(|read| self.streams.posts_of(read, "e")).unwrap()
    }

    fn due(&self, now: Timestamp) -> Vec<Post> {
        let streams = self.streams.clone();
        self.write(move |tx| streams.due(tx, now, |_| 100))
    }

    fn settle(&self, post: &Post, result: Result<(), String>, now: Timestamp) -> Settlement {
        let (streams, post) = (self.streams.clone(), post.clone());
        self.write(move |tx| streams.settle(&mut Commit::new(tx, now, &Ids::from_seed(9)), &post, &result))
    }
}

/// The body of seed 004, step 2, as its SDK would send it.
fn seed() -> Value {
    json!({
        "name": "aws-eventbridge-stream",
        "description": "Real-time event stream to AWS EventBridge",
        "enabled": true,
        "destinations": [{"protocol": "https", "url": "https://api.example.com/genesys-events"}],
        "eventTypes": ["conversation:start", "conversation:end", "user:state:change"],
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = seed();
    body[field] = value;
    body
}

#[test]
fn the_seed_s_stream_lives() {
    let house = House::new();
    let (status, body, needs_handshake) = house.put(None, &seed()).unwrap();
    assert_eq!((status, needs_handshake), (201, true));
    assert_eq!((&body["enabled"], &body["eventTypes"]), (&json!(true), &seed()["eventTypes"]));
    assert_eq!(body["destinations"][0]["url"], "https://api.example.com/genesys-events");
    let id = body["id"].as_str().unwrap();
    assert_eq!(house.put(None, &seed()).unwrap_err().status, 409);

    let house = house.reopened();
    let (status, _, needs_handshake) = house.put(Some(id), &with("enabled", json!(false))).unwrap();
    assert_eq!((status, needs_handshake), (200, false), "the address is the same");
    house.owe("conversation.end");
    assert_eq!(house.get(id)["status"]["owedCount"], 0, "a disabled stream is owed nothing");
    let elsewhere = json!([{"protocol": "https", "url": "https://other.example.com/"}]);
    assert!(house.put(Some(id), &with("destinations", elsewhere)).unwrap().2, "the address is another");

    let listed = house.streams.list(&request("", &json!(null))).unwrap().body.unwrap();
    assert_eq!((&listed["total"], &listed["entities"][0]["id"]), (&json!(1), &json!(id)));
    house.owe("conversation.end");
    assert_eq!(house.streams.delete(&request(id, &json!(null))).wait().unwrap().status, 204);
    assert!(house.due(NOW).is_empty() && house.streams.next_due_at().is_none());
    assert_eq!(house.streams.get(&request(id, &json!(null))).unwrap_err().status, 404);
    assert_eq!(house.put(Some(id), &seed()).unwrap_err().status, 404);
}

#[test]
fn a_post_is_tried_again_for_a_day_and_then_dead_lettered() {
    let house = House::new();
    create_queue(&house.queues, DEAD_LETTERS, "{}");
    let (_, body, _) = house.put(None, &seed()).unwrap();
    let id = body["id"].as_str().unwrap();
    house.owe("conversation.queue.start");
    assert!(house.due(NOW).is_empty(), "updates were not asked for");
    house.owe("conversation.end");
    let house = house.reopened();

    let (mut now, mut attempts) = (NOW, 0);
    let end = loop {
        let posts = house.due(now);
        assert_eq!(posts.len(), 1, "at {} s", now.since(NOW).as_secs());
        attempts += 1;
        assert_eq!(
            (posts[0].attempt, posts[0].body.contains(r#""eventType":"conversation:end""#)),
            (attempts, true)
        );
        match house.settle(&posts[0], Err("the address answered with status 503, not 2xx".to_owned()), now) {
            Settlement::Rescheduled { at } => {
                assert!(at > now && at <= NOW.plus(RETRIED_FOR), "{at:?}");
                assert!(
                    house.due(Timestamp::from_unix_ms(at.unix_ms() - 1)).is_empty(),
                    "not before its time"
                );
                now = at;
            }
            end => break end,
        }
    };
    assert_eq!((end, now), (Settlement::DeadLettered, NOW.plus(RETRIED_FOR)));
    assert!((90..400).contains(&attempts), "{attempts} attempts in a day");
    let posts = house.posts();
    assert_eq!((posts.len(), posts[0].stream_name.as_deref()), (1, Some("aws-eventbridge-stream")));
    let PostTrip { attempts: told, fate, error, .. } = &posts[0].trip;
    assert_eq!((*told, *fate), (attempts, PostFate::DeadLettered));
    assert_eq!(error.as_deref(), Some("the address answered with status 503, not 2xx"));
    let (early, late) =
        (NOW.plus(Duration::from_secs(6 * 86_400)), NOW.plus(Duration::from_secs(8 * 86_400)));
    assert_eq!(house.write(move |tx| (trip::forget(tx, early, 9), trip::forget(tx, late, 9))), (0, 1));
    assert!(house.posts().is_empty(), "known for seven days");
    let status = &house.get(id)["status"];
    assert_eq!((&status["deadLetteredCount"], &status["failedAttemptCount"]), (&json!(1), &json!(attempts)));
    assert_eq!(status["lastError"], "the address answered with status 503, not 2xx");

    let queues = house.queues.clone();
    let letters = house.write(move |tx| {
        let queue = queues.find(tx, DEAD_LETTERS).unwrap().engine;
        let until = now.plus(Duration::from_secs(30));
        queues.receive(tx, queue, &Receive { max: 10, until, now, redrive: None })
    });
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body.starts_with(r#"{"id":"e","eventType":"conversation:end","data":"#));
    let names: Vec<&str> = letters[0].attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert!(names.contains(&"ERROR_MESSAGE") && names.contains(&"STREAM_ID"), "{names:?}");
}

#[test]
fn a_post_that_is_answered_is_done() {
    let house = House::new();
    let (_, body, _) = house.put(None, &with("eventTypes", json!(["conversation:*"]))).unwrap();
    let id = body["id"].as_str().unwrap();
    house.owe("conversation.queue.start");
    house.owe("user.state.change");
    let posts = house.due(NOW);
    assert_eq!(posts.len(), 1);
    assert!(house.due(NOW).is_empty(), "it is leased");
    assert_eq!(house.settle(&posts[0], Ok(()), NOW), Settlement::Delivered);
    assert_eq!(house.settle(&posts[0], Ok(()), NOW), Settlement::Gone);
    let status = &house.get(id)["status"];
    assert_eq!((&status["deliveredCount"], &status["owedCount"]), (&json!(1), &json!(0)));
}

#[test]
fn header_values_are_kept_and_not_shown() {
    let house = House::new();
    let to = |headers: Value| {
        with("destinations", json!([{"url": "https://api.example.com/", "headers": headers}]))
    };
    let (_, body, _) = house.put(None, &to(json!({"X-Key": "open sesame", "X-Plain": "a"}))).unwrap();
    let id = body["id"].as_str().unwrap();
    assert_eq!(body["destinations"][0]["headers"], json!({"X-Key": "********", "X-Plain": "********"}));
    house.put(Some(id), &to(json!({"X-Key": "********", "X-Plain": "b"}))).unwrap();
    house.owe("conversation.end");
    let posts = house.due(NOW);
    let sent: Vec<_> =
        posts[0].headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect();
    assert_eq!(sent, [("X-Key", "open sesame"), ("X-Plain", "b")]);
    assert!(!format!("{posts:?}").contains("sesame"));
}

#[test]
fn what_is_wrong_is_told() {
    let house = House::new();
    let to = |destination: Value| with("destinations", json!([destination]));
    let url = "https://api.example.com/";
    for (body, wanted) in [
        (json!({}), "name is missing"),
        (with("eventTypes", json!([])), "1 to 100"),
        (with("eventTypes", json!(["conversation:finish"])), "'conversation:finish'"),
        (with("destinations", json!([])), "exactly one"),
        (with("destinations", json!([{"url": url}, {"url": url}])), "exactly one"),
        (to(json!({"protocol": "http", "url": url})), "protocol must be 'https'"),
        (to(json!({"url": "ftp://api.example.com/"})), "https://"),
        (to(json!({})), "https://"),
        (to(json!({"url": "https:///events"})), "https:// and a host"),
        (to(json!({"url": "http://api.example.com/"})), "'api.example.com' is another"),
        (to(json!({"url": "http://localhost.example.com/"})), "is another"),
        (to(json!({"url": "http://localhost:1@example.com/"})), "no user and no password"),
        (to(json!({"url": url, "headers": {"Host": "x"}})), "'Host' is set by Trunkline"),
        (to(json!({"url": url, "headers": {"X-A": 1}})), "'X-A' must be text"),
        (to(json!({"url": url, "headers": {"X A": "1"}})), "cannot be sent"),
        (to(json!({"url": url, "headers": {"X-A": "a\r\nX-B: b"}})), "cannot be sent"),
    ] {
        let fault = house.put(None, &body).unwrap_err();
        assert!(fault.status == 400 && fault.message.contains(wanted), "{body}: {}", fault.message);
    }
    for (at, url) in ["http://localhost:5000/", "http://127.0.0.1:5000/e", "http://[::1]/"].iter().enumerate()
    {
        let body = json!({"name": format!("this machine {at}"), "destinations": [{"url": url}]});
        assert_eq!(house.put(None, &body).unwrap().0, 201, "{url}");
    }
    let (_, body, _) = house.put(None, &json!({"name": "all", "destinations": [{"url": url}]})).unwrap();
    assert_eq!((&body["eventTypes"], &body["enabled"]), (&json!(["*"]), &json!(true)));
}
