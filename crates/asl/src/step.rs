//! The machine that runs: an event goes in, the execution changes, effects come out.

mod context;
mod failing;
mod failure;
mod flow;
mod iterate;
mod run;
mod sight;
mod task;
pub mod test_state;
mod wait;

use serde_json::Value;

use crate::definition::Machine;
use crate::execution::{Execution, TaskError};
use crate::history::{HistoryEvent, Status};
use crate::map_run::MapRunOrder;
use crate::resource::Resource;
use crate::step::run::Run;

/// What happens to an execution, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The moment, in milliseconds since 1970; never earlier than that of the event before.
    pub now_ms: u64,
    /// Where random numbers of this step start: jitter, tokens, `States.UUID`, `$random`.
    pub seed: u64,
    /// What happens.
    pub what: What,
}

/// What happens to an execution. What it does not wait for leaves it as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It begins; the first event of every execution.
    Start,
    /// It goes on after a step that was left [unfinished](Effects::unfinished).
    Continue,
    /// A timer rings.
    Timer {
        /// Of [`Timer::timer`].
        timer: u64,
    },
    /// A worker has taken an activity's task.
    ActivityStarted {
        /// Of [`TaskCall::task`].
        task: u64,
        /// As the worker calls itself.
        worker_name: Option<String>,
    },
    /// The call of a `.sync` or `.waitForTaskToken` task was answered; the task itself goes on.
    TaskSubmitted {
        /// Of [`TaskCall::task`].
        task: u64,
        /// The call's answer.
        output: Value,
    },
    /// A task gives a sign of life.
    TaskHeartbeat {
        /// Of [`TaskCall::task`].
        task: u64,
    },
    /// A task is done.
    TaskSucceeded {
        /// Of [`TaskCall::task`].
        task: u64,
        /// Its result.
        output: Value,
    },
    /// A task has failed.
    TaskFailed {
        /// Of [`TaskCall::task`].
        task: u64,
        /// Its error's name, if it has one.
        error: Option<String>,
        /// What it says, if it says anything.
        cause: Option<String>,
    },
    /// A map run has ended.
    MapRunEnded {
        /// Of [`MapRunOrder::map_run`].
        map_run: u64,
        /// Its result, or why it has none.
        outcome: Result<Value, TaskError>,
    },
    /// Somebody stops it.
    Stop {
        /// As StopExecution has it.
        error: Option<String>,
        /// As StopExecution has it.
        cause: Option<String>,
    },
    /// Somebody starts it again where it failed.
    Redrive {
        /// Those of its map runs that can go on, by [`MapRunOrder::map_run`]: only their children that did not succeed run
        /// again. A Map whose map run is not among them is done anew.
        map_runs: Vec<u64>,
    },
}

/// What has to be done because of a step, all of it, in the order of the lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// To be appended to the history.
    pub history: Vec<HistoryEvent>,
    /// To ring later. A timer that is no longer waited for does nothing when it rings, so none is ever taken back.
    pub timers: Vec<Timer>,
    /// To be carried out.
    pub tasks: Vec<TaskCall>,
    /// Tasks whose answers nobody waits for any more.
    pub abandoned_tasks: Vec<u64>,
    /// To be started.
    pub map_runs: Vec<MapRunOrder>,
    /// Map runs whose children that did not succeed are to be run again.
    pub redriven_map_runs: Vec<u64>,
    /// Map runs whose results nobody waits for any more.
    pub abandoned_map_runs: Vec<u64>,
    /// How the execution ended, if it did.
    pub end: Option<End>,
    /// The step was cut off after many transitions: step again with [`What::Continue`].
    pub unfinished: bool,
}

/// A moment at which an execution wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// For [`What::Timer`].
    pub timer: u64,
    /// In milliseconds since 1970.
    pub at_ms: u64,
}

/// Something that a Task state asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskCall {
    /// For the events that answer it; never used twice in an execution.
    pub task: u64,
    /// The state that asks.
    pub state: String,
    /// How often the state has been tried before in this visit.
    pub retry_count: u32,
    /// Whom it asks.
    pub resource: Resource,
    /// What it hands over.
    pub input: Value,
    /// The token by which others report, where the pattern or the activity wants one.
    pub token: Option<String>,
    /// The role to take.
    pub role_arn: Option<String>,
    /// How long it may take, in seconds.
    pub timeout_seconds: Option<u64>,
    /// How long it may be silent, in seconds.
    pub heartbeat_seconds: Option<u64>,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Never [`Status::Running`].
    pub status: Status,
    /// Its output, if it succeeded.
    pub output: Option<Value>,
    /// Its error, if it has one.
    pub error: Option<String>,
    /// Its cause, if it has one.
    pub cause: Option<String>,
}

/// Takes one event. The execution changes, and what comes back must happen: either both are kept, or neither.
pub fn step(machine: &Machine, execution: &mut Execution, event: Event) -> Effects {
    let mut run = Run::new(machine, execution, &event);
    run.take(event.what);
    run.finish()
}
