//! Subscriptions on a real store: made, found, replaced, deleted; what their filters let through lies in their queues.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use aws::{Call, Ids, Reply, Scope, Timestamp};
use genesys::platform::rendering::EventContent;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use genesys::platform::subscription::Subscriptions;
use genesys::platform::subscription::verdict::{Decisions, decide};
use queue::{Queues, Receive};
use serde_json::{Value, json};
use store::{Commit, Options, Store};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_698_400_800_000);

struct House {
    queues: Queues,
    subscriptions: Subscriptions,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (queues, subscriptions) = open(folder.path());
        let house = Self { queues, subscriptions, folder };
        house.queue("ends", "{}");
        house
    }

    fn reopened(self) -> Self {
        let Self { queues, subscriptions, folder } = self;
        drop((queues, subscriptions));
        let (queues, subscriptions) = open(folder.path());
        Self { queues, subscriptions, folder }
    }

    fn queue(&self, name: &str, attributes: &str) {
        create_queue(&self.queues, name, attributes);
    }

    fn create(&self, body: &Value) -> Result<ApiResponse, ApiError> {
        self.subscriptions.create(&request("", body)).and_then(wait)
    }

    fn pay(&self, detail_type: &str, detail: &Value) {
        let content = EventContent {
            id: "e".to_owned(),
            detail_type: detail_type.to_owned(),
            time_ms: NOW.unix_ms(),
            text: detail.to_string(),
            detail: detail.clone(),
        };
        let decisions = decide(self.subscriptions.undecided(&content, NOW, &Decisions::default()));
        self.pay_by(&decisions, content);
    }

    fn pay_by(&self, decisions: &Decisions, content: EventContent) {
        let (subscriptions, decisions) = (self.subscriptions.clone(), decisions.clone());
        let job = self.queues.store().write(ApiError::of_store, move |tx| {
            subscriptions.pay(&mut Commit::new(tx, NOW, &Ids::from_seed(7)), &content, &decisions);
            Ok(())
        });
        job.wait().unwrap();
    }

    /// What lies in the queue, taken out of it.
    fn received(&self) -> Vec<Value> {
        let queues = self.queues.clone();
        let job = self.queues.store().write(ApiError::of_store, move |tx| {
            let queue = queues.find(tx, "ends").unwrap().engine;
            let until = NOW.plus(std::time::Duration::from_secs(30));
            let receive = Receive { max: 10, until, now: NOW, redrive: None };
            let taken = queues.receive(tx, queue, &receive);
            taken.iter().for_each(|message| assert!(queues.delete(tx, &message.handle)));
            Ok(taken.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect())
        });
        job.wait().unwrap()
    }
}

/// Makes an SQS queue.
pub(crate) fn create_queue(queues: &Queues, name: &str, attributes: &str) {
    let call = Call {
        now: NOW,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        request_id: String::new(),
        base_url: String::new(),
        ids: Ids::from_seed(1),
        payload: Vec::new(),
    };
    let row = queue::ops::OPERATIONS.iter().find(|row| row.name == "CreateQueue").unwrap();
    let request = format!(r#"{{"QueueName": "{name}", "Attributes": {attributes}}}"#);
    let Reply::Later(answer) = (row.run)(queues, call, request.as_bytes()) else { panic!("{name}") };
    wait(answer).unwrap();
}

fn open(folder: &std::path::Path) -> (Queues, Subscriptions) {
    let queues = Queues::open(Store::open(folder, &Options::default()).unwrap()).unwrap();
    let subscriptions = Subscriptions::open(queues.clone(), Scope::new(ACCOUNT, REGION)).unwrap();
    (queues, subscriptions)
}

fn wait<T, E>(answer: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer)
}

/// A request with this id in its path.
pub(crate) fn request(id: &str, body: &Value) -> ApiRequest {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SEED: AtomicU64 = AtomicU64::new(1);
    ApiRequest {
        path: "/api/v2/events/subscriptions".to_owned(),
        holes: vec![id.to_owned()],
        query: Vec::new(),
        body: body.to_string().into_bytes(),
        client_id: "client".to_owned(),
        base_url: "http://127.0.0.1:4566".to_owned(),
        now: NOW,
        ids: Ids::from_seed(u128::from(SEED.fetch_add(1, Ordering::Relaxed))),
    }
}

