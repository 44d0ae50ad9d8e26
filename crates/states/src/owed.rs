//! What executions are owed: their start, timers, answers. Each is a message of an internal queue.
//!
//! `steps:now` holds what has happened, one group an execution, so that no two steps of one are computed at a time; `steps:later` holds
//! timers, without groups, because a timer that is far away must hold nothing up.

use std::time::Duration;

use asl::{TaskError, What};
use aws::Timestamp;
use queue::{Arrival, Handle, NewMessage, QueueId, Receive, Settings};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Commit, Tx};

use crate::States;

/// The kinds of internal queue: the parts of their names before the colon.
pub(crate) const STEPS: &str = "steps";
/// `tasks:PAYEE`.
pub(crate) const TASKS: &str = "tasks";
/// Express executions.
pub(crate) const EXPRESS: &str = "express";
const NOW: &str = "steps:now";
const LATER: &str = "steps:later";
/// How long a computation may take: JSONata is bounded by steps, and a machine may be busy.
pub const STEP_TIME: Duration = Duration::from_secs(60);
/// The commits before and after it.
const LEASE_SPARE: Duration = Duration::from_secs(60);

/// What an execution is owed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Owed {
    Start,
    Continue,
    Timer(u64),
    ActivityStarted {
        task: u64,
        worker_name: Option<String>,
    },
    Submitted {
        task: u64,
        output: Value,
    },
    Heartbeat {
        task: u64,
    },
    Succeeded {
        task: u64,
        output: Value,
    },
    Failed {
        task: u64,
        error: Option<String>,
        cause: Option<String>,
    },
    /// A map run has ended; its result is made of its children's outputs when it is told.
    MapRunEnded {
        map_run: u64,
        run: u64,
    },
    /// A map run could not begin.
    MapRunFailed {
        map_run: u64,
        error: Option<String>,
        cause: Option<String>,
    },
    Stop {
        error: Option<String>,
        cause: Option<String>,
    },
    Redrive,
}

impl Owed {
    /// As the interpreter has it; None for what must be looked up first.
    pub(crate) fn what(self) -> Option<What> {
        Some(match self {
            Self::Start => What::Start,
            Self::Continue => What::Continue,
            Self::Timer(timer) => What::Timer { timer },
            Self::ActivityStarted { task, worker_name } => What::ActivityStarted { task, worker_name },
            Self::Submitted { task, output } => What::TaskSubmitted { task, output },
            Self::Heartbeat { task } => What::TaskHeartbeat { task },
            Self::Succeeded { task, output } => What::TaskSucceeded { task, output },
            Self::Failed { task, error, cause } => What::TaskFailed { task, error, cause },
            Self::MapRunFailed { map_run, error, cause } => {
                What::MapRunEnded { map_run, outcome: Err(TaskError { error, cause }) }
            }
            Self::Stop { error, cause } => What::Stop { error, cause },
            Self::Redrive | Self::MapRunEnded { .. } => return None,
        })
    }
}

/// The body of a message.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    execution: u64,
    owed: Owed,
}

/// What has fallen due for one execution, in the order in which it came, and is leased to the caller.
#[derive(Clone, Debug)]
pub struct Step {
    pub(crate) execution: u64,
    pub(crate) owed: Vec<Leased>,
    /// When its computation is given up at the latest: the lease holds until then.
    pub until: Timestamp,
    /// How often it was leased before.
    pub attempt: u32,
}

/// One thing owed, and what settles it.
#[derive(Clone, Debug)]
pub(crate) struct Leased {
    pub(crate) owed: Owed,
    pub(crate) handle: Handle,
}

impl Step {
    /// The execution's number.
    pub fn execution(&self) -> u64 {
        self.execution
    }
}

impl States {
    fn queue_of(&self, tx: &mut Tx<'_>, name: &str) -> QueueId {
        self.queues().internal(tx, name, Settings::default())
    }

