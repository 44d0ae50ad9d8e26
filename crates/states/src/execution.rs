//! An execution: what is told of it, where it stands, what has happened in it.

use std::ops::ControlFlow;

use asl::{HistoryEvent, Status};
use aws::{Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::read::Direction;
use store::{KeyRange, Read, Table, Tx};

use crate::record::json_record;
use crate::{error, limits, name};

/// By machine (with the label of a map run's children) and name.
pub(crate) const EXECUTIONS: Table<(String, String), Execution> = Table::new(114, "executions");
pub(crate) const KEYS: Table<u64, ExecutionKey> = Table::new(115, "execution names");
pub(crate) const PROGRESS: Table<u64, Progress> = Table::new(116, "execution progress");
pub(crate) const HISTORY: Table<(u64, u64), StoredEvent> = Table::new(117, "execution history");
/// By machine, then the newest first: `u64::MAX` less the start in ms, number.
pub(crate) const BY_TIME: Table<(String, (u64, u64)), ()> = Table::new(118, "executions by time");

/// What is told of an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Execution {
    pub(crate) number: u64,
    /// What it runs.
    pub(crate) revision: String,
    /// The state machine's own name.
    pub(crate) machine: String,
    /// JSON text, as it was given.
    pub(crate) input: String,
    pub(crate) status: Status,
    /// JSON text.
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) started: Timestamp,
    pub(crate) stopped: Option<Timestamp>,
    pub(crate) redrive_count: u32,
    pub(crate) redriven: Option<Timestamp>,
    pub(crate) version_arn: Option<String>,
    pub(crate) alias_arn: Option<String>,
    pub(crate) trace_header: Option<String>,
    /// Who waits for its end.
    pub(crate) waiting: Option<Waiting>,
    /// The map run whose child it is.
    pub(crate) map_run: Option<ChildOf>,
    pub(crate) last_event_id: u64,
}

store::record!(Execution, version 1);

/// A task that waits for an execution to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// The execution whose task it is.
    pub(crate) execution: u64,
    pub(crate) task: u64,
    /// Whether the task gets the output as JSON (`.sync:2`) or as text (`.sync`).
    pub(crate) as_json: bool,
}

/// Which child of which map run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChildOf {
    pub(crate) run: u64,
    pub(crate) index: u64,
}

/// The key of an execution in [`EXECUTIONS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExecutionKey {
    pub(crate) machine: String,
    pub(crate) name: String,
}

store::record!(ExecutionKey, version 1);

/// Where an execution stands. Its version rises with each step: what was computed from another one is void.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) version: u64,
    /// The moment of its last step, in ms since 1970.
    pub(crate) at_ms: u64,
    pub(crate) execution: asl::Execution,
}

json_record!(Progress, version 1);

/// The version of a [`Progress`] alone, read from the same table: what an execution holds is not read to learn whether it is
/// still where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProgressVersion(pub(crate) u64);

/// The same entries as [`PROGRESS`], which alone writes them.
const PROGRESS_VERSIONS: Table<u64, ProgressVersion> = Table::new(PROGRESS.number(), PROGRESS.name());

impl store::Record for ProgressVersion {
    const VERSION: u8 = 1;

    fn encode(&self, _: Vec<u8>) -> Option<Vec<u8>> {
        None
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        // It is the first member of the JSON text.
        let digits = bytes.strip_prefix(br#"{"version":"#).filter(|_| version == 1)?;
        let digits = digits.split(|byte| !byte.is_ascii_digit()).next()?;
        std::str::from_utf8(digits).ok()?.parse().ok().map(Self)
    }
}

impl ProgressVersion {
    pub(crate) fn find(read: &mut impl Read, number: u64) -> Option<u64> {
        read.get(&PROGRESS_VERSIONS, &number).map(|Self(version)| version)
    }
}

/// An event of a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredEvent(pub(crate) HistoryEvent);

json_record!(StoredEvent, version 1);

impl ExecutionKey {
    pub(crate) fn of(read: &mut impl Read, number: u64) -> Option<Self> {
        read.get(&KEYS, &number)
    }

    pub(crate) fn arn(&self, home: &Scope) -> String {
        name::execution_arn(home, &self.machine, &self.name)
    }

    fn parts(&self) -> (String, String) {
        (self.machine.clone(), self.name.clone())
    }
}

impl Execution {
    pub(crate) fn find(read: &mut impl Read, key: &ExecutionKey) -> Option<Self> {
        read.get(&EXECUTIONS, &key.parts())
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, key: &ExecutionKey) {
        tx.put(&EXECUTIONS, &key.parts(), self);
    }

    /// The execution of this number and its key.
    pub(crate) fn of(read: &mut impl Read, number: u64) -> Option<(ExecutionKey, Self)> {
        let key = ExecutionKey::of(read, number)?;
        let execution = Self::find(read, &key)?;
        Some((key, execution))
    }

    /// The execution that a request names.
    ///
    /// # Errors
    /// `ExecutionDoesNotExist`.
    pub(crate) fn require(
        read: &mut impl Read,
        asked: &name::ExecutionName,
    ) -> Result<(ExecutionKey, Self), Error> {
        let key = ExecutionKey { machine: asked.machine.clone(), name: asked.name.clone() };
        let found = Self::find(read, &key).ok_or_else(|| error::no_execution(&asked.arn))?;
        Ok((key, found))
    }