/// The body of seed 001, step 1.
fn seed(queue_id: &str) -> Value {
    json!({
        "name": format!("Queue-Specific-End-{queue_id}"),
        "description": "Filters conversation.end events for a specific queue.",
        "eventTypes": ["event:conversation:end"],
        "attributeFilter": format!("queueId = '{queue_id}'"),
        "destination": {
            "type": "aws_sqs",
            "awsSqs": {"arn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:ends"), "region": REGION},
        },
        "status": "active",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = seed("q");
    body[field] = value;
    body
}

fn end(queue_id: &str) -> Value {
    json!({"conversationId": "c", "routing": {"queueId": queue_id, "queueName": "Support"}, "wrapUps": [], "segments": {}})
}

#[test]
fn the_seed_s_subscription_lives() {
    let house = House::new();
    let made = house.create(&seed("q-1")).unwrap();
    let body = made.body.unwrap();
    let id = body["id"].as_str().unwrap().to_owned();
    assert_eq!(made.status, 201);
    for (name, value) in seed("q-1").as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    let again = house.create(&seed("q-1")).unwrap_err();
    assert_eq!((again.status, again.message.contains(&id)), (409, true), "{}", again.message);

    house.pay("conversation.end", &end("q-1"));
    house.pay("conversation.end", &end("q-2"));
    house.pay("conversation.start", &end("q-1"));
    let received = house.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["eventType"], "event:conversation:end");
    assert_eq!(received[0]["attributes"]["queue"], json!({"id": "q-1", "name": "Support"}));

    let house = house.reopened();
    house.pay("conversation.end", &end("q-1"));
    assert_eq!(house.received().len(), 1, "it is there after a restart");
    let listed = house.subscriptions.list(&request("", &json!(null))).unwrap().body.unwrap();
    assert_eq!((&listed["total"], &listed["entities"][0]["deliveredCount"]), (&json!(1), &json!(2)));

    let mut changed = seed("q-2");
    changed["status"] = json!("inactive");
    let updated = wait(house.subscriptions.update(&request(&id, &changed)).unwrap()).unwrap().body.unwrap();
    assert_eq!((&updated["id"], &updated["status"]), (&json!(id), &json!("inactive")));
    house.pay("conversation.end", &end("q-2"));
    assert!(house.received().is_empty(), "an inactive subscription is owed nothing");

    assert_eq!(wait(house.subscriptions.delete(&request(&id, &json!(null)))).unwrap().status, 204);
    let gone = [
        house.subscriptions.get(&request(&id, &json!(null))).unwrap_err(),
        wait(house.subscriptions.delete(&request(&id, &json!(null)))).unwrap_err(),
        wait(house.subscriptions.update(&request(&id, &seed("q"))).unwrap()).unwrap_err(),
    ];
    assert!(gone.iter().all(|fault| fault.status == 404 && fault.message.contains(&id)));
}

#[test]
fn filters_are_jsonata() {
    let house = House::new();
    for (at, (filter, passes)) in [
        ("queueId = 'q'", true),
        ("queueId = 'Q'", false),
        ("$exists(queue) and queue.id = 'q'", true),
        ("queue.name in ['Support', 'Sales']", true),
        ("$contains(queue.name, /^supp/i)", true),
        ("nothing.here", false),
        ("$count(participants[purpose = 'agent']) > 0", false),
        ("participants", true),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = seed("q");
        body["name"] = json!(format!("filter {at}"));
        body["attributeFilter"] = json!(filter);
        let id = house.create(&body).unwrap().body.unwrap()["id"].as_str().unwrap().to_owned();
        house.pay("conversation.end", &end("q"));
        assert_eq!(house.received().len(), usize::from(passes), "{filter}");
        wait(house.subscriptions.delete(&request(&id, &json!(null)))).unwrap();
    }
}

/// A filter that would run for ever holds up nobody: it is cut off after so many steps, the event is told as failed, and
/// the next subscription has its message.
#[test]
fn a_runaway_filter_is_cut_off() {
    let house = House::new();
    let runaways = [
        "( $f := function($n) { $f($n + 1) }; $f(0) )",
        "$sum([1..10000].($ * $)) > 0",
        "$contains($pad('', 5000, 'a'), /^(a+)+b$/)",
    ];
    let mut ids = Vec::new();
    for (at, filter) in runaways.into_iter().enumerate() {
        let mut body = with("attributeFilter", json!(filter));
        body["name"] = json!(format!("runaway {at}"));
        ids.push(house.create(&body).unwrap().body.unwrap()["id"].as_str().unwrap().to_owned());
    }
    house.create(&seed("q")).unwrap();
    house.pay("conversation.end", &end("q"));
    assert_eq!(house.received().len(), 1);
    for id in ids {
        let content = house.subscriptions.get(&request(&id, &json!(null))).unwrap().body.unwrap();
        assert_eq!(content["failedCount"], 1, "{content}");
        assert!(content["lastError"].as_str().unwrap().contains("cut off"), "{content}");
    }
}

/// The engine makes all items of a range within one step, so steps do not bound them: the attacker's finding, 10 million numbers.
#[test]
fn a_range_that_cannot_be_bounded_is_refused() {
    let house = House::new();
    for (filter, character) in [
        ("$count([1..9999999]) > 0", 9),
        ("[1..9999999].[1..9999999]", 2),
        ("$string([1..3000000]) = ''", 10),
        ("[1..10001]", 2),
        ("[-10001..0]", 2),
        ("[1..$count(participants)]", 2),
        ("[1..10 * 10]", 2),
        ("($n := 9999999; [1..$n])", 18),
        ("[1..10000].[1..10000]", 13),
        ("participants.[1..101]", 15),
        ("participants[[1..101]]", 15),
        ("$map([1..3], function($n) { [1..101] })", 30),
        ("participants^([1..101])", 16),
        ("participants{purpose: [1..101]}", 24),
        ("'\u{e4}' = 'a' or [1..10001]", 15),
    ] {
        let fault = house.create(&with("attributeFilter", json!(filter))).unwrap_err();
        let at = format!("the range at character {character} must be numbers of at most ");
        assert!(fault.status == 400 && fault.message.contains(&at), "{filter}: {}", fault.message);
    }
    for filter in [
        "[1..10000]",
        "[-10000..-9990]",
        "$count([1..10000]) > 0",
        "[1..10000][0] = 1",
        "participants.[1..100]",
        "$map([1..3], function($n) { [1..100] })",
    ] {
        let mut body = with("attributeFilter", json!(filter));
        body["name"] = json!(filter);
        house.create(&body).unwrap();
    }
}

