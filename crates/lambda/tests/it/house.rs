//! A store with functions for a test, and the short words to use it.

use std::sync::Arc;

use aws::{Call, Error, Ids, Reply, Timestamp};
use lambda::{Functions, Hands, KeptZip};
use queue::Queues;
use serde_json::Value;
use store::{Options, Store};

/// A moment that all tests begin at: 2026-03-19T12:00:00Z.
pub(crate) const NOON: Timestamp = Timestamp::from_unix_ms(1_773_921_600_000);

/// A store in a folder of its own, with functions. Its zips are texts that begin with `PK`.
pub(crate) struct House {
    pub(crate) functions: Functions,
    ids: u128,
    _dir: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::default()).unwrap();
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
            can_run: Arc::new(|runtime| {
                Box::pin(async move {
                    let is_there = !runtime.contains("3.14");
                    is_there.then_some(()).ok_or_else(|| lambda::error::invalid_parameter("no python 3.14"))
                })
            }),
        };
        Self { functions: Functions::new(Queues::open(store).unwrap(), hands), ids: 0, _dir: dir }
    }

    /// An operation as it is answered, a call of the porter's as what it is given.
    pub(crate) fn ask(&mut self, operation: &str, request: &Value) -> Result<Value, Error> {
        let row = lambda::ops::OPERATIONS.iter().find(|row| row.name == operation);
        let row = row.unwrap_or_else(|| panic!("{operation} is in no table"));
        self.ids += 1;
        let call = Call {
            now: NOON,
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            request_id: format!("request-{}", self.ids),
            base_url: "http://127.0.0.1:4566".to_owned(),
            ids: Ids::from_seed(self.ids),
            payload: request["Payload"].as_str().unwrap_or_default().as_bytes().to_vec(),
        };
        let body = match (row.run)(&self.functions, call, request.to_string().as_bytes()) {
            Reply::Now(answer) => answer?,
            Reply::Later(later) => {
                tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(later)?
            }
            Reply::Call(call) => return Ok(serde_json::from_slice(&call.request).unwrap()),
            other @ Reply::Poll(_) => panic!("no operation here answers so: {other:?}"),
        };
        Ok(serde_json::from_slice(&body).unwrap())
    }
}
