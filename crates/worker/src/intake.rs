//! The tracker's loop: receives from the partner queue, does what the errands ask for, deletes what is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws::api::{DYNAMODB, EVENTS, SQS};
use genesys::tracker::conversation::Context;
use genesys::tracker::derived::{DerivedEvent, QueueNames};
use genesys::tracker::grace::Grace;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::{pause, wall};
use crate::fault::Fault;
use crate::record::KEPT_S;
use crate::remote::{PATIENCE, Remote};
use crate::tracker::errand::{Came, Errand, Next};
use crate::tracker::item::{Item, Outgoing};
use crate::tracker::message::{Arrival, Heard, Timer};

/// How long one receive waits, in s: a graceful stop waits for it.
const WAIT_S: u64 = 5;
/// How long received messages are hidden, in s. What a worker that was killed had in hand comes back after that; the tracker must wait
/// longer for neighbours ([`SETTLE_MS`]), or it would tell a conversation without them.
const HIDDEN_S: u64 = 10;
/// How much silence proves that nothing is on its way any more, in ms: the time for which the messages of a worker that was killed are
/// hidden, and what the tracker waits for on one machine.
pub const SETTLE_MS: u64 = HIDDEN_S * 1_000 + 2_000;
/// How long a message is hidden that cannot be read, in s: it comes to the queue's own dead-letter queue within hours.
const ASIDE_S: u64 = 900;
/// The pause after something failed, in ms.
const AFTER_FAILURE_MS: u64 = 2_000;
/// Entries of one PutEvents. Source: PutEvents in the EventBridge API reference.
const ENTRIES_MAX: usize = 10;

/// What the tracker is to do.
#[derive(Clone, Debug)]
pub struct TrackerWork {
    /// The URL of the queue that a rule on the partner bus fills.
    pub queue_url: String,
    /// The bus that derived events are put on.
    pub bus: String,
    /// How long the tracker waits.
    pub grace: Grace,
    /// Names of queues by id.
    pub names: QueueNames,
}

/// A tracker that can run.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) remote: Remote,
    pub(crate) table: String,
    pub(crate) work: TrackerWork,
}

/// A message that was received.
#[derive(Clone, Debug)]
struct Message {
    body: String,
    handle: String,
    sent_ms: u64,
}

impl Intake {
    /// Runs lanes until `closing` turns true and each has ended what it was at.
    pub(crate) async fn run(self: Arc<Self>, lanes: u32, closing: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        for _ in 0..lanes {
            running.spawn(Arc::clone(&self).lane(closing.clone()));
        }
        while running.join_next().await.is_some() {}
    }

    async fn lane(self: Arc<Self>, mut closing: watch::Receiver<bool>) {
        while !*closing.borrow() {
            if let Err(fault) = self.round().await {
                tracing::warn!(queue_url = self.work.queue_url, error = %fault, "the tracker waits until this is mended");
                tokio::select! {
                    () = pause(AFTER_FAILURE_MS) => {}
                    _ = closing.wait_for(|closing| *closing) => {}
                }
            }
        }
    }

    /// Receives up to ten messages and does what they ask for. What fails stays in the queue.
    async fn round(&self) -> Result<(), Fault> {
        let messages = self.receive().await?;
        let mut by_conversation: BTreeMap<String, Vec<(Arrival, Message)>> = BTreeMap::new();
        let (mut done, mut aside) = (Vec::new(), Vec::new());
        let mut fault = None;
        for message in messages {
            match Arrival::read(&message.body, message.sent_ms) {
                Err(why) => {
                    tracing::warn!(
                        error = why,
                        "a message of the partner queue is no event; it is left to the queue's redrive policy"
                    );
                    aside.push(message);
                }
                Ok(arrival) => match (arrival.conversation().map(str::to_owned), &arrival.heard) {
                    (Some(conversation), _) => {
                        by_conversation.entry(conversation).or_default().push((arrival, message));
                    }
                    (None, Heard::Alone(event)) => match self.tell_once(event).await {
                        Ok(()) => done.push(message),
                        Err(failed) => fault = Some(failed),
                    },
                    (None, _) => done.push(message),
                },
            }
        }
        for (conversation, heard) in by_conversation {
            let (arrivals, messages): (Vec<_>, Vec<_>) = heard.into_iter().unzip();
            match self.run_errand(Errand::new(&conversation, arrivals)).await {
                Ok(()) => done.extend(messages),
                Err(failed) => fault = Some(failed),
            }
        }
        self.batch("ChangeMessageVisibilityBatch", &aside, &json!({"VisibilityTimeout": ASIDE_S})).await?;
        self.batch("DeleteMessageBatch", &done, &json!({})).await?;
        fault.map_or(Ok(()), Err)
    }