/// Filters decide outside of the transaction, so that a slow one holds up no other writer.
#[test]
fn a_transaction_says_which_filters_it_lacks() {
    let house = House::new();
    let filtered = |name: &str, filter: &str| {
        let mut body = with("attributeFilter", json!(filter));
        body["name"] = json!(name);
        house.create(&body).unwrap().body.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let content = |queue_id: &str| {
        let detail = end(queue_id);
        EventContent {
            id: format!("e-{queue_id}"),
            detail_type: "conversation.end".to_owned(),
            time_ms: NOW.unix_ms(),
            text: detail.to_string(),
            detail,
        }
    };
    let lacks = |decisions: &Decisions, queue_id: &str| {
        house.subscriptions.undecided(&content(queue_id), NOW, decisions)
    };
    let mut decisions = Decisions::default();
    assert!(lacks(&decisions, "q").is_empty(), "no subscription, no filter");
    let id = filtered("one", "queueId = 'q'");
    filtered("inactive for this event", "queueId = 'other'");
    decisions.extend(decide(lacks(&decisions, "q")));
    assert!(lacks(&decisions, "q").is_empty());
    assert_eq!(lacks(&decisions, "r").len(), 2, "another event is another decision");

    // A subscription that comes between the decision and the commit.
    filtered("late", "queueId != 'r'");
    assert_eq!(lacks(&decisions, "q").len(), 1);
    // The same filter in another subscription decides the same.
    filtered("same", "queueId = 'q'");
    assert_eq!(lacks(&decisions, "q").len(), 1);
    let changed = with("attributeFilter", json!("queueId = 'changed'"));
    wait(house.subscriptions.update(&request(&id, &changed)).unwrap()).unwrap();
    assert_eq!(lacks(&decisions, "q").len(), 2, "and a filter that was changed");

    // Never silently: what has not been decided fails, and is counted.
    house.pay_by(&decisions, content("q"));
    assert_eq!(house.received().len(), 1, "the one that decides as the first did");
    let shown = house.subscriptions.get(&request(&id, &json!(null))).unwrap().body.unwrap();
    assert_eq!(
        (&shown["failedCount"], &shown["lastError"]),
        (&json!(1), &json!("the attributeFilter has not been evaluated"))
    );
}

#[test]
fn what_is_wrong_is_told() {
    let house = House::new();
    house.queue("ordered.fifo", r#"{"FifoQueue": "true"}"#);
    let sqs = |arn: &str| json!({"type": "aws_sqs", "awsSqs": {"arn": arn, "region": REGION}});
    let ours = |name: &str| format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}");
    for (body, wanted) in [
        (json!({}), "name is missing"),
        (with("name", json!(" ")), "name is missing"),
        (with("name", json!("x".repeat(257))), "257 characters"),
        (with("eventTypes", json!([])), "1 to 100 event types"),
        (with("eventTypes", json!(["event:conversation:ended"])), "'event:conversation:ended'"),
        (with("eventTypes", json!(["conversation:end"])), "event:conversation:end"),
        (with("attributeFilter", json!("queueId = ")), "at character"),
        (with("attributeFilter", json!("exists(queue) and queue.id = 'q'")), "at character 1"),
        (with("attributeFilter", json!("x".repeat(5_000))), "5000 characters"),
        (with("status", json!("on")), "'active' or 'inactive'"),
        (with("destination", json!(null)), "destination is missing"),
        (with("destination", json!({"type": "webhook"})), "'webhook'"),
        (with("destination", json!({"type": "aws_sqs"})), "awsSqs is missing"),
        (with("destination", sqs("queue")), "not the ARN"),
        (with("destination", sqs(&ours("none"))), "does not exist"),
        (with("destination", sqs(&ours("ordered.fifo"))), "FIFO"),
        (with("destination", sqs("arn:aws:sqs:us-east-1:999999999999:ends")), "another account"),
        (
            with(
                "destination",
                json!({"type": "aws_sqs", "awsSqs": {"arn": ours("ends"), "region": "eu-west-1"}}),
            ),
            "eu-west-1",
        ),
        (json!([]), "could not be read"),
    ] {
        let fault = house.create(&body).unwrap_err();
        assert!(fault.status == 400 && fault.message.contains(wanted), "{body}: {}", fault.message);
    }
    assert_eq!(house.subscriptions.list(&request("", &json!(null))).unwrap().body.unwrap()["total"], 0);
}
