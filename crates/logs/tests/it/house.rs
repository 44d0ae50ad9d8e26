//! A store with log groups for a test, and the short words to use it.

use aws::{Call, Ids, Reply, Timestamp};
use logs::Logs;
use serde_json::Value;
use store::{Options, Store, Tx};

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";

/// An hour that all tests begin at.
pub(crate) const NOON: Timestamp = Timestamp::from_unix_ms(1_773_921_600_000);

/// A store in a folder of its own, with log groups.
pub(crate) struct House {
    pub(crate) logs: Logs,
    pub(crate) store: Store,
    _dir: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::default()).unwrap();
        Self { logs: Logs::new(store.clone(), aws::Scope::new(ACCOUNT, REGION)), store, _dir: dir }
    }

    /// An operation at a moment.
    pub(crate) fn ask_at(
        &self,
        now: Timestamp,
        operation: &str,
        request: &Value,
    ) -> Result<Value, aws::Error> {
        let row = logs::ops::OPERATIONS.iter().find(|row| row.name == operation);
        let row = row.unwrap_or_else(|| panic!("{operation} is in no table"));
        let call = Call {
            now,
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            request_id: "request".to_owned(),
            base_url: "http://127.0.0.1:4566".to_owned(),
            ids: Ids::from_seed(1),
            payload: Vec::new(),
        };
        let body = match (row.run)(&self.logs, call, request.to_string().as_bytes()) {
            Reply::Now(answer) => answer?,
            Reply::Later(later) => {
                tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(later)?
            }
            Reply::Poll(_) | Reply::Long(_) | Reply::Call(_) => panic!("no operation here waits for others"),
        };
        Ok(serde_json::from_slice(&body).unwrap())
    }

    /// An operation at noon that succeeds.
    pub(crate) fn ask(&self, operation: &str, request: &Value) -> Value {
        self.ask_at(NOON, operation, request).unwrap()
    }

    /// Runs a job in a transaction of its own.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Logs, &mut Tx<'_>) -> T + Send + 'static,
    ) -> T {
        let logs = self.logs.clone();
        self.store.write(|error| error, move |tx| Ok(job(&logs, tx))).wait().unwrap()
    }
}
