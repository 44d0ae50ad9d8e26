//! A store with roles for a test, and the short words to use it.

use aws::{Call, Ids, Reply, Timestamp};
use iam::Iam;
use serde_json::Value;
use store::{Options, Store};

pub(crate) const ACCOUNT: &str = "123456789012";

/// A moment that all tests begin at: 2026-03-19T12:00:00Z.
pub(crate) const NOON: Timestamp = Timestamp::from_unix_ms(1_773_921_600_000);

/// A store in a folder of its own, with roles.
pub(crate) struct House {
    pub(crate) iam: Iam,
    pub(crate) store: Store,
    ids: u128,
    _dir: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::default()).unwrap();
        Self { iam: Iam::new(store.clone()), store, ids: 0, _dir: dir }
    }

    /// An operation that an account asks for.
    pub(crate) fn ask_as(
        &mut self,
        account: &str,
        operation: &str,
        request: &Value,
    ) -> Result<Value, aws::Error> {
        let row = iam::ops::OPERATIONS.iter().find(|row| row.name == operation);
        let row = row.unwrap_or_else(|| panic!("{operation} is in no table"));
        self.ids += 1;
        let call = Call {
            now: NOON,
            account: account.to_owned(),
            region: "us-east-1".to_owned(),
            request_id: "request".to_owned(),
            base_url: "http://127.0.0.1:4566".to_owned(),
            ids: Ids::from_seed(self.ids),
            payload: Vec::new(),
        };
        let body = match (row.run)(&self.iam, call, request.to_string().as_bytes()) {
            Reply::Now(answer) => answer?,
            Reply::Later(later) => {
                tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(later)?
            }
            other => panic!("no operation here answers so: {other:?}"),
        };
        Ok(serde_json::from_slice(&body).unwrap())
    }

    /// An operation that succeeds.
    pub(crate) fn ask(&mut self, operation: &str, request: &Value) -> Value {
        self.ask_as(ACCOUNT, operation, request).unwrap()
    }
}
