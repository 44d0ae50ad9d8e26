//! DeleteMessage, DeleteMessageBatch.

use aws::{Call, Error, Reply};
use serde::Deserialize;
use store::Tx;

use crate::engine::Queues;
use crate::engine::handle::Handle;
use crate::error;
use crate::ops::batch::{self, BatchAnswer, EntryName};
use crate::ops::{Nothing, QueueCall, required, write_reserved};
use crate::queue::{Queue, name_in_url, require};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteMessage {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteMessageBatch {
    queue_url: Option<String>,
    entries: Option<Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: Option<String>,
    receipt_handle: Option<String>,
}

pub(super) fn delete(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write_reserved(queues, body, |request: DeleteMessage| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let handle = required(request.receipt_handle, "ReceiptHandle")?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = require(tx, &name)?;
            delete_one(tx, QueueCall { queues: &queues_in_job, queue: &queue, call: &call }, &handle)?;
            Ok(Nothing {})
        })
    })
}

pub(super) fn delete_batch(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write_reserved(queues, body, |request: DeleteMessageBatch| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let entries =
            batch::check(request.entries, "DeleteMessageBatchRequestEntry", |entry| entry.id.clone())?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = require(tx, &name)?;
            let of = QueueCall { queues: &queues_in_job, queue: &queue, call: &call };
            let outcomes = entries.into_iter().map(|(id, entry)| {
                let deleted = required(entry.receipt_handle, "ReceiptHandle")
                    .and_then(|handle| delete_one(tx, of, &handle));
                (id.clone(), deleted.map(|()| EntryName { id }))
            });
            Ok(BatchAnswer::of(outcomes))
        })
    })
}

/// A message that is gone already, or was received again, is no error: deleting twice is deleting.
fn delete_one(tx: &mut Tx<'_>, of: QueueCall<'_>, text: &str) -> Result<(), Error> {
    let QueueCall { queues, queue, call } = of;
    let handle = handle_of(queue, text)?;
    if queue.attributes.fifo.is_some()
        && queues.leased_until(tx, &handle).is_some_and(|until| until <= call.now)
    {
        // Only FIFO queues insist: somebody else may be about to receive the group's first message.
        return Err(error::invalid_value(text, "ReceiptHandle", "The receipt handle has expired."));
    }
    queues.delete(tx, &handle);
    Ok(())
}

/// Reads a handle that must be one of this queue.
pub(super) fn handle_of(queue: &Queue, text: &str) -> Result<Handle, Error> {
    let handle: Option<Handle> = text.parse().ok();
    handle.filter(|handle| queue.owns(handle.queue)).ok_or_else(|| error::receipt_handle_is_invalid(text))
}
