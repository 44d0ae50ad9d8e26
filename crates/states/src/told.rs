//! What is told of executions: events of their status on the default bus, and lines in a log group.

use asl::{HistoryEvent, Status};
use aws::{Arn, Event, Scope, Timestamp};
use logs::{Entry, StreamName};
use serde_json::{Map, Value, json};
use store::{Commit, Read};

use crate::States;
use crate::execution::{Execution, ExecutionKey};
use crate::machine::{Level, Logging, Revision};

/// Events of a history on their way to a log group.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) logging: &'a Logging,
    pub(crate) machine: &'a str,
    pub(crate) execution_arn: &'a str,
    pub(crate) redrive_count: u32,
    pub(crate) events: &'a [HistoryEvent],
}

impl States {
    /// Tells the default bus of an execution's status. Source of the form: LocalStack's recording test_event_bridge_events.
    pub(crate) fn tell_status(&self, commit: &mut Commit<'_>, key: &ExecutionKey, execution: &Execution) {
        if execution.map_run.is_some() || !(self.hands().hears)() {
            return;
        }
        let home = self.home().clone();
        let arn = key.arn(&home);
        let ms = |at: Option<Timestamp>| at.map(Timestamp::unix_ms);
        let (redrive_status, reason) = execution.redrive_status(commit.now);
        let detail = json!({
            "executionArn": arn,
            "stateMachineArn": Execution::machine_arn(key, &home),
            "name": key.name,
            "status": execution.status.name(),
            "startDate": execution.started.unix_ms(),
            "stopDate": ms(execution.stopped),
            "input": execution.input,
            "output": execution.output,
            "stateMachineVersionArn": execution.version_arn,
            "stateMachineAliasArn": execution.alias_arn,
            "redriveCount": execution.redrive_count,
            "redriveDate": ms(execution.redriven),
            "redriveStatus": redrive_status,
            "redriveStatusReason": reason,
            "inputDetails": {"included": true},
            "outputDetails": execution.output.as_ref().map(|_| json!({"included": true})),
            "error": execution.error,
            "cause": execution.cause,
        });
        let event = Event {
            id: commit.ids.next_uuid(),
            source: "aws.states".to_owned(),
            detail_type: "Step Functions Execution Status Change".to_owned(),
            account: home.account.to_string(),
            time: commit.now,
            region: home.region.to_string(),
            resources: vec![arn],
            detail: detail.to_string(),
        };
        (self.hands().emit)(commit, &event);
    }

    /// Writes events to the machine's log group, as its level has it. Where there is no such group nothing is written.
    pub(crate) fn log(&self, commit: &mut Commit<'_>, lines: &Lines<'_>) {
        let Some(group) = lines.logging.group_arn.as_deref().and_then(|arn| group_name(arn, self.home()))
        else {
            return;
        };
        let day = commit.now.to_iso_seconds();
        let stream = format!("states/{}/{}", lines.machine, day.get(..10).unwrap_or_default());
        let now = commit.now;
        for event in lines.events.iter().filter(|event| is_logged(lines.logging.level, event)) {
            let name = StreamName { group: &group, stream: &stream };
            let entry = Entry { time_ms: event.timestamp_ms, message: line(lines, event) };
            // A line that is too long for CloudWatch Logs is left out, as is one whose group is gone.
            let _ = self.logs().record(&mut commit.tx, name, entry, now);
        }
    }

    /// The logging of a revision.
    pub(crate) fn logging(read: &mut impl Read, revision: &str) -> Option<Logging> {
        let logging = Revision::find(read, revision)?.logging;
        (logging.level != Level::Off && logging.group_arn.is_some()).then_some(logging)
    }
}

/// The group in `arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*`.
pub(crate) fn group_name(arn: &str, home: &Scope) -> Option<String> {
    let arn: Arn = arn.strip_suffix(":*").unwrap_or(arn).parse().ok()?;
    logs::name_in_arn(&arn, &home.account, &home.region)
}

/// Source: developer guide, "Log levels for Step Functions execution events".
fn is_logged(level: Level, event: &HistoryEvent) -> bool {
    let kind = event.kind.as_str();
    let is_fatal = matches!(kind, "ExecutionAborted" | "ExecutionFailed" | "ExecutionTimedOut");
    let is_error = is_fatal
        || kind == "FailStateEntered"
        || kind.ends_with("Failed")
        || kind.ends_with("TimedOut")
        || kind.ends_with("Aborted");
    match level {
        Level::Off => false,
        Level::Fatal => is_fatal,
        Level::Error => is_error,
        Level::All => true,
    }
}

/// One line; numbers are texts, as AWS writes them.
fn line(lines: &Lines<'_>, event: &HistoryEvent) -> String {
    let details: Map<String, Value> = event
        .details
        .iter()
        .flatten()
        .filter(|(name, _)| lines.logging.includes_data || !is_data(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json!({
        "id": event.id.to_string(),
        "type": event.kind,
        "details": details,
        "previous_event_id": event.previous_event_id.to_string(),
        "event_timestamp": event.timestamp_ms.to_string(),
        "execution_arn": lines.execution_arn,
        "redrive_count": lines.redrive_count.to_string(),
    })
    .to_string()
}

/// Details that hold what executions carry.
pub(crate) fn is_data(name: &str) -> bool {
    matches!(name, "input" | "output" | "parameters" | "cause" | "assignedVariables")
}

/// Whether a status is an end.
pub(crate) fn has_ended(status: Status) -> bool {
    status != Status::Running
}
