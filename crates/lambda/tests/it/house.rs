//! A store with functions for a test, and the short words to use it.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use aws::{Call, Error, Ids, Reply, Timestamp};
use lambda::{Functions, Hands, KeptZip};
use queue::Queues;
use serde_json::{Value, json};
use store::{Options, Store};

/// A moment that all tests begin at: 2026-03-19T12:00:00Z.
pub(crate) const NOON: Timestamp = Timestamp::from_unix_ms(1_773_921_600_000);

/// A store in a folder of its own, with functions. Its zips are texts that begin with `PK`.
pub(crate) struct House {
    pub(crate) functions: Functions,
    queues: Queues,
    /// What was put on buses.
    pub(crate) events: Arc<Mutex<Vec<Value>>>,
    ids: u128,
    sqs_calls: Cell<u128>,
    _dir: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::default()).unwrap();
        let events: Arc<Mutex<Vec<Value>>> = Arc::default();
        let sink = Arc::clone(&events);
        let hands = Hands {
            keep_zip: Arc::new(|zip| {
                Box::pin(async move {
                    if !zip.starts_with(b"PK") {
                        let words = "Could not unzip uploaded file. Please check your file, then try to upload again.";
                        return Err(lambda::error::invalid_parameter(words));
                    }
                    let digest = String::from_utf8(zip.clone()).unwrap();
                    Ok(KeptZip { sha256: format!("sha of {digest}"), digest, size_bytes: zip.len() as u64 })
                })
            }),
            put_event: Arc::new(move |_, bus, event| {
                let event: Value = serde_json::from_str(&event.to_json()).unwrap();
                sink.lock().unwrap().push(json!({"bus": bus.resource, "event": event}));
                bus.resource == "event-bus/default"
            }),
            forbids: Arc::new(|_, errand| {
                let is_weak = errand.role.resource == "role/weak";
                errand.operations.iter().copied().find(|operation| is_weak && *operation == "DeleteMessage")
            }),
            can_run: Arc::new(|runtime| {
                Box::pin(async move {
                    let is_there = !runtime.contains("3.14");
                    is_there.then_some(()).ok_or_else(|| lambda::error::invalid_parameter("no python 3.14"))
                })
            }),
        };
        let queues = Queues::open(store).unwrap();
        let house = Self {
            functions: Functions::new(queues.clone(), hands),
            queues,
            events,
            ids: 0,
            sqs_calls: Cell::new(0),
            _dir: dir,
        };
        for (name, attributes) in [
            ("dead", json!({})),
            (
                "work",
                json!({"RedrivePolicy": json!({"maxReceiveCount": 2, "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"}).to_string()}),
            ),
            ("work.fifo", json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"})),
        ] {
            house.sqs("CreateQueue", &json!({"QueueName": name, "Attributes": attributes}));
        }
        house
    }

    /// An operation of SQS on the same store: there are `work`, whose poison goes to `dead` after two receives, and
    /// `work.fifo`.
    pub(crate) fn sqs(&self, operation: &str, request: &Value) -> Value {
        let row = queue::ops::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        self.sqs_calls.set(self.sqs_calls.get() + 1);
        let call = call(1_000_000 + self.sqs_calls.get(), Vec::new());
        let body = match (row.run)(&self.queues, call, request.to_string().as_bytes()) {
            Reply::Now(answer) => answer.unwrap(),
            Reply::Later(later) => run(later).unwrap(),
            other => panic!("{other:?}"),
        };
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// An operation as it is answered, a call of the porter's as what it is given.
    pub(crate) fn ask(&mut self, operation: &str, request: &Value) -> Result<Value, Error> {
        let row = lambda::ops::OPERATIONS.iter().find(|row| row.name == operation);
        let row = row.unwrap_or_else(|| panic!("{operation} is in no table"));
        self.ids += 1;
        let call = call(self.ids, request["Payload"].as_str().unwrap_or_default().as_bytes().to_vec());
        let body = match (row.run)(&self.functions, call, request.to_string().as_bytes()) {
            Reply::Now(answer) => answer?,
            Reply::Later(later) => run(later)?,
            Reply::Call(call) => return Ok(serde_json::from_slice(&call.request).unwrap()),
            other @ (Reply::Poll(_) | Reply::Long(_)) => panic!("no operation here answers so: {other:?}"),
        };
        Ok(serde_json::from_slice(&body).unwrap())
    }
}

fn call(number: u128, payload: Vec<u8>) -> Call {
    Call {
        now: NOON,
        account: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
        request_id: format!("request-{number}"),
        base_url: "http://127.0.0.1:4566".to_owned(),
        ids: Ids::from_seed(number),
        payload,
    }
}

fn run<T>(later: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(later)
}