    async fn receive(&self) -> Result<Vec<Message>, Fault> {
        let request = json!({
            "QueueUrl": self.work.queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": WAIT_S,
            "VisibilityTimeout": HIDDEN_S, "MessageSystemAttributeNames": ["SentTimestamp"],
        });
        let patience = PATIENCE + Duration::from_secs(WAIT_S);
        let answer = self.remote.ask_within(&SQS, ("ReceiveMessage", patience), &request).await?;
        let text = |message: &Value, at: &str| message.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let messages = answer.get("Messages").and_then(Value::as_array).into_iter().flatten();
        let read = messages.filter_map(|message| {
            Some(Message {
                body: text(message, "/Body")?,
                handle: text(message, "/ReceiptHandle")?,
                sent_ms: text(message, "/Attributes/SentTimestamp")?.parse().ok()?,
            })
        });
        Ok(read.collect())
    }

    async fn run_errand(&self, mut errand: Errand) -> Result<(), Fault> {
        let context = Context { grace: &self.work.grace, names: &self.work.names };
        loop {
            let came = match errand.next() {
                Next::Read => Came::Item(self.read(errand.conversation()).await?),
                Next::Send(timer) => self.send(timer).await?,
                Next::Write(item) => self.write(item).await?,
                Next::Publish(events) => self.publish(events).await?,
                Next::Nothing => return Ok(()),
            };
            errand.came(came, context);
        }
    }

    async fn read(&self, conversation: &str) -> Result<Option<Box<Item>>, Fault> {
        let request = json!({
            "TableName": self.table, "Key": {"id": {"S": Item::id(conversation)}}, "ConsistentRead": true,
        });
        let answer = self.remote.ask(&DYNAMODB, "GetItem", &request).await?;
        let Some(item) = answer.get("Item") else { return Ok(None) };
        let unknown = || {
            Fault::no_answer(format!(
                "the item of conversation {conversation} was written by another version of Trunkline"
            ))
        };
        Item::of_item(item).map(|item| Some(Box::new(item))).ok_or_else(unknown)
    }

    async fn send(&self, timer: &Timer) -> Result<Came, Fault> {
        let request = json!({
            "QueueUrl": self.work.queue_url, "MessageBody": timer.to_body(), "DelaySeconds": timer.delay_s,
        });
        self.remote.ask(&SQS, "SendMessage", &request).await.map(|_| Came::Done)
    }

    async fn write(&self, item: &Item) -> Result<Came, Fault> {
        match self.remote.ask(&DYNAMODB, "PutItem", &item.to_put(&self.table)).await {
            Ok(_) => Ok(Came::Done),
            Err(fault) if fault.is_refused_condition() => Ok(Came::Lost),
            Err(fault) => Err(fault),
        }
    }

    async fn publish(&self, events: &[Outgoing]) -> Result<Came, Fault> {
        for events in events.chunks(ENTRIES_MAX) {
            let entries: Vec<Value> = events.iter().map(|event| event.to_entry(&self.work.bus)).collect();
            let answer = self.remote.ask(&EVENTS, "PutEvents", &json!({"Entries": entries})).await?;
            if answer.get("FailedEntryCount").and_then(Value::as_u64).unwrap_or_default() > 0 {
                return Err(Fault::no_answer(format!(
                    "PutEvents did not take all of {} events",
                    events.len()
                )));
            }
        }
        Ok(Came::Done)
    }

    /// Publishes what follows from one message alone, unless that was done before.
    async fn tell_once(&self, event: &DerivedEvent) -> Result<(), Fault> {
        let id = format!("seen#{}", event.id);
        let read = json!({"TableName": self.table, "Key": {"id": {"S": id}}, "ConsistentRead": true});
        if self.remote.ask(&DYNAMODB, "GetItem", &read).await?.get("Item").is_some() {
            return Ok(());
        }
        self.publish(&[Outgoing::from(event.clone())]).await?;
        let until_s = wall().unix_seconds().saturating_add(KEPT_S);
        let item = json!({"id": {"S": id}, "expiration": {"N": until_s.to_string()}});
        self.remote.ask(&DYNAMODB, "PutItem", &json!({"TableName": self.table, "Item": item})).await.map(drop)
    }

    async fn batch(&self, operation: &str, messages: &[Message], more: &Value) -> Result<(), Fault> {
        if messages.is_empty() {
            return Ok(());
        }
        let entry = |(at, message): (usize, &Message)| {
            let mut entry = json!({"Id": at.to_string(), "ReceiptHandle": message.handle});
            if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
                entry.extend(more.clone());
            }
            entry
        };
        let entries: Vec<Value> = messages.iter().enumerate().map(entry).collect();
        let request = json!({"QueueUrl": self.work.queue_url, "Entries": entries});
        // What stays comes again, and changes nothing then.
        self.remote.ask(&SQS, operation, &request).await.map(drop)
    }
}