    /// The ARN of the machine that runs it, with the label of a map run.
    pub(crate) fn machine_arn(key: &ExecutionKey, home: &Scope) -> String {
        name::machine_arn(home, &key.machine, None)
    }

    /// Whether it can be redriven now, or why not.
    pub(crate) fn redrive_status(&self, now: Timestamp) -> (&'static str, Option<String>) {
        let not = |why: &str| ("NOT_REDRIVABLE", Some(why.to_owned()));
        match self.status {
            Status::Running => not("Execution is RUNNING and cannot be redriven"),
            Status::Succeeded => not("Execution is SUCCEEDED and cannot be redriven"),
            Status::Failed | Status::TimedOut | Status::Aborted => {
                let age = self.stopped.map_or(0, |stopped| now.since(stopped).as_secs());
                if age > limits::REDRIVABLE_SECONDS {
                    return not("Execution's redrivable period exceeded");
                }
                if self.last_event_id >= limits::REDRIVABLE_EVENTS_MAX {
                    return not("Execution history event limit exceeded");
                }
                (if self.map_run.is_some() { "REDRIVABLE_BY_MAP_RUN" } else { "REDRIVABLE" }, None)
            }
        }
    }

    /// What DescribeExecution says of it.
    pub(crate) fn shown(&self, key: &ExecutionKey, home: &Scope, now: Timestamp) -> Map<String, Value> {
        let mut shown = self.listed(key, home);
        shown.insert("input".to_owned(), json!(self.input));
        shown.insert("inputDetails".to_owned(), json!({"included": true}));
        let mut put = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                shown.insert(name.to_owned(), json!(value));
            }
        };
        put("output", &self.output);
        put("error", &self.error);
        put("cause", &self.cause);
        put("traceHeader", &self.trace_header);
        if self.output.is_some() {
            shown.insert("outputDetails".to_owned(), json!({"included": true}));
        }
        let (status, reason) = self.redrive_status(now);
        shown.insert("redriveStatus".to_owned(), json!(status));
        if let Some(reason) = reason {
            shown.insert("redriveStatusReason".to_owned(), json!(reason));
        }
        shown
    }

    /// What a list says of it.
    pub(crate) fn listed(&self, key: &ExecutionKey, home: &Scope) -> Map<String, Value> {
        let mut shown = Map::new();
        shown.insert("executionArn".to_owned(), json!(key.arn(home)));
        shown.insert("stateMachineArn".to_owned(), json!(Self::machine_arn(key, home)));
        shown.insert("name".to_owned(), json!(key.name));
        shown.insert("status".to_owned(), json!(self.status.name()));
        shown.insert("startDate".to_owned(), json!(self.started.to_unix_seconds_f64()));
        let seconds = |at: Timestamp| json!(at.to_unix_seconds_f64());
        let optional = [
            ("stopDate", self.stopped.map(seconds)),
            ("stateMachineVersionArn", self.version_arn.as_ref().map(|arn| json!(arn))),
            ("stateMachineAliasArn", self.alias_arn.as_ref().map(|arn| json!(arn))),
            ("redriveDate", self.redriven.map(seconds)),
        ];
        shown.insert("redriveCount".to_owned(), json!(self.redrive_count));
        shown.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        shown
    }
}

impl Progress {
    pub(crate) fn find(read: &mut impl Read, number: u64) -> Option<Self> {
        read.get(&PROGRESS, &number)
    }
}

/// Where an execution is in the list of its machine.
pub(crate) fn time_key(key: &ExecutionKey, started: Timestamp, number: u64) -> (String, (u64, u64)) {
    (key.machine.clone(), (u64::MAX - started.unix_ms(), number))
}

/// The executions of a machine, newest first, from behind a place on, until `visit` breaks.
pub(crate) fn visit_by_time(
    read: &mut impl Read,
    machine: &str,
    after: Option<(u64, u64)>,
    visit: &mut dyn FnMut((u64, u64)) -> ControlFlow<()>,
) {
    let prefix = machine.to_owned();
    let range = match after {
        Some((time, number)) => {
            KeyRange::from_within(&(prefix.clone(), (time, number.saturating_add(1))), &prefix)
        }
        None => KeyRange::prefix(&prefix),
    };
    read.keys(&BY_TIME, &range, &mut |(_, place)| visit(place));
}

/// Events of a history, in either direction, from behind the event `after` on.
pub(crate) fn events(
    read: &mut impl Read,
    number: u64,
    direction: Direction,
    after: Option<u64>,
    limit: usize,
) -> Vec<HistoryEvent> {
    let range = match (direction, after) {
        (Direction::Forwards, after) => {
            KeyRange::from_within(&(number, after.unwrap_or(0).saturating_add(1)), &number)
        }
        (Direction::Backwards, None) => KeyRange::prefix(&number),
        (Direction::Backwards, Some(after)) => KeyRange::between(&(number, 0_u64), &(number, after)),
    };
    let found = read.take(&HISTORY, &range, direction, limit);
    found.into_iter().map(|(_, StoredEvent(event))| event).collect()
}
