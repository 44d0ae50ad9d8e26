//! Carries the messages of one queue to one target, in lanes: a permit, then message after message until the queue is empty.

use std::sync::Arc;
use std::time::Duration;

use aws::Ids;
use aws::api::{DYNAMODB, SQS};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::{Tick, pause, tick, wall};
use crate::errand::{Came, Errand, Next, Records, back_off_s};
use crate::fault::Fault;
use crate::gate::{Gate, Permit};
use crate::record::{self, Claim, Standing};
use crate::remote::{PATIENCE, Remote};
use crate::target::{Parcel, Target, Trouble};

/// How long one receive waits for a message, in s: a graceful stop waits for it.
const WAIT_S: u64 = 5;
/// What a message is hidden longer than its call may take, in s: claim and completion need their time, too.
const SPARE_S: u64 = 10;
/// The pause after a receive that failed, in ms.
const AFTER_FAILURE_MS: u64 = 2_000;

/// The messages of one queue on their way to one target.
#[derive(Debug)]
pub(crate) struct Carrier {
    pub(crate) remote: Remote,
    pub(crate) table: String,
    /// The queue's name, for logs and records.
    pub(crate) queue: String,
    pub(crate) queue_url: String,
    pub(crate) target: Target,
    pub(crate) timeout_ms: u64,
    pub(crate) gate: Option<Arc<Gate>>,
    /// Between two calls of a lane, in ms: a rate is shared out over the permits.
    pub(crate) pace_ms: u64,
    pub(crate) records: Records,
    pub(crate) ids: Ids,
}

/// A message that was received.
#[derive(Debug)]
struct Message {
    id: String,
    body: String,
    handle: String,
    receive_count: u64,
}

/// How a message's trip ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carried {
    /// It was called for, or found done.
    Yes,
    /// The permit was gone before the call.
    PermitGone,
}

impl Carrier {
    /// Runs lanes until `closing` turns true and each has ended what it was at.
    pub(crate) async fn run(self: Arc<Self>, lanes: u32, closing: watch::Receiver<bool>) {
        let looking = self.gate.clone().map(|gate| tokio::spawn(async move { gate.keep_looking().await }));
        let mut running = JoinSet::new();
        for _ in 0..lanes {
            running.spawn(Arc::clone(&self).lane(closing.clone()));
        }
        while running.join_next().await.is_some() {}
        if let Some(looking) = looking {
            looking.abort();
        }
    }

    async fn lane(self: Arc<Self>, mut closing: watch::Receiver<bool>) {
        while !*closing.borrow() {
            let permit = match &self.gate {
                None => None,
                Some(gate) => tokio::select! {
                    permit = gate.take() => Some(permit),
                    _ = closing.wait_for(|closing| *closing) => return,
                },
            };
            self.work(permit.as_ref(), &mut closing).await;
            if let Some(permit) = permit {
                permit.give_back().await;
            }
        }
    }

    /// Message after message, until the queue is empty, the permit is lost, or the worker closes.
    async fn work(&self, permit: Option<&Permit>, closing: &mut watch::Receiver<bool>) {
        let mut free_at = tick().plus(self.pace_ms);
        while !*closing.borrow() && permit.is_none_or(|permit| permit.ticket().is_some()) {
            self.wait_for(free_at, closing).await;
            if *closing.borrow() {
                return;
            }
            let message = match self.receive().await {
                Ok(Some(message)) => message,
                Ok(None) => return,
                Err(fault) => {
                    tracing::warn!(queue = self.queue, error = %fault, "nothing can be received; tried again");
                    tokio::select! {
                        () = pause(AFTER_FAILURE_MS) => {}
                        _ = closing.wait_for(|closing| *closing) => {}
                    }
                    return;
                }
            };
            free_at = tick().plus(self.pace_ms);
            if self.carry(&message, permit).await == Carried::PermitGone {
                return;
            }
        }
    }

