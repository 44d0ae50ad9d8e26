//! An execution's history: what GetExecutionHistory tells, and what it folds into.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How many events a Standard execution's history may have; the last is the execution's end.
pub const HISTORY_EVENTS_MAX: u64 = 25_000;

/// One event, in AWS's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// From 1, without gaps.
    pub id: u64,
    /// The event that led to it; 0 for none.
    pub previous_event_id: u64,
    /// When it was, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// `PassStateEntered`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The members of `stateEnteredEventDetails` and the like; payloads are JSON texts, as on the wire.
    pub details: Option<Map<String, Value>>,
}

impl HistoryEvent {
    /// The name of the member that holds the details: `stateEnteredEventDetails`.
    pub fn details_name(&self) -> String {
        let name = match self.kind.as_str() {
            kind if kind.ends_with("StateEntered") => "stateEntered",
            kind if kind.ends_with("StateExited") => "stateExited",
            kind => kind,
        };
        let mut letters = name.chars();
        let first: String = letters.next().map(|c| c.to_ascii_lowercase()).into_iter().collect();
        format!("{first}{}EventDetails", letters.as_str())
    }

    /// The event as GetExecutionHistory gives it, but for the timestamp, whose form is the protocol's.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut event = Map::new();
        event.insert("type".to_owned(), Value::from(self.kind.as_str()));
        event.insert("id".to_owned(), Value::from(self.id));
        event.insert("previousEventId".to_owned(), Value::from(self.previous_event_id));
        if let Some(details) = &self.details {
            event.insert(self.details_name(), Value::Object(details.clone()));
        }
        event
    }

    /// A detail that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.details.as_ref()?.get(name)?.as_str()
    }

    /// Whether the execution ends with it.
    pub fn ends(&self) -> bool {
        Status::of_end(&self.kind).is_some()
    }
}

/// Where an execution stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It goes on.
    #[default]
    Running,
    /// It has reached its end.
    Succeeded,
    /// An error was not caught.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Somebody has stopped it.
    Aborted,
}

impl Status {
    /// `RUNNING`: as AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }

    fn of_end(kind: &str) -> Option<Self> {
        match kind {
            "ExecutionSucceeded" => Some(Self::Succeeded),
            "ExecutionFailed" => Some(Self::Failed),
            "ExecutionTimedOut" => Some(Self::TimedOut),
            "ExecutionAborted" => Some(Self::Aborted),
            _ => None,
        }
    }
}

/// What a history comes to. An execution that is stepped and its history folded are at the same place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Where the execution stands.
    pub status: Status,
    /// Its output, a JSON text, when it has succeeded.
    pub output: Option<String>,
    /// Its error, when it has failed.
    pub error: Option<String>,
    /// Its cause, when it has failed.
    pub cause: Option<String>,
    /// How many events there are.
    pub events: u64,
}

impl Timeline {
    /// Folds a history, from its beginning or in pieces.
    pub fn fold<'a>(mut self, events: impl IntoIterator<Item = &'a HistoryEvent>) -> Self {
        for event in events {
            self.events = event.id;
            let text = |name: &str| event.text(name).map(str::to_owned);
            if let Some(status) = Status::of_end(&event.kind) {
                self.status = status;
                (self.output, self.error, self.cause) = (text("output"), text("error"), text("cause"));
            } else if event.kind == "ExecutionRedriven" {
                self = Self { events: event.id, ..Self::default() };
            }
        }
        self
    }
}

/// `2026-11-28T09:00:00.000Z`: as the context object shows moments, UTC and always with three digits.
pub fn time_text(ms: u64) -> String {
    let moment =
        i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
