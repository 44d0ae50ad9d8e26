//! SendMessage, SendMessageBatch.

use std::collections::BTreeMap;
use std::time::Duration;

use aws::encoding::hex;
use aws::{Call, Error, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Tx;

use crate::engine::Queues;
use crate::engine::record::{Attribute, Value};
use crate::engine::send::{Deduplication, NewMessage, SendReceipt};
use crate::error;
use crate::limits;
use crate::message::{
    WireAttribute, WireAttributes, check_body, md5_of_attributes, md5_of_body, read_attributes,
    sequence_number, size_bytes,
};
use crate::ops::batch::{self, BatchAnswer};
use crate::ops::{QueueCall, between, required, write};
use crate::queue::{Fifo, Queue, name_in_url, require};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessageBatch {
    queue_url: Option<String>,
    /// The request's header `X-Amzn-Trace-Id`.
    trace_header: Option<String>,
    entries: Option<Vec<WireMessage>>,
}

/// A single message, and an entry of a batch. One struct for both: serde's `flatten` would copy every member once more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireMessage {
    /// Of a single message.
    queue_url: Option<String>,
    /// Of a single message: the request's header `X-Amzn-Trace-Id`.
    trace_header: Option<String>,
    /// Of an entry.
    id: Option<String>,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: Option<WireAttributes>,
    #[serde(default)]
    message_system_attributes: Option<BTreeMap<String, WireAttribute>>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SentMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_system_attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

/// A message that is valid for any queue: what is left to check is what the queue asks for.
#[derive(Debug)]
struct Draft {
    id: String,
    body: String,
    size_bytes: usize,
    delay_s: Option<u32>,
    attributes: Vec<Attribute>,
    trace_header: Option<String>,
    deduplication_id: Option<String>,
    group: Option<String>,
    answer: SentMessage,
}

pub(super) fn send(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write(queues, body, |request: WireMessage| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let draft = Draft::of(request, &call)?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = require(tx, &name)?;
            draft.send(tx, QueueCall { queues: &queues_in_job, queue: &queue, call: &call })
        })
    })
}

pub(super) fn send_batch(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write(queues, body, |request: SendMessageBatch| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let trace = request.trace_header;
        let entries =
            batch::check(request.entries, "SendMessageBatchRequestEntry", |entry| entry.id.clone())?;
        let drafts: Vec<(String, Result<Draft, Error>)> = entries
            .into_iter()
            .map(|(id, entry)| (id, Draft::of(WireMessage { trace_header: trace.clone(), ..entry }, &call)))
            .collect();
        let size: usize = drafts.iter().filter_map(|(_, draft)| Some(draft.as_ref().ok()?.size_bytes)).sum();
        let size_max = usize::try_from(limits::SIZE_BYTES_MAX).unwrap_or(usize::MAX);
        if size > size_max {
            return Err(error::batch_too_long(size, size_max));
        }
        Ok(move |tx: &mut Tx<'_>| {
            let queue = require(tx, &name)?;
            check_fifo_batch(&queue, &drafts)?;
            let of = QueueCall { queues: &queues_in_job, queue: &queue, call: &call };
            let send = |(id, draft): (String, Result<Draft, Error>)| {
                let sent = draft.and_then(|draft| draft.send(tx, of));
                (id.clone(), sent.map(|sent| SentMessage { id: Some(id), ..sent }))
            };
            Ok(BatchAnswer::of(drafts.into_iter().map(send)))
        })
    })
}

impl Draft {
    fn of(wire: WireMessage, call: &Call) -> Result<Self, Error> {
        let body = required(wire.message_body, "MessageBody")?;
        check_body(&body)?;
        let delay_s = between(wire.delay_seconds, "DelaySeconds", 0..=limits::DELAY_S_MAX)?;
        let attributes = read_attributes(wire.message_attributes.unwrap_or_default())?;
        let system = system_attributes(wire.message_system_attributes.unwrap_or_default())?;
        check_token(wire.message_group_id.as_deref(), "MessageGroupId")?;
        check_token(wire.message_deduplication_id.as_deref(), "MessageDeduplicationId")?;
        let trace_header = system.first().and_then(|attribute| match &attribute.value {
            Value::Text(text) => Some(text.clone()),
            Value::Bytes(_) => None,
        });
        let trace_header = trace_header.or(wire.trace_header);
        let id = call.ids.next_uuid();
        let answer = SentMessage {
            id: None,
            message_id: id.clone(),
            md5_of_body: md5_of_body(&body),
            md5_of_attributes: md5_of_attributes(&attributes),
            md5_of_system_attributes: md5_of_attributes(&system),
            sequence_number: None,
        };
        let size_bytes = size_bytes(&body, &attributes);
        let (deduplication_id, group) = (wire.message_deduplication_id, wire.message_group_id);
        Ok(Self { id, body, size_bytes, delay_s, attributes, trace_header, deduplication_id, group, answer })
    }

