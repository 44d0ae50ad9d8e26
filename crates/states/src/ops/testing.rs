//! ValidateStateMachineDefinition, TestState.

use std::time::Duration;

use asl::{MachineType, Severity};
use aws::{Call, Error, PorterCall, Reply};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::States;
use crate::ops::Moment;

/// A task's longest time, and the start of an environment.
const TEST_TIME: Duration = Duration::from_secs(16 * 60);
/// Diagnostics of an answer where nothing is said.
const DIAGNOSTICS_MAX: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ValidateRequest {
    definition: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    severity: Option<String>,
    max_results: Option<usize>,
}

/// ValidateStateMachineDefinition.
pub(super) fn validate(_: &States, _: Call, body: &[u8]) -> Reply {
    aws::operation::answer(body, |request: ValidateRequest| {
        let kind = match request.kind.as_deref() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        };
        let with_warnings = request.severity.as_deref() == Some("WARNING");
        let found = asl::validate(&request.definition, kind);
        let failed = found.iter().any(|found| found.severity == Severity::Error);
        let max = request.max_results.filter(|max| *max > 0).unwrap_or(DIAGNOSTICS_MAX).min(DIAGNOSTICS_MAX);
        let wanted: Vec<_> =
            found.iter().filter(|one| with_warnings || one.severity == Severity::Error).collect();
        let diagnostics: Vec<Value> = wanted.iter().take(max).map(|one| diagnostic(one)).collect();
        Ok(json!({
            "result": if failed { "FAIL" } else { "OK" },
            "truncated": wanted.len() > diagnostics.len(),
            "diagnostics": diagnostics,
        }))
    })
}

fn diagnostic(found: &asl::Diagnostic) -> Value {
    let severity = if found.severity == Severity::Error { "ERROR" } else { "WARNING" };
    let mut shown = json!({"severity": severity, "code": found.code, "message": found.message});
    if let (Value::Object(members), Some(location)) = (&mut shown, &found.location) {
        members.insert("location".to_owned(), json!(location));
    }
    shown
}

/// TestState: the porter does it, because the state may be a Task.
pub(super) fn test_state(states: &States, call: Call, body: &[u8]) -> Reply {
    let call = Moment::of(call);
    let request = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut members)) => {
            // What the made-up execution is called, and where its random numbers start.
            members.insert("trunklineId".to_owned(), json!(call.ids.next_uuid()));
            members.insert("trunklineSeed".to_owned(), json!(call.ids.next_u64()));
            members.insert("trunklineNow".to_owned(), json!(call.now.unix_ms()));
            Value::Object(members)
        }
        Ok(_) | Err(_) => return Reply::Now(Err(Error::serialization("The request body is not valid."))),
    };
    Reply::Call(PorterCall {
        operation: "TestState",
        target: states.home().arn("states", "stateMachine:test"),
        request: request.to_string().into_bytes(),
        payload: Vec::new(),
        deadline: TEST_TIME,
    })
}
