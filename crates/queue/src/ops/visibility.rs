//! ChangeMessageVisibility, ChangeMessageVisibilityBatch.

use aws::{Call, Error, Reply};
use serde::Deserialize;
use store::Tx;

use crate::engine::Queues;
use crate::engine::settle::Extension;
use crate::error;
use crate::limits;
use crate::ops::batch::{self, BatchAnswer, EntryName};
use crate::ops::delete::handle_of;
use crate::ops::{Nothing, QueueCall, between, required, write_reserved};
use crate::queue::{name_in_url, require};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeMessageVisibility {
    queue_url: Option<String>,
    #[serde(flatten)]
    change: WireChange,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeMessageVisibilityBatch {
    queue_url: Option<String>,
    entries: Option<Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: Option<String>,
    #[serde(flatten)]
    change: WireChange,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireChange {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

struct Change {
    handle: String,
    visibility_s: u32,
}

pub(super) fn change(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write_reserved(queues, body, |request: ChangeMessageVisibility| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let change = Change::of(request.change)?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = require(tx, &name)?;
            change.apply(tx, QueueCall { queues: &queues_in_job, queue: &queue, call: &call })?;
            Ok(Nothing {})
        })
    })
}

pub(super) fn change_batch(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write_reserved(queues, body, |request: ChangeMessageVisibilityBatch| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let entry = "ChangeMessageVisibilityBatchRequestEntry";
        let entries = batch::check(request.entries, entry, |entry| entry.id.clone())?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = require(tx, &name)?;
            let of = QueueCall { queues: &queues_in_job, queue: &queue, call: &call };
            let outcomes = entries.into_iter().map(|(id, entry)| {
                let changed = Change::of(entry.change).and_then(|change| change.apply(tx, of));
                (id.clone(), changed.map(|()| EntryName { id }))
            });
            Ok(BatchAnswer::of(outcomes))
        })
    })
}

impl Change {
    fn of(wire: WireChange) -> Result<Self, Error> {
        let handle = required(wire.receipt_handle, "ReceiptHandle")?;
        let visibility_s =
            between(wire.visibility_timeout, "VisibilityTimeout", 0..=limits::VISIBILITY_S_MAX)?;
        Ok(Self { handle, visibility_s: required(visibility_s, "VisibilityTimeout")? })
    }

    fn apply(self, tx: &mut Tx<'_>, of: QueueCall<'_>) -> Result<(), Error> {
        let handle = handle_of(of.queue, &self.handle)?;
        let until = of.queue.visible_after(of.call.now, Some(self.visibility_s));
        // A lease that has ended can be renewed while nobody has received the message again. Recorded from AWS by
        // LocalStack: test_change_message_visibility_after_visibility_timeout_expiration.
        // Handles of earlier receives do as well while the message is in flight, as recorded from AWS.
        let extension = Extension { now: of.call.now, until };
        if of.queues.renew(tx, &handle, until) || of.queues.renew_by_earlier(tx, &handle, extension) {
            return Ok(());
        }
        Err(error::invalid_value(
            &self.handle,
            "ReceiptHandle",
            "Message does not exist or is not available for visibility timeout change.",
        ))
    }
}
