//! An execution's history as a person reads it: a line for each visit to a state, what its Tasks sent and got, why its Choices went
//! where they went. States that were visited often are folded.

use std::collections::BTreeMap;

use asl::Machine;
use asl::explain::{Seen, choice};
use serde_json::{Map, Value, json};

use crate::output::{self, BAD, FAINT, GOOD, STRONG};
use crate::remote::text;

/// Visits of one state that are shown before the rest is folded.
const SHOWN_MAX: usize = 2;
/// Characters of a payload that are shown.
const PAYLOAD_CHARACTERS_MAX: usize = 200;

/// A stay in a state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visit {
    name: String,
    kind: String,
    entered: f64,
    exited: Option<f64>,
    input: String,
    output: Option<String>,
    /// What was asked of somebody, and what came of it, in order.
    calls: Vec<Call>,
    /// Why a Choice went where it went.
    reason: Option<String>,
    /// Iterations, branches, children: what their beginning told.
    note: Option<String>,
    /// The state's own failure.
    failure: Option<String>,
}

/// What a Task asked for.
#[derive(Clone, Debug)]
struct Call {
    whom: String,
    sent: String,
    got: Option<Result<String, String>>,
}

/// The visits of a history.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    pub(crate) visits: Vec<Visit>,
    /// When the execution began, in seconds since 1970.
    began: f64,
    /// By event, the visit that it belongs to.
    of_event: BTreeMap<u64, usize>,
    variables: Map<String, Value>,
    shown: BTreeMap<String, usize>,
    printed: usize,
}

impl Timeline {
    /// Takes an event, as GetExecutionHistory gives it.
    pub(crate) fn take(&mut self, event: &Value, machine: Option<&Machine>) {
        let kind = text(event, "type");
        let number = |name: &str| event.get(name).and_then(Value::as_u64).unwrap_or_default();
        let at = event.get("timestamp").and_then(Value::as_f64).unwrap_or_default();
        let (id, previous) = (number("id"), number("previousEventId"));
        let details = details(event);
        if kind == "ExecutionStarted" {
            self.began = at;
        }
        if let Some(state) = kind.strip_suffix("StateEntered") {
            self.of_event.insert(id, self.visits.len());
            self.visits.push(self.enter(state, at, &details, machine));
            return;
        }
        let Some(visit) = self.of_event.get(&previous).copied() else { return };
        self.of_event.insert(id, visit);
        if let Some(assigned) = details.get("assignedVariables").and_then(Value::as_object) {
            let parsed = |value: &Value| value.as_str().and_then(|text| serde_json::from_str(text).ok());
            self.variables
                .extend(assigned.iter().filter_map(|(name, value)| Some((name.clone(), parsed(value)?))));
        }
        if let Some(visit) = self.visits.get_mut(visit) {
            visit.take(kind, at, &details);
        }
    }

    fn enter(&self, state: &str, at: f64, details: &Value, machine: Option<&Machine>) -> Visit {
        let (name, input) = (text(details, "name"), text(details, "input"));
        let seen_input = serde_json::from_str(input).unwrap_or_default();
        let seen = Seen { input: &seen_input, context: &Value::Null, variables: &self.variables };
        let reason = machine.filter(|_| state == "Choice").and_then(|machine| choice(machine, name, &seen));
        Visit {
            name: name.to_owned(),
            kind: state.to_owned(),
            entered: at,
            input: input.to_owned(),
            reason: reason.map(|reason| reason.to_string()),
            ..Visit::default()
        }
    }

    /// Prints the visits that have ended and were not printed, folding what comes often unless `fold` says otherwise.
    pub(crate) fn print_ended(&mut self, fold: Fold) {
        while let Some(visit) = self.visits.get(self.printed).filter(|visit| visit.has_ended()) {
            let shown = self.shown.entry(visit.name.clone()).or_default();
            *shown += 1;
            if fold == Fold::Nothing || *shown <= SHOWN_MAX || visit.has_failed() {
                visit.print(self.began);
            }
            self.printed += 1;
        }
    }

    /// Prints the rest: visits that have not ended, and how often folded states were visited.
    pub(crate) fn print_rest(&mut self, fold: Fold) {
        self.print_ended(fold);
        for visit in self.visits.iter().skip(self.printed) {
            visit.print(self.began);
        }
        self.printed = self.visits.len();
        for (name, count) in self.shown.iter().filter(|(_, count)| fold == Fold::Often && **count > SHOWN_MAX)
        {
            let words = format!(
                "  {name} was visited {count} times; {SHOWN_MAX} visits are shown, and those that failed (--all shows every one)"
            );
            output::line(output::styled(FAINT, words));
        }
    }

    /// All visits, for programs.
    pub(crate) fn to_json(&self) -> Value {
        self.visits.iter().map(Visit::to_json).collect()
    }
}

/// What is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    /// States that are visited often: loops, iterations.
    Often,
    Nothing,
}

/// The one member of an event that holds its details.
fn details(event: &Value) -> Value {
    let members = event.as_object().into_iter().flatten();
    let found = members.into_iter().find(|(name, _)| name.ends_with("EventDetails"));
    found.map(|(_, details)| details.clone()).unwrap_or_default()
}

