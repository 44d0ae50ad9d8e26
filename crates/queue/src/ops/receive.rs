//! ReceiveMessage: at once, or as soon as there is something (long polling).

use std::collections::BTreeMap;
use std::time::Duration;

use aws::operation::{Later, null_is_absent};
use aws::{Body, Call, Error, LongPoll, Reply, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dead_letter::redrive_of;
use crate::engine::Queues;
use crate::engine::memory::Arrival;
use crate::engine::receive::{Receive, ReceivedMessage};
use crate::engine::record::{Attribute, QueueId};
use crate::error;
use crate::limits;
use crate::message::{WireAttributes, md5_of_attributes, md5_of_body, write_attribute};
use crate::ops::between;
use crate::ops::send::check_token;
use crate::queue::{Queue, name_in_url, require};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    queue_url: Option<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    attribute_names: Vec<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    message_system_attribute_names: Vec<String>,
    #[serde(default, deserialize_with = "null_is_absent")]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Messages {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<WireMessage>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireMessage {
    message_id: String,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    body: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: WireAttributes,
}

/// Every system attribute. Source: SQS API reference, ReceiveMessage.
const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

/// Which attributes the receiver asks for.
#[derive(Clone, Debug)]
struct Selection {
    system: Vec<String>,
    message: Vec<String>,
}

/// A receive that may wait.
struct Poll {
    queues: Queues,
    call: Call,
    name: String,
    max: usize,
    visibility_s: Option<u32>,
    /// ReceiveRequestAttemptId; has a meaning for FIFO queues only.
    attempt: Option<String>,
    selection: Selection,
    until: Timestamp,
    /// Whose bell to listen to: found anew with each attempt, for a purge changes it.
    engine: QueueId,
}

pub(super) fn receive(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    match prepare(queues, call, body) {
        Err(error) => Reply::Now(Err(error)),
        Ok(mut poll) if poll.until <= poll.call.now => {
            let nothing = poll.nothing();
            let answer = poll.attempt(poll.call.now);
            Reply::Later(Box::pin(async move { Ok(answer.await?.unwrap_or(nothing)) }))
        }
        Ok(poll) => Reply::Poll(Box::new(poll)),
    }
}

fn prepare(queues: &Queues, call: Call, body: &[u8]) -> Result<Poll, Error> {
    let request: ReceiveMessage = aws::operation::parse(body)?;
    let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
    let batch_max = u32::try_from(limits::BATCH_MAX).unwrap_or(u32::MAX);
    let max = between(request.max_number_of_messages, "MaxNumberOfMessages", 1..=batch_max)?.unwrap_or(1);
    let visibility_s =
        between(request.visibility_timeout, "VisibilityTimeout", 0..=limits::VISIBILITY_S_MAX)?;
    let wait_s = between(request.wait_time_seconds, "WaitTimeSeconds", 0..=limits::WAIT_S_MAX)?;
    let system = [request.attribute_names, request.message_system_attribute_names].concat();
    let known = |name: &String| name == "All" || SYSTEM_ATTRIBUTES.contains(&name.as_str());
    if let Some(unknown) = system.iter().find(|name| !known(name)) {
        return Err(error::unknown_attribute(unknown));
    }
    check_token(request.receive_request_attempt_id.as_deref(), "ReceiveRequestAttemptId")?;
    let queue = queues.store().read(|read| require(read, &name)).map_err(error::of_store)??;
    let wait_s = wait_s.unwrap_or(queue.attributes.wait_s);
    Ok(Poll {
        queues: queues.clone(),
        name,
        max: usize::try_from(max).unwrap_or(1),
        visibility_s,
        attempt: request.receive_request_attempt_id.filter(|_| queue.attributes.fifo.is_some()),
        selection: Selection { system, message: request.message_attribute_names },
        until: call.now.plus(Duration::from_secs(u64::from(wait_s))),
        engine: queue.engine,
        call,
    })
}

impl Poll {
    /// Whether there is something to receive. A look in memory first: waiting costs the store nothing.
    fn look(&mut self, now: Timestamp) -> Result<bool, Error> {
        let Self { queues, name, attempt, .. } = self;
        let found = queues.store().read(|read| {
            let queue: Queue = require(read, name)?;
            if let Some(id) = attempt
                && queues.has_attempt(read, queue.engine, id, now.unix_ms())
            {
                return Ok((queue.engine, true));
            }
            let due = queues.is_due(read, queue.engine, now);
            // The exact count is only made where the cheap one, which counts expired leases too, is over.
            let over = due
                && queues.leases(queue.engine) >= limits::IN_FLIGHT_MAX
                && queues.counts(read, queue.engine, now).in_flight >= limits::IN_FLIGHT_MAX;
            if over {
                Err(error::over_limit("Too many messages in flight."))
            } else {
                Ok((queue.engine, due))
            }
        });
        let (engine, due) = found.map_err(error::of_store)??;
        self.engine = engine;
        Ok(due)
    }

