//! The operations of SQS: for each noun a file with its requests, responses and functions, and the table of all.

mod actions;
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

use std::ops::RangeInclusive;

use aws::api::SQS;
use aws::service::{HeaderMember, Json, Query};
use aws::{Call, Error, Operation, Reply, Scope, Service, Wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Ticket, Tx};

use crate::engine::Queues;
use crate::error;
use crate::queue::{Queue, parts_of_url};

/// The X-Ray header of a sender that sets no `AWSTraceHeader` itself.
const HEADER_MEMBERS: &[HeaderMember] = &[HeaderMember {
    header: "x-amzn-trace-id",
    member: "TraceHeader",
    operations: &["SendMessage", "SendMessageBatch"],
}];

/// SQS on the wire: AWS JSON 1.0 with the names that the older query protocol had, and that protocol itself.
pub static SERVICE: Service<Queues> = Service::new(
    SQS.name,
    &[SQS.scope],
    &[
        Wire::Json(Json {
            error_prefix: "com.amazonaws.sqs#",
            is_query_compatible: true,
            header_members: HEADER_MEMBERS,
            ..Json::of(&SQS)
        }),
        Wire::Query(Query {
            // Source: botocore's older model of SQS.
            namespace: "http://queue.amazonaws.com/doc/2012-11-05/",
            actions: actions::ACTIONS,
            path_member: Some("QueueUrl"),
            not_at_path: &["CreateQueue", "ListQueues"],
            header_members: HEADER_MEMBERS,
            json_names: &[("QueueUrls", "queueUrls"), ("Messages", "messages")],
            has_error_detail: true,
            // Recorded in moto and in botocore's issue on the change of protocol.
            messages: &[(
                "AWS.SimpleQueueService.NonExistentQueue",
                "The specified queue does not exist for this wsdl version.",
            )],
        }),
    ],
    OPERATIONS,
);

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Queues>] = &[
    Operation::whole("AddPermission", |queues, call, body| {
        own(queues, call, body, |queues, call, body| permissions::add(queues, &call, body))
    }),
    Operation::whole("CancelMessageMoveTask", |queues, _, body| move_tasks::cancel(queues, body)),
    Operation::whole("ChangeMessageVisibility", |queues, call, body| {
        shared(queues, call, body, visibility::change)
    }),
    Operation::whole("ChangeMessageVisibilityBatch", |queues, call, body| {
        shared(queues, call, body, visibility::change_batch)
    }),
    Operation::partly(
        "CreateQueue",
        "The name of a deleted queue can be used again at once; with `--strict` after 60 seconds, as on AWS.",
        queues::create,
    ),
    Operation::whole("DeleteMessage", |queues, call, body| shared(queues, call, body, delete::delete)),
    Operation::whole("DeleteMessageBatch", |queues, call, body| {
        shared(queues, call, body, delete::delete_batch)
    }),
    Operation::whole("DeleteQueue", |queues, call, body| {
        own(queues, call, body, |queues, call, body| queues::delete(queues, &call, body))
    }),
    Operation::whole("GetQueueAttributes", |queues, call, body| {
        shared(queues, call, body, |queues, call, body| attributes::get(queues, &call, body))
    }),
    Operation::whole("GetQueueUrl", |queues, call, body| queues::get_url(queues, &call, body)),
    Operation::whole("ListDeadLetterSourceQueues", |queues, call, body| {
        shared(queues, call, body, |queues, call, body| queues::list_dead_letter_sources(queues, &call, body))
    }),
    Operation::whole("ListMessageMoveTasks", |queues, _, body| move_tasks::list(queues, body)),
    Operation::whole("ListQueueTags", |queues, call, body| {
        own(queues, call, body, |queues, _, body| tags::list(queues, body))
    }),
    Operation::whole("ListQueues", |queues, call, body| queues::list(queues, &call, body)),
    Operation::whole("PurgeQueue", |queues, call, body| {
        shared(queues, call, body, |queues, call, body| queues::purge(queues, &call, body))
    }),
    Operation::whole("ReceiveMessage", |queues, call, body| shared(queues, call, body, receive::receive)),
    Operation::whole("RemovePermission", |queues, call, body| {
        own(queues, call, body, |queues, call, body| permissions::remove(queues, &call, body))
    }),
    Operation::whole("SendMessage", |queues, call, body| shared(queues, call, body, send::send)),
    Operation::whole("SendMessageBatch", |queues, call, body| shared(queues, call, body, send::send_batch)),
    Operation::whole("SetQueueAttributes", |queues, call, body| {
        own(queues, call, body, |queues, call, body| attributes::set(queues, &call, body))
    }),
    Operation::whole("StartMessageMoveTask", move_tasks::start),
    Operation::whole("TagQueue", |queues, call, body| {
        own(queues, call, body, |queues, _, body| tags::tag(queues, body))
    }),
    Operation::whole("UntagQueue", |queues, call, body| {
        own(queues, call, body, |queues, _, body| tags::untag(queues, body))
    }),
];

type Run = fn(&Queues, Call, &[u8]) -> Reply;

/// Runs an operation that a queue's account may share with others, on the queue's account: that of its URL.
fn shared(queues: &Queues, call: Call, body: &[u8], run: Run) -> Reply {
    match owner_of(queues, body) {
        Some(owner) => run(&owner.queues, call, body),
        None => run(queues, call, body),
    }
}

/// Runs an operation that is never shared. Which ones are: SQS developer guide, "Amazon SQS API permissions: Actions and
/// resource reference", and the notes of the API reference ("Cross-account permissions don't apply to this action").
fn own(queues: &Queues, call: Call, body: &[u8], run: Run) -> Reply {
    match owner_of(queues, body) {
        Some(owner) => Reply::Now(Err(error::access_denied(&owner.url))),
        None => run(queues, call, body),
    }
}

/// Another account whose queue a request names.
struct Owner {
    queues: Queues,
    url: String,
}

/// The other account, where the URL of a request names one that is served. In the caller's region: a queue's URL has none here.
fn owner_of(queues: &Queues, body: &[u8]) -> Option<Owner> {
    if !queues.has_siblings() {
        return None;
    }
    let url = aws::operation::parse::<OfQueue>(body).ok()?.queue_url?;
    let account = parts_of_url(&url).account.filter(|account| **account != *queues.scope().account)?;
    let queues = queues.sibling(&Scope::new(account, &queues.scope().region))?;
    Some(Owner { queues, url })
}

/// The answer of an operation that has nothing to say.
#[derive(Debug, Serialize)]
struct Nothing {}

/// The request of an operation that only needs a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfQueue {
    queue_url: Option<String>,
}

/// A call and the queue that it is about, found in the transaction of its job.
#[derive(Clone, Copy, Debug)]
struct QueueCall<'c> {
    queues: &'c Queues,
    queue: &'c Queue,
    call: &'c Call,
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

/// A number that must lie in a range, if it is there.
fn between(value: Option<i64>, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>, Error> {
    let Some(value) = value else { return Ok(None) };
    let number = u32::try_from(value).ok().filter(|number| range.contains(number));
    let (least, most) = range.into_inner();
    let reason = || match name {
        "DelaySeconds" => format!("{name} must be >= {least} and <= {most}."),
        "WaitTimeSeconds" => format!("Must be >= {least} and <= {most}, if provided."),
        _ => format!("Must be between {least} and {most}, if provided."),
    };
    number.map(Some).ok_or_else(|| error::invalid_value(value, name, &reason()))
}
