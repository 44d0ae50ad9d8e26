//! StartMessageMoveTask, CancelMessageMoveTask, ListMessageMoveTasks. Words recorded from AWS by LocalStack:
//! tests/aws/services/sqs/test_sqs_move_task.snapshot.json.

use aws::{Arn, Call, Error, Reply, Scope};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Read, Tx};

use crate::dead_letter::sources_of;
use crate::engine::Queues;
use crate::error;
use crate::limits;
use crate::move_task::{MOVE_TASKS, MoveTask, REMEMBERED_MAX, Status, StoredMoveTask, tasks_of};
use crate::ops::{between, required, write_reserved};
use crate::queue::{Queue, find, name_in_arn};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartMessageMoveTask {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TaskHandle {
    task_handle: String,
}

pub(super) fn start(queues: &Queues, call: Call, body: &[u8]) -> Reply {
    let queues_in_job = queues.clone();
    write_reserved(queues, body, |request: StartMessageMoveTask| {
        let source = required(request.source_arn, "SourceArn")?;
        let destination = request.destination_arn;
        let rate = request.max_number_of_messages_per_second;
        let rate = between(rate, "MaxNumberOfMessagesPerSecond", 1..=limits::MOVE_RATE_MAX)?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = queue_of(tx, &source, "SourceArn", tx.scope())?;
            let destination =
                destination.map(|arn| queue_of(tx, &arn, "DestinationArn", tx.scope())).transpose()?;
            let arn = queue.arn(tx.scope());
            if sources_of(tx, &arn).is_empty() {
                return Err(error::invalid_parameter(
                    "Source queue must be configured as a Dead Letter Queue.",
                ));
            }
            let known = tasks_of(tx, &queue.name);
            if known.iter().any(|known| known.task.status == Status::Running) {
                return Err(error::invalid_parameter(
                    "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
                ));
            }
            for StoredMoveTask { key, .. } in known.iter().skip(REMEMBERED_MAX - 1) {
                tx.remove(&MOVE_TASKS, key);
            }
            let counts = queues_in_job.counts(tx, queue.engine, call.now);
            let task = MoveTask {
                id: call.ids.next_uuid(),
                status: Status::Running,
                source: arn,
                destination: destination.map(|queue| queue.arn(tx.scope())),
                rate,
                started_at: call.now,
                moved: 0,
                to_move: counts.visible,
                failure: None,
            };
            let key = (queue.name, tx.next_number());
            tx.put(&MOVE_TASKS, &key, &task);
            Ok(TaskHandle { task_handle: handle_of(&task) })
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CancelMessageMoveTask {
    task_handle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CancelAnswer {
    approximate_number_of_messages_moved: u64,
}

pub(super) fn cancel(queues: &Queues, body: &[u8]) -> Reply {
    write_reserved(queues, body, |request: CancelMessageMoveTask| {
        let handle = required(request.task_handle, "TaskHandle")?;
        let handle = Handle::of(&handle)
            .ok_or_else(|| error::invalid_parameter("Value for parameter TaskHandle is invalid."))?;
        Ok(move |tx: &mut Tx<'_>| {
            let queue = queue_of(tx, &handle.source_arn, "SourceArn", tx.scope())?;
            let ours = |stored: &StoredMoveTask| {
                stored.task.id == handle.task_id && stored.task.status == Status::Running
            };
            let found = tasks_of(tx, &queue.name).into_iter().find(ours);
            let StoredMoveTask { key, task } =
                found.ok_or_else(|| error::resource_not_found("Task does not exist."))?;
            let moved = task.moved;
            tx.put(&MOVE_TASKS, &key, &MoveTask { status: Status::Cancelled, ..task });
            Ok(CancelAnswer { approximate_number_of_messages_moved: moved })
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListMessageMoveTasks {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tasks {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<WireTask>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireTask {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u32>,
    approximate_number_of_messages_moved: u64,
    approximate_number_of_messages_to_move: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    started_timestamp: u64,
}

pub(super) fn list(queues: &Queues, body: &[u8]) -> Reply {
    aws::operation::answer(body, |request: ListMessageMoveTasks| {
        let source = required(request.source_arn, "SourceArn")?;
        let most = u32::try_from(REMEMBERED_MAX).unwrap_or(u32::MAX);
        let max = between(request.max_results, "MaxResults", 1..=most)?.unwrap_or(1);
        let found = queues.store().read(|read| {
            let queue = queue_of(read, &source, "SourceArn", queues.scope())?;
            Ok(tasks_of(read, &queue.name))
        });
        let tasks = found.map_err(error::of_store)??.into_iter().map(|stored| WireTask::of(stored.task));
        Ok(Tasks { results: tasks.take(usize::try_from(max).unwrap_or(1)).collect() })
    })
}

impl WireTask {
    fn of(task: MoveTask) -> Self {
        // Only a running task can be cancelled, so only it has a handle.
        let task_handle = (task.status == Status::Running).then(|| handle_of(&task));
        Self {
            task_handle,
            status: task.status.word(),
            source_arn: task.source.to_string(),
            destination_arn: task.destination.map(|arn| arn.to_string()),
            max_number_of_messages_per_second: task.rate,
            approximate_number_of_messages_moved: task.moved,
            approximate_number_of_messages_to_move: task.to_move,
            failure_reason: task.failure,
            started_timestamp: task.started_at.unix_ms(),
        }
    }
}

/// What a task handle holds: base64 of this as JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handle {
    task_id: String,
    source_arn: String,
}

impl Handle {
    fn of(text: &str) -> Option<Self> {
        serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
    }
}

fn handle_of(task: &MoveTask) -> String {
    STANDARD.encode(json!({"taskId": task.id, "sourceArn": task.source.to_string()}).to_string())
}

/// The queue that an ARN names.
fn queue_of(read: &mut impl Read, arn: &str, name: &str, scope: &Scope) -> Result<Queue, Error> {
    let arn: Option<Arn> = arn.parse().ok();
    let queue = arn.and_then(|arn| find(read, &name_in_arn(&arn, &scope.account, &scope.region)?));
    queue.ok_or_else(|| {
        error::resource_not_found(&format!(
            "The resource that you specified for the {name} parameter doesn't exist."
        ))
    })
}