    async fn wait_for(&self, moment: Tick, closing: &mut watch::Receiver<bool>) {
        let ms = moment.since(tick());
        if self.pace_ms == 0 || ms == 0 {
            return;
        }
        tokio::select! {
            () = pause(ms) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }

    async fn receive(&self) -> Result<Option<Message>, Fault> {
        let request = json!({
            "QueueUrl": self.queue_url, "MaxNumberOfMessages": 1, "WaitTimeSeconds": WAIT_S,
            "VisibilityTimeout": self.timeout_ms.div_ceil(1_000) + SPARE_S,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        });
        let patience = PATIENCE + Duration::from_secs(WAIT_S);
        let answer = self.remote.ask_within(&SQS, ("ReceiveMessage", patience), &request).await?;
        let text = |message: &Value, at: &str| message.pointer(at).and_then(Value::as_str).map(str::to_owned);
        Ok(answer.pointer("/Messages/0").and_then(|message| {
            Some(Message {
                id: text(message, "/MessageId")?,
                body: text(message, "/Body").unwrap_or_default(),
                handle: text(message, "/ReceiptHandle")?,
                receive_count: text(message, "/Attributes/ApproximateReceiveCount")?.parse().ok()?,
            })
        }))
    }

    async fn carry(&self, message: &Message, permit: Option<&Permit>) -> Carried {
        let key = record::key_of(&message.body, &message.id);
        let now = wall();
        let claim = Claim {
            id: record::id(&format!("worker.{}", self.queue), &key),
            fence: self.ids.next_uuid(),
            now,
            busy_until: now.plus(Duration::from_millis(self.timeout_ms + SPARE_S * 500)),
        };
        let mut errand = Errand::new(self.records);
        let mut carried = Carried::Yes;
        loop {
            let came = match errand.next() {
                Next::Claim => self.claim(&claim).await,
                Next::Call => match self.call(message, &key, permit).await {
                    Some(came) => came,
                    None => {
                        carried = Carried::PermitGone;
                        Came::Failed { hide_s: 0 }
                    }
                },
                Next::Complete(data) => self.complete(&claim, data).await,
                Next::Forget => self.written("DeleteItem", &claim.to_forget(&self.table)).await,
                Next::Delete => self.of_message("DeleteMessage", message, json!({})).await,
                Next::Hide(seconds) => {
                    let more = json!({"VisibilityTimeout": seconds});
                    self.of_message("ChangeMessageVisibility", message, more).await
                }
                Next::Nothing => return carried,
            };
            errand.came(came, wall().unix_ms());
        }
    }

    async fn claim(&self, claim: &Claim) -> Came {
        self.written("PutItem", &claim.to_put(&self.table)).await
    }

    /// Completing is worth several tries: without it, what was done is done again.
    async fn complete(&self, claim: &Claim, data: &Value) -> Came {
        let update = claim.to_complete(&self.table, data, wall());
        for pause_ms in [100, 500, 2_000] {
            match self.written("UpdateItem", &update).await {
                Came::Failed { .. } => pause(pause_ms).await,
                came => return came,
            }
        }
        self.written("UpdateItem", &update).await
    }

    async fn written(&self, operation: &str, request: &Value) -> Came {
        match self.remote.ask(&DYNAMODB, operation, request).await {
            Ok(_) => Came::Done,
            Err(fault) if fault.is_refused_condition() => {
                // Nobody told what stands there: it is not known to be done.
                let unknown = || Standing::Busy(wall().plus(Duration::from_secs(60)));
                Came::Refused(fault.item.as_ref().map_or_else(unknown, Standing::of_item))
            }
            Err(fault) => {
                tracing::warn!(queue = self.queue, error = %fault, "a record could not be written");
                Came::Failed { hide_s: 5 }
            }
        }
    }

    /// `None`: the permit does not reach to the end of a call any more. This is the last look before the call.
    async fn call(&self, message: &Message, key: &str, permit: Option<&Permit>) -> Option<Came> {
        let ticket = match permit {
            None => None,
            Some(permit) => Some(permit.ticket()?),
        };
        let time = Duration::from_millis(self.timeout_ms);
        let parcel = Parcel { body: &message.body, key, ticket, time };
        let begun = tick();
        let called = self.target.call(&self.remote, parcel).await;
        let ms = tick().since(begun);
        Some(match called {
            Ok(data) => {
                tracing::debug!(
                    queue = self.queue,
                    message_id = message.id,
                    attempt = message.receive_count,
                    ms,
                    "carried"
                );
                Came::Called(data)
            }
            Err(trouble) => self.failed(message, &trouble, ms),
        })
    }

    fn failed(&self, message: &Message, trouble: &Trouble, ms: u64) -> Came {
        let back_off_s = back_off_s(message.receive_count, self.ids.next_u64());
        let hide_s = back_off_s.max(trouble.wait_s).min(3_600);
        tracing::warn!(
            queue = self.queue,
            message_id = message.id,
            attempt = message.receive_count,
            error_code = trouble.code,
            error = trouble.message,
            ms,
            again_in_s = hide_s,
            may_pass = trouble.may_pass,
            "a message could not be carried"
        );
        Came::Failed { hide_s }
    }

    async fn of_message(&self, operation: &str, message: &Message, more: Value) -> Came {
        let mut request = json!({"QueueUrl": self.queue_url, "ReceiptHandle": message.handle});
        if let (Value::Object(request), Value::Object(more)) = (&mut request, more) {
            request.extend(more);
        }
        match self.remote.ask(&SQS, operation, &request).await {
            Ok(_) => Came::Done,
            Err(fault) => {
                // It comes again, and its record says whether it was done.
                tracing::warn!(queue = self.queue, message_id = message.id, error = %fault, "a message was left as it is");
                Came::Failed { hide_s: 0 }
            }
        }
    }
}
