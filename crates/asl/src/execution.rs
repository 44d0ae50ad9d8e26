//! An execution as a value: where every branch stands, and what it waits for.
//!
//! It is all that must be kept between two steps, and it can be kept as JSON.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::history::Status;

/// What an execution is told about itself when it is made; the context object shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// `$$.Execution.Id`; its region goes into `TaskScheduled`.
    pub execution_arn: String,
    /// `$$.Execution.Name`.
    pub execution_name: String,
    /// `$$.Execution.RoleArn`.
    pub role_arn: String,
    /// `$$.StateMachine.Id`: with a version or an alias if it was started through one.
    pub machine_arn: String,
    /// `$$.StateMachine.Name`.
    pub machine_name: String,
    /// `$$.Execution.Input`: what the execution was started with.
    pub input: Value,
    /// The item, if this is the child of a map run.
    pub item: Option<Item>,
    /// The block to run: 0, or the processor of the Map whose child this is.
    pub block: usize,
}

/// `$$.Map.Item`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// From 0.
    pub index: u64,
    /// The item itself, before `ItemSelector`.
    pub value: Value,
    /// `STATE_DATA`, or the S3 address that it was read from; distributed Maps only.
    pub source: Option<String>,
}

impl Item {
    /// As the context object shows it.
    pub(crate) fn to_json(&self) -> Value {
        let mut members = Map::new();
        members.insert("Index".to_owned(), Value::from(self.index));
        members.insert("Value".to_owned(), self.value.clone());
        if let Some(source) = &self.source {
            members.insert("Source".to_owned(), Value::from(source.as_str()));
        }
        Value::Object(members)
    }
}

/// Why a task or a map run has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskError {
    /// Its name.
    pub error: Option<String>,
    /// What it says.
    pub cause: Option<String>,
}

/// An execution between two steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// What it is told about itself.
    pub about: About,
    /// Where it stands.
    pub status: Status,
    /// Its output, when it has succeeded.
    pub output: Option<Value>,
    /// Its error, when it has failed or was stopped with one.
    pub error: Option<String>,
    /// Its cause, when it has failed or was stopped with one.
    pub cause: Option<String>,
    /// When it was started, in milliseconds since 1970.
    pub started_ms: u64,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// The number of its last event.
    pub last_event_id: u64,
    /// Activities that do not exist, by their ARNs, as far as is known at this step: a Task that waits for one fails before it is
    /// scheduled.
    #[serde(skip)]
    pub missing_activities: Vec<String>,
    /// The timer that ends it when it rings: the machine's `TimeoutSeconds`.
    pub(crate) deadline: Option<u64>,
    pub(crate) threads: BTreeMap<u64, Thread>,
    pub(crate) runnable: VecDeque<u64>,
    /// Threads, timers, tasks and map runs are numbered by one counter, so that no number means two things.
    pub(crate) last_number: u64,
}

/// One line of control: the machine's own, a branch's, an iteration's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thread {
    pub(crate) id: u64,
    pub(crate) parent: Option<Parent>,
    pub(crate) block: usize,
    pub(crate) state: String,
    pub(crate) phase: Phase,
    /// The raw input of the state.
    pub(crate) input: Value,
    /// The variables of its own scope; a branch reads the outer ones too.
    pub(crate) variables: Map<String, Value>,
    pub(crate) item: Option<Item>,
    /// The event with which the state was entered, and the one before that.
    pub(crate) entered: u64,
    pub(crate) entered_previous: u64,
    pub(crate) entered_ms: u64,
    /// The event to which the next one points.
    pub(crate) last: u64,
    /// Attempts used, one number a retrier.
    pub(crate) attempts: Vec<u32>,
    /// The map run that its state has started: a redrive goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) map_run: Option<StartedRun>,
}

/// A map run that a state has started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StartedRun {
    pub(crate) run: u64,
    pub(crate) arn: String,
    /// How often it was redriven.
    pub(crate) redrives: u32,
}

impl Thread {
    /// How often the state has been tried again in this visit.
    pub(crate) fn retry_count(&self) -> u32 {
        self.attempts.iter().sum()
    }
}

/// Who waits for a thread, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parent {
    pub(crate) thread: u64,
    pub(crate) index: usize,
}