    fn take(&self, now: Timestamp) -> Later<Vec<ReceivedMessage>> {
        let (queues, name, max, visibility_s) =
            (self.queues.clone(), self.name.clone(), self.max, self.visibility_s);
        let attempt = self.attempt.clone();
        Box::pin(self.queues.store().write_reserved(error::of_store, move |tx| {
            let queue = require(tx, &name)?;
            let until = queue.visible_after(now, visibility_s);
            let redrive = redrive_of(tx, &queue, queues.scope());
            let receive = Receive { max, until, now, redrive };
            Ok(match attempt {
                Some(id) => queues.receive_attempt(tx, queue.engine, &id, &receive),
                None => queues.receive(tx, queue.engine, &receive),
            })
        }))
    }
}

impl LongPoll for Poll {
    fn attempt(&mut self, now: Timestamp) -> Later<Option<Body>> {
        let due = match self.look(now) {
            Ok(due) => due,
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        };
        let taken = due.then(|| self.take(now));
        let selection = self.selection.clone();
        Box::pin(async move {
            let received = match taken {
                Some(taken) => taken.await?,
                None => Vec::new(),
            };
            if received.is_empty() {
                return Ok(None);
            }
            let messages = received.into_iter().map(|message| selection.show(message)).collect();
            aws::operation::print(&Messages { messages }).map(Some)
        })
    }

    fn arrival(&self) -> Arrival {
        self.queues.arrival(self.engine)
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.queues.store().read(|read| self.queues.due_at(read, self.engine)).ok().flatten()
    }

    fn until(&self) -> Timestamp {
        self.until
    }

    fn nothing(&self) -> Body {
        // AWS leaves the list out where it is empty, and many a script asks `if 'Messages' in answer`.
        b"{}".to_vec()
    }
}

impl Selection {
    fn show(&self, message: ReceivedMessage) -> WireMessage {
        let attributes = self.system_attributes(&message);
        let shown: Vec<Attribute> =
            message.attributes.into_iter().filter(|attribute| self.wants(&attribute.name)).collect();
        WireMessage {
            message_id: message.id,
            receipt_handle: message.handle.to_string(),
            md5_of_body: md5_of_body(&message.body),
            body: message.body,
            attributes,
            // The digest of what is shown, not of what was sent: that is what SDKs check.
            md5_of_attributes: md5_of_attributes(&shown),
            message_attributes: shown.iter().map(write_attribute).collect(),
        }
    }

    /// `All`, `*`, `.*`, a name, or the beginning of one followed by `.*`.
    fn wants(&self, name: &str) -> bool {
        self.message.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == "All" || wanted == "*" || wanted == name,
        })
    }

    fn system_attributes(&self, message: &ReceivedMessage) -> BTreeMap<&'static str, String> {
        let wants = |name: &str| self.system.iter().any(|wanted| wanted == "All" || wanted == name);
        // Only messages of FIFO queues have a number that is shown.
        let sequence = message.shown_sequence();
        let value = |name: &str| match name {
            "SenderId" => Some(message.sender.clone()).filter(|sender| !sender.is_empty()),
            "SentTimestamp" => Some(message.sent_at.unix_ms().to_string()),
            "ApproximateReceiveCount" => Some(message.receive_count.to_string()),
            "ApproximateFirstReceiveTimestamp" => Some(message.first_received_at.unix_ms().to_string()),
            "SequenceNumber" => sequence.clone(),
            "MessageDeduplicationId" => message.deduplication_id.clone(),
            "MessageGroupId" => message.group.clone().or_else(|| message.tenant.clone()),
            "AWSTraceHeader" => message.trace_header.clone(),
            "DeadLetterQueueSourceArn" => message.dead_letter_source.clone(),
            _ => None,
        };
        SYSTEM_ATTRIBUTES
            .into_iter()
            .filter(|name| wants(name))
            .filter_map(|name| Some((name, value(name)?)))
            .collect()
    }
}