    fn send(self, tx: &mut Tx<'_>, of: QueueCall<'_>) -> Result<SentMessage, Error> {
        let attributes = &of.queue.attributes;
        if self.size_bytes > usize::try_from(attributes.size_bytes_max).unwrap_or(usize::MAX) {
            return Err(error::invalid_parameter(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
                attributes.size_bytes_max
            )));
        }
        match &attributes.fifo {
            Some(fifo) => self.send_fifo(tx, of, fifo),
            None => self.send_standard(tx, of),
        }
    }

    fn send_standard(self, tx: &mut Tx<'_>, of: QueueCall<'_>) -> Result<SentMessage, Error> {
        let QueueCall { queues, queue, call } = of;
        if let Some(id) = &self.deduplication_id {
            return Err(error::invalid_value(
                id,
                "MessageDeduplicationId",
                "The request include parameter that is not valid for this queue type.",
            ));
        }
        let delay_s = self.delay_s.unwrap_or(queue.attributes.delay_s);
        let (mut message, answer) = self.into_message(call, delay_s);
        // A group on a standard queue names a tenant of a fair queue: it is shown, and orders nothing.
        message.tenant = message.group.take();
        queues.send(tx, queue.engine, message);
        Ok(answer)
    }

    fn send_fifo(self, tx: &mut Tx<'_>, of: QueueCall<'_>, fifo: &Fifo) -> Result<SentMessage, Error> {
        let QueueCall { queues, queue, call } = of;
        if let Some(delay_s) = self.delay_s.filter(|delay_s| *delay_s != 0) {
            return Err(error::invalid_value(
                delay_s,
                "DelaySeconds",
                "The request include parameter that is not valid for this queue type.",
            ));
        }
        let group = required(self.group.clone(), "MessageGroupId")?;
        let given = self.deduplication_id.clone();
        let content = || fifo.content_based.then(|| hex(&Sha256::digest(self.body.as_bytes())));
        let deduplication_id = given.or_else(content).ok_or_else(no_deduplication_id)?;
        // A group's name may hold any letter but a control character: the separator is in none.
        let key = if fifo.scope_is_group {
            format!("{group}\0{deduplication_id}")
        } else {
            deduplication_id.clone()
        };
        let until = call.now.plus(Duration::from_secs(limits::DEDUPLICATION_S));
        let (mut message, answer) = self.into_message(call, queue.attributes.delay_s);
        message.deduplication_id = Some(deduplication_id);
        let sent = queues.send_once(tx, queue.engine, message, Deduplication { key, until });
        let SendReceipt { id, sequence, .. } = sent;
        Ok(SentMessage { message_id: id, sequence_number: Some(sequence_number(sequence)), ..answer })
    }

    fn into_message(self, call: &Call, delay_s: u32) -> (NewMessage, SentMessage) {
        let now: Timestamp = call.now;
        let message = NewMessage {
            id: self.id,
            body: self.body,
            attributes: self.attributes,
            sender: call.account.clone(),
            trace_header: self.trace_header,
            group: self.group,
            tenant: None,
            deduplication_id: None,
            now,
            not_before: now.plus(Duration::from_secs(u64::from(delay_s))),
        };
        (message, self.answer)
    }
}

/// What FIFO queues ask for is asked of the whole batch, and always as an invalid value. Recorded from AWS by LocalStack:
/// test_send_batch_missing_message_group_id_for_fifo_queue, ..._deduplication_id_for_fifo_queue.
fn check_fifo_batch(queue: &Queue, drafts: &[(String, Result<Draft, Error>)]) -> Result<(), Error> {
    let Some(fifo) = &queue.attributes.fifo else { return Ok(()) };
    let mut sound = drafts.iter().filter_map(|(_, draft)| draft.as_ref().ok());
    if sound.clone().any(|draft| draft.group.is_none()) {
        return Err(error::invalid_parameter("The request must contain the parameter MessageGroupId."));
    }
    if !fifo.content_based && sound.any(|draft| draft.deduplication_id.is_none()) {
        return Err(no_deduplication_id());
    }
    Ok(())
}

fn no_deduplication_id() -> Error {
    error::invalid_parameter(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    )
}

/// Up to 128 letters, digits and punctuation. Source: SQS API reference, SendMessage and ReceiveMessage.
pub(super) fn check_token(id: Option<&str>, name: &str) -> Result<(), Error> {
    let valid = |id: &str| {
        (1..=limits::GROUP_ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match id.filter(|id| !valid(id)) {
        None => Ok(()),
        Some(id) => Err(error::invalid_value(
            id,
            name,
            &format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."),
        )),
    }
}

/// The one attribute that a sender may set for AWS's own use.
fn system_attributes(wire: BTreeMap<String, WireAttribute>) -> Result<Vec<Attribute>, Error> {
    if let Some(name) = wire.keys().find(|name| *name != "AWSTraceHeader") {
        return Err(error::invalid_parameter(format!(
            "Message system attribute name '{name}' is invalid. The only one that can be set is AWSTraceHeader."
        )));
    }
    let attributes = read_attributes(wire)?;
    match attributes.iter().find(|attribute| attribute.data_type != "String") {
        None => Ok(attributes),
        Some(_) => Err(error::invalid_parameter(
            "The message system attribute 'AWSTraceHeader' must be of type String.",
        )),
    }
}