/// What a thread does or waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Its state is to be entered.
    Ready,
    /// A Wait state.
    Sleep { timer: u64 },
    /// A Task state that is to be tried again, or a Parallel or Map.
    Backoff { timer: u64 },
    /// A Task state that has asked.
    Task(Asked),
    /// A Parallel state.
    Parallel { results: Vec<Option<Value>> },
    /// An inline Map.
    Map(Iterations),
    /// A distributed Map.
    MapRun { run: u64 },
    /// Its execution has ended, or its Parallel or Map has failed: it can only be redriven.
    Stopped,
}

/// A task that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) task: u64,
    pub(crate) token: Option<String>,
    pub(crate) timeout: Option<u64>,
    pub(crate) heartbeat: Option<Heartbeat>,
}

/// How long a task may be silent, and the timer of the present silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    pub(crate) seconds: u64,
    pub(crate) timer: u64,
}

/// An inline Map that is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Iterations {
    /// What `ItemSelector` sees as `$`.
    pub(crate) input: Value,
    pub(crate) items: Vec<Value>,
    pub(crate) next: usize,
    pub(crate) open: usize,
    pub(crate) limit: usize,
    pub(crate) results: Vec<Option<Value>>,
}

/// What an execution waits for, as people are shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenState {
    /// The state's name.
    pub name: String,
    /// What it waits for: `timer`, `retry`, `task`, `branches`, `iterations`, `map run`, `redrive`, `turn`.
    pub waits_for: &'static str,
    /// The number of the task, if it waits for one.
    pub task: Option<u64>,
}

impl Execution {
    /// An execution that has not been started: step it with [`What::Start`](crate::step::What::Start).
    pub fn new(about: About) -> Self {
        Self {
            about,
            status: Status::Running,
            output: None,
            error: None,
            cause: None,
            started_ms: 0,
            redrive_count: 0,
            last_event_id: 0,
            missing_activities: Vec::new(),
            deadline: None,
            threads: BTreeMap::new(),
            runnable: VecDeque::new(),
            last_number: 0,
        }
    }

    /// The states that are open, outermost first.
    pub fn open_states(&self) -> Vec<OpenState> {
        self.threads
            .values()
            .map(|thread| OpenState {
                name: thread.state.clone(),
                waits_for: match &thread.phase {
                    Phase::Ready => "turn",
                    Phase::Sleep { .. } => "timer",
                    Phase::Backoff { .. } => "retry",
                    Phase::Task(_) => "task",
                    Phase::Parallel { .. } => "branches",
                    Phase::Map(_) => "iterations",
                    Phase::MapRun { .. } => "map run",
                    Phase::Stopped => "redrive",
                },
                task: match &thread.phase {
                    Phase::Task(asked) => Some(asked.task),
                    _ => None,
                },
            })
            .collect()
    }

    /// The task that waits for this token.
    pub fn task_of_token(&self, token: &str) -> Option<u64> {
        self.threads.values().find_map(|thread| match &thread.phase {
            Phase::Task(asked) if asked.token.as_deref() == Some(token) => Some(asked.task),
            _ => None,
        })
    }

    /// Whether it waits for nothing that could come: true only of one that has ended.
    pub fn has_ended(&self) -> bool {
        self.status != Status::Running
    }

    /// A number that has not been used.
    pub(crate) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// The thread that waits for a task.
    pub(crate) fn thread_of_task(&self, task: u64) -> Option<u64> {
        self.find(|phase| matches!(phase, Phase::Task(asked) if asked.task == task))
    }

    /// The thread that waits for a map run.
    pub(crate) fn thread_of_map_run(&self, map_run: u64) -> Option<u64> {
        self.find(|phase| matches!(phase, Phase::MapRun { run } if *run == map_run))
    }

    /// The thread that waits for a timer.
    pub(crate) fn thread_of_timer(&self, rung: u64) -> Option<u64> {
        self.find(|phase| match phase {
            Phase::Sleep { timer } | Phase::Backoff { timer } => *timer == rung,
            Phase::Task(asked) => {
                asked.timeout == Some(rung)
                    || asked.heartbeat.is_some_and(|heartbeat| heartbeat.timer == rung)
            }
            _ => false,
        })
    }

    fn find(&self, wanted: impl Fn(&Phase) -> bool) -> Option<u64> {
        self.threads.values().find(|thread| wanted(&thread.phase)).map(|thread| thread.id)
    }
}
