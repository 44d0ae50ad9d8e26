//! The operations of SQS: for each noun a file with its requests, responses and functions, and the table of all.

mod attributes;
mod batch;
mod delete;
mod move_tasks;
mod permissions;
mod queues;
mod receive;
mod send;
mod tags;
mod visibility;

use aws::{Error, Operation, Reply};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Ticket, Tx};

use crate::engine::Queues;
use crate::error;

const fn whole(name: &'static str, run: fn(&Queues, aws::Call, &[u8]) -> Reply) -> Operation<Queues> {
    Operation { name, missing: "", run }
}

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Queues>] = &[
    whole("AddPermission", permissions::add),
    whole("CancelMessageMoveTask", move_tasks::cancel),
    whole("ChangeMessageVisibility", visibility::change),
    whole("ChangeMessageVisibilityBatch", visibility::change_batch),
    whole("CreateQueue", queues::create),
    whole("DeleteMessage", |queues, call, body| delete::delete(queues, &call, body)),
    whole("DeleteMessageBatch", |queues, call, body| delete::delete_batch(queues, &call, body)),
    whole("DeleteQueue", |queues, call, body| queues::delete(queues, &call, body)),
    whole("GetQueueAttributes", |queues, call, body| attributes::get(queues, &call, body)),
    whole("GetQueueUrl", |queues, call, body| queues::get_url(queues, &call, body)),
    whole("ListDeadLetterSourceQueues", |queues, call, body| {
        queues::list_dead_letter_sources(queues, &call, body)
    }),
    whole("ListMessageMoveTasks", |queues, call, body| move_tasks::list(queues, &call, body)),
    whole("ListQueueTags", |queues, call, body| tags::list(queues, &call, body)),
    whole("ListQueues", |queues, call, body| queues::list(queues, &call, body)),
    whole("PurgeQueue", |queues, call, body| queues::purge(queues, &call, body)),
    whole("ReceiveMessage", receive::receive),
    whole("RemovePermission", permissions::remove),
    whole("SendMessage", send::send),
    whole("SendMessageBatch", send::send_batch),
    whole("SetQueueAttributes", attributes::set),
    whole("StartMessageMoveTask", move_tasks::start),
    whole("TagQueue", |queues, call, body| tags::tag(queues, &call, body)),
    whole("UntagQueue", |queues, call, body| tags::untag(queues, &call, body)),
];

/// The answer of an operation that has nothing to say.
#[derive(Debug, Serialize)]
struct Nothing {}

/// The request of an operation that only needs a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfQueue {
    queue_url: Option<String>,
}

/// Serves an operation that adds to the store.
fn write<Q, A, F>(queues: &Queues, body: &[u8], prepare: impl FnOnce(Q) -> Result<F, Error>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize + Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<A, Error> + Send + 'static,
{
    aws::operation::commit(body, |request: Q| -> Result<Ticket<A, Error>, Error> {
        Ok(queues.store().write(error::of_store, prepare(request)?))
    })
}

/// As [`write`], for operations that free space or move what is there.
fn write_reserved<Q, A, F>(queues: &Queues, body: &[u8], prepare: impl FnOnce(Q) -> Result<F, Error>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize + Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<A, Error> + Send + 'static,
{
    aws::operation::commit(body, |request: Q| -> Result<Ticket<A, Error>, Error> {
        Ok(queues.store().write_reserved(error::of_store, prepare(request)?))
    })
}

/// A member that must be there.
fn required<T>(member: Option<T>, name: &str) -> Result<T, Error> {
    member.ok_or_else(|| error::missing_parameter(name))
}

/// A number that must lie between two others, if it is there.
fn between(value: Option<i64>, name: &str, (least, most): (u32, u32)) -> Result<Option<u32>, Error> {
    let Some(value) = value else { return Ok(None) };
    let number = u32::try_from(value).ok().filter(|number| (least..=most).contains(number));
    let reason = || match name {
        "DelaySeconds" => format!("{name} must be >= {least} and <= {most}."),
        "WaitTimeSeconds" => format!("Must be >= {least} and <= {most}, if provided."),
        _ => format!("Must be between {least} and {most}, if provided."),
    };
    number.map(Some).ok_or_else(|| error::invalid_value(value, name, &reason()))
}