    /// Owes an execution something, as a part of the commit.
    pub(crate) fn owe(&self, commit: &mut Commit<'_>, execution: u64, owed: Owed) {
        let queue = self.queue_of(commit, NOW);
        let now = commit.now;
        let message = NewMessage {
            group: Some(execution.to_string()),
            not_before: now,
            ..message(commit, execution, owed)
        };
        self.queues().send(commit, queue, message);
    }

    /// Owes an execution a timer.
    pub(crate) fn owe_timer(&self, commit: &mut Commit<'_>, execution: u64, timer: asl::step::Timer) {
        let queue = self.queue_of(commit, LATER);
        let not_before = Timestamp::from_unix_ms(timer.at_ms);
        let message = NewMessage { not_before, ..message(commit, execution, Owed::Timer(timer.timer)) };
        self.queues().send(commit, queue, message);
    }

    /// Completes when a step has come.
    pub fn step_arrival(&self) -> Arrival {
        self.queues().arrival_of_kind(STEPS)
    }

    /// When [`States::due_steps`] is worth asking next; `None`: nothing is owed.
    pub fn next_step_at(&self) -> Option<Timestamp> {
        self.queues().next_due("steps:")
    }

    /// Leases up to `max` steps that have fallen due.
    pub fn due_steps(&self, commit: &mut Commit<'_>, max: usize) -> Vec<Step> {
        let now = commit.now;
        let mut steps = Vec::new();
        for due in self.queues().due(&mut commit.tx, "steps:", now) {
            let left = max.saturating_sub(steps.len());
            if left > 0 {
                self.lease_steps(commit, due.queue, left, &mut steps);
            }
        }
        steps
    }

    fn lease_steps(&self, commit: &mut Commit<'_>, queue: QueueId, max: usize, steps: &mut Vec<Step>) {
        let now = commit.now;
        let until = now.plus(STEP_TIME + LEASE_SPARE);
        let receive = Receive { max, until, now, redrive: None };
        for received in self.queues().receive(&mut commit.tx, queue, &receive) {
            match serde_json::from_str::<Body>(&received.body) {
                Ok(Body { execution, owed }) => {
                    let leased = Leased { owed, handle: received.handle };
                    // One computation for all that one execution is owed now.
                    match steps.iter_mut().find(|step| step.execution == execution) {
                        Some(step) => step.owed.push(leased),
                        None => steps.push(Step {
                            execution,
                            owed: vec![leased],
                            until,
                            attempt: received.receive_count,
                        }),
                    }
                }
                // What cannot be read would be met again and again.
                Err(_) => drop(self.queues().delete(&mut commit.tx, &received.handle)),
            }
        }
    }

    /// Renews a step's lease; `false`: it has ended.
    pub fn renew_step(&self, commit: &mut Commit<'_>, step: &mut Step) -> bool {
        let now = commit.now;
        let until = now.plus(STEP_TIME + LEASE_SPARE);
        let extension = queue::Extension { now, until };
        let held = step.owed.iter().all(|leased| {
            self.queues().extend(&mut commit.tx, &leased.handle, extension) == queue::LeaseChange::Yes
        });
        if held {
            step.until = until;
        }
        held
    }

    /// Gives back what was leased by a process that is gone: nobody else leases what is owed here.
    pub(crate) fn take_up(&self) -> Result<(), store::Error> {
        let queues = self.queues().clone();
        let kinds = [STEPS, TASKS, EXPRESS];
        let released = self.store().write_reserved(
            |error| error,
            move |tx| {
                for kind in kinds {
                    queues.release_leases(tx, &format!("{kind}:"));
                }
                Ok(())
            },
        );
        match released.wait() {
            // A store that is only looked at: nothing is carried from it.
            Err(store::Error::ReadOnly) => Ok(()),
            released => released,
        }
    }
}

fn message(commit: &Commit<'_>, execution: u64, owed: Owed) -> NewMessage {
    let body = Body { execution, owed };
    NewMessage {
        id: commit.ids.next_uuid(),
        // There are only texts, numbers and JSON in it, which can always be written.
        body: serde_json::to_string(&body).unwrap_or_default(),
        now: commit.now,
        ..NewMessage::default()
    }
}