fn failure_of(details: &Value) -> String {
    match (text(details, "error"), text(details, "cause")) {
        ("", "") => "no error, no cause".to_owned(),
        (error, "") => error.to_owned(),
        (error, cause) => format!("{error}: {cause}"),
    }
}

impl Visit {
    fn take(&mut self, kind: &str, at: f64, details: &Value) {
        if kind.ends_with("StateExited") {
            self.exited = Some(at);
            self.output = Some(text(details, "output").to_owned());
        } else if kind.ends_with("Scheduled") {
            let whom = match (text(details, "resourceType"), text(details, "resource")) {
                ("", resource) => resource.to_owned(),
                (service, action) => format!("{service}:{action}"),
            };
            let sent = [text(details, "parameters"), text(details, "input")].concat();
            self.calls.push(Call { whom, sent, got: None });
        } else if matches!(kind, "MapStateStarted" | "MapRunStarted") {
            let length = details.get("length").and_then(Value::as_u64);
            let run = details.get("mapRunArn").and_then(Value::as_str).map(str::to_owned);
            self.note = length.map(|length| format!("{length} items")).or(run).or(self.note.take());
        } else if let Some(call) = self.calls.last_mut().filter(|call| is_answer(kind, call)) {
            let failed = !kind.ends_with("Succeeded");
            let output = text(details, "output").to_owned();
            call.got = Some(if failed { Err(failure_of(details)) } else { Ok(output) });
        } else if is_failure(kind) {
            self.failure = Some(failure_of(details));
        }
    }

    fn has_ended(&self) -> bool {
        self.exited.is_some() || self.failure.is_some() || self.kind == "Fail"
    }

    fn has_failed(&self) -> bool {
        self.failure.is_some()
            || self.kind == "Fail"
            || self.calls.iter().any(|call| matches!(call.got, Some(Err(_))))
    }

    fn print(&self, began: f64) {
        let took = match self.exited {
            Some(exited) => format!("{:.3} s", exited - self.entered),
            None if self.has_ended() => "failed here".to_owned(),
            None => "not over yet".to_owned(),
        };
        let style = if self.has_failed() { BAD } else { STRONG };
        let note = self.note.as_ref().map_or_else(String::new, |note| format!(", {note}"));
        output::line(format_args!(
            "  {:>9}  {}  {}",
            format!("+{:.3} s", (self.entered - began).max(0.0)),
            output::styled(style, &self.name),
            output::styled(FAINT, format!("{}, {took}{note}", self.kind)),
        ));
        say("in", &self.input);
        for call in &self.calls {
            say("asked", &format!("{} {}", call.whom, call.sent));
            match &call.got {
                Some(Ok(got)) => say(&output::styled(GOOD, "got"), got),
                Some(Err(failure)) => say(&output::styled(BAD, "failed"), failure),
                None => say("got", "nothing yet"),
            }
        }
        for line in self.reason.iter().flat_map(|reason| reason.lines()) {
            output::line(format_args!("             {line}"));
        }
        let told = self
            .calls
            .iter()
            .any(|call| call.got.as_ref().and_then(|got| got.as_ref().err()) == self.failure.as_ref());
        if let Some(failure) = self.failure.as_ref().filter(|_| !told) {
            say(&output::styled(BAD, "failed"), failure);
        }
        if let Some(out) = &self.output {
            say("out", out);
        }
    }

    fn to_json(&self) -> Value {
        let calls: Vec<Value> = self
            .calls
            .iter()
            .map(|call| {
                let (got, failed) = match &call.got {
                    Some(Ok(got)) => (Some(got), None),
                    Some(Err(failure)) => (None, Some(failure)),
                    None => (None, None),
                };
                json!({"whom": call.whom, "sent": call.sent, "got": got, "failed": failed})
            })
            .collect();
        json!({
            "state": self.name,
            "type": self.kind,
            "entered": self.entered,
            "exited": self.exited,
            "input": self.input,
            "output": self.output,
            "calls": calls,
            "reason": self.reason,
            "failure": self.failure,
        })
    }
}

fn is_answer(kind: &str, call: &Call) -> bool {
    let is_call = ["Task", "LambdaFunction", "Activity"].iter().any(|prefix| kind.starts_with(prefix));
    let ends = ["Succeeded", "Failed", "TimedOut"].iter().any(|suffix| kind.ends_with(suffix));
    is_call && ends && call.got.is_none()
}

fn is_failure(kind: &str) -> bool {
    matches!(
        kind,
        "EvaluationFailed" | "ExecutionFailed" | "MapRunFailed" | "ExecutionTimedOut" | "ExecutionAborted"
    )
}

/// A payload beside its name; long ones are cut.
fn say(what: &str, payload: &str) {
    if payload.is_empty() {
        return;
    }
    let mut shown: String = payload.chars().take(PAYLOAD_CHARACTERS_MAX).collect();
    if shown.len() < payload.len() {
        shown.push_str("...");
    }
    output::line(format_args!("             {what}: {shown}"));
}
