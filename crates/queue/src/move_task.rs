//! A message move task: dead letters go back to where they came from, or to another queue, at a bounded rate.

use aws::{Arn, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx, record};

use crate::engine::Queues;
use crate::engine::record::QueueId;
use crate::engine::relocate::Portion;
use crate::queue::{find, name_in_arn};

/// How a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Running,
    Completed,
    Cancelled,
    Failed,
}

/// A task; its key is the source queue's name and when it was started, newest last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MoveTask {
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) source: Arn,
    /// `None`: each message goes to the queue that dead-lettered it.
    pub(crate) destination: Option<Arn>,
    /// Messages a second; `None`: as fast as it goes.
    pub(crate) rate: Option<u32>,
    pub(crate) started_at: Timestamp,
    pub(crate) moved: u64,
    /// How many there were at the start.
    pub(crate) to_move: u64,
    pub(crate) failure: Option<String>,
}

record!(MoveTask, version 1);

/// (source queue's name, number) to task.
pub(crate) const MOVE_TASKS: Table<(String, u64), MoveTask> = Table::new(9, "SQS move tasks");

/// So many messages are moved in one step: a bound on one commit.
const STEP_MAX: u64 = 100;
/// So many tasks of a queue are remembered. Source: SQS API reference, ListMessageMoveTasks.
pub(crate) const REMEMBERED_MAX: usize = 10;

impl Status {
    /// AWS's word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }
}

impl MoveTask {
    /// How many messages may be moved at `now`, the rate and what was moved considered.
    fn allowance(&self, now: Timestamp) -> u64 {
        let Some(rate) = self.rate.map(u64::from) else { return STEP_MAX };
        let seconds = now.since(self.started_at).as_secs().saturating_add(1);
        rate.saturating_mul(seconds).saturating_sub(self.moved).min(STEP_MAX)
    }
}

/// A task under its key.
pub(crate) struct StoredMoveTask {
    pub(crate) key: (String, u64),
    pub(crate) task: MoveTask,
}

/// The tasks of a queue, newest first.
pub(crate) fn tasks_of(read: &mut impl Read, source: &str) -> Vec<StoredMoveTask> {
    let of_source = read.list_back(&MOVE_TASKS, &KeyRange::prefix(&source.to_owned()), usize::MAX);
    of_source.into_iter().map(|(key, task)| StoredMoveTask { key, task }).collect()
}

impl Queues {
    /// Whether any move task is running: asked before a write is made for [`Queues::step_move_tasks`].
    pub fn has_move_tasks(&self, read: &mut impl Read) -> bool {
        !running(read).is_empty()
    }

    /// Takes every running move task one step further. Gives back how many messages it moved; as long as that is not 0
    /// there may be more to do at once, and otherwise in a second.
    pub fn step_move_tasks(&self, tx: &mut Tx<'_>, now: Timestamp) -> usize {
        let mut moved = 0;
        for StoredMoveTask { key, mut task } in running(tx) {
            moved += self.step(tx, &mut task, now);
            tx.put(&MOVE_TASKS, &key, &task);
        }
        moved
    }

    fn step(&self, tx: &mut Tx<'_>, task: &mut MoveTask, now: Timestamp) -> usize {
        let place = (task.source.account.clone(), task.source.region.clone());
        let lookup = |tx: &mut Tx<'_>, arn: &Arn| -> Option<QueueId> {
            Some(find(tx, &name_in_arn(arn, &place.0, &place.1)?)?.engine)
        };
        let Some(source) = lookup(tx, &task.source) else {
            task.fail();
            return 0;
        };
        let max = usize::try_from(task.allowance(now)).unwrap_or(0);
        let destination = task.destination.clone();
        let done = self.relocate(tx, source, Portion { now, max }, |tx, from| match &destination {
            Some(arn) => lookup(tx, arn),
            None => lookup(tx, &from?.parse().ok()?),
        });
        task.moved += u64::try_from(done.moved).unwrap_or(0);
        if done.stuck {
            task.fail();
        } else if max > 0 && done.moved < max {
            task.status = Status::Completed;
        }
        done.moved
    }
}

impl MoveTask {
    fn fail(&mut self) {
        self.status = Status::Failed;
        self.failure = Some("AWS.SimpleQueueService.NonExistentQueue".to_owned());
    }
}

fn running(read: &mut impl Read) -> Vec<StoredMoveTask> {
    let all = read.list(&MOVE_TASKS, &KeyRange::all(), usize::MAX).into_iter();
    let all = all.map(|(key, task)| StoredMoveTask { key, task });
    all.filter(|stored| stored.task.status == Status::Running).collect()
}
