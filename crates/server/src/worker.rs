//! The built-in worker: receives, shows and deletes the messages of one queue, as anybody's worker would.

use std::time::Duration;

use aws::{Call, Error};
use delivery::Answers;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::clock;
use crate::door::reply::Driver;
use crate::rooms::Rooms;

/// The pause after a round that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A message that the worker has taken, to be shown.
#[derive(Debug)]
pub struct WorkerMessage {
    /// The queue's name.
    pub queue: String,
    /// The message's body.
    pub body: String,
}

/// Works on one queue.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) rooms: Rooms,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) queue: String,
    pub(crate) shown: mpsc::Sender<WorkerMessage>,
}

impl Worker {
    /// Runs until `closing` turns true, or nobody looks any more. Where a round fails (the queue was deleted, the disk is
    /// full) it is tried again after a pause: the queue may be made anew.
    pub(crate) async fn run(self, mut closing: watch::Receiver<bool>) {
        let mut failing = None;
        while !*closing.borrow() && !self.shown.is_closed() {
            let Err(error) = self.round(&closing).await else {
                failing = None;
                continue;
            };
            if failing.as_ref() != Some(&error) {
                tracing::warn!(%error, queue = self.queue, "the worker waits until this is mended");
                failing = Some(error);
            }
            tokio::select! {
                () = sleep(AFTER_FAILURE) => {}
                _ = closing.wait_for(|closing| *closing) => {}
            }
        }
    }

    /// Receives up to ten messages, waiting for the first; shows each, and then deletes it: a crash between shows it again.
    async fn round(&self, closing: &watch::Receiver<bool>) -> Result<(), Error> {
        let request = json!({"QueueUrl": self.url(), "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20});
        let answer = self.call("ReceiveMessage", &request, closing).await?;
        for message in answer.get("Messages").and_then(Value::as_array).into_iter().flatten() {
            let body = message.get("Body").and_then(Value::as_str).unwrap_or_default().to_owned();
            if self.shown.send(WorkerMessage { queue: self.queue.clone(), body }).await.is_err() {
                return Ok(());
            }
            let receipt_handle = message.get("ReceiptHandle").cloned().unwrap_or_default();
            let request = json!({"QueueUrl": self.url(), "ReceiptHandle": receipt_handle});
            self.call("DeleteMessage", &request, closing).await?;
        }
        Ok(())
    }

    fn url(&self) -> String {
        format!("http://localhost/{}/{}", self.account, self.queue)
    }

    async fn call(
        &self,
        name: &str,
        request: &Value,
        closing: &watch::Receiver<bool>,
    ) -> Result<Value, Error> {
        let ids = clock::ids();
        let call = Call {
            now: clock::now(),
            account: self.account.clone(),
            region: self.region.clone(),
            request_id: ids.next_uuid(),
            base_url: "http://localhost".to_owned(),
            ids,
            payload: Vec::new(),
        };
        let body = request.to_string();
        let reply = queue::ops::SERVICE.run(&self.rooms.queues, name, call, body.as_bytes());
        let driver = Driver { answers: Answers::default(), closing: closing.clone() };
        let answer = driver.drive_json(reply).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }
}
