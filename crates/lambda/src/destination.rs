//! What a destination is told of the end of an asynchronous invocation. Source of the form: LocalStack's recordings
//! (test_lambda_destinations).

use aws::{Arn, Event, Scope};
use queue::NewMessage;
use serde::Serialize;
use serde_json::value::RawValue;
use store::Commit;

use crate::Functions;
use crate::invocation::{Answer, NewInvocation, OwedInvocation};
use crate::name::FunctionName;

/// How an invocation ended, as a destination reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
    ZeroReservedConcurrency,
}

/// The end of an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'e> {
    pub(crate) condition: Condition,
    pub(crate) owed: &'e OwedInvocation,
    /// What the function answered last, if it was called.
    pub(crate) answer: Option<&'e Answer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvocationRecord {
    version: &'static str,
    timestamp: String,
    request_context: RequestContext,
    request_payload: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    request_id: String,
    function_arn: String,
    condition: Condition,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext {
    status_code: u16,
    executed_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'static str>,
}

/// JSON as it is; what is none, as a text.
fn raw(text: &str) -> Box<RawValue> {
    let as_text = || serde_json::value::to_raw_value(text).unwrap_or_default();
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| as_text())
}

impl End<'_> {
    /// The ARN of what was invoked, always with a qualifier.
    fn function_arn(&self, home: &Scope) -> String {
        let qualifier = Some(self.owed.name.qualifier().to_owned());
        FunctionName { qualifier, ..self.owed.name.clone() }.arn(home).to_string()
    }

    fn text(&self, home: &Scope, timestamp: String) -> String {
        let is_success = self.condition == Condition::Success;
        let invoked =
            if self.answer.is_some() { self.owed.attempt } else { self.owed.attempt.saturating_sub(1) };
        let record = InvocationRecord {
            version: "1.0",
            timestamp,
            request_context: RequestContext {
                request_id: self.owed.id.clone(),
                function_arn: self.function_arn(home),
                condition: self.condition,
                approximate_invoke_count: invoked,
            },
            request_payload: raw(&self.owed.payload),
            response_context: self.answer.map(|answer| ResponseContext {
                status_code: 200,
                executed_version: answer.version.clone(),
                function_error: (!is_success).then_some("Unhandled"),
            }),
            response_payload: self.answer.map(|answer| raw(&answer.payload)),
        };
        serde_json::to_string(&record).unwrap_or_default()
    }
}

impl Functions {
    /// Tells a destination, as a part of this commit. `false`: it is not here.
    pub(crate) fn tell(&self, commit: &mut Commit<'_>, destination: &Arn, end: &End<'_>) -> bool {
        let home = self.store.scope().clone();
        let text = end.text(&home, commit.now.to_iso_millis());
        match destination.service.as_str() {
            "sqs" if home.holds(destination) => {
                let Some(queue) = self.queues.find(&mut commit.tx, &destination.resource) else {
                    return false;
                };
                let message = NewMessage {
                    id: commit.ids.next_uuid(),
                    body: text,
                    now: commit.now,
                    not_before: commit.now,
                    ..NewMessage::default()
                };
                self.queues.send(&mut commit.tx, queue.engine, message);
                true
            }
            "lambda" => {
                let Ok(name) = FunctionName::parse(&destination.to_string(), None, &home) else {
                    return false;
                };
                let new = NewInvocation {
                    id: commit.ids.next_uuid(),
                    name,
                    payload: text,
                    client_context: None,
                    trace_header: end.owed.trace_header.clone(),
                };
                self.owe(commit, new).is_ok()
            }
            "events" => {
                let end_word = if end.condition == Condition::Success { "Success" } else { "Failure" };
                let event = Event {
                    id: commit.ids.next_uuid(),
                    source: "lambda".to_owned(),
                    detail_type: format!("Lambda Function Invocation Result - {end_word}"),
                    account: home.account.to_string(),
                    time: commit.now,
                    region: home.region.to_string(),
                    resources: vec![destination.to_string(), end.function_arn(&home)],
                    detail: text,
                };
                (self.hands.put_event)(commit, destination, &event)
            }
            _ => false,
        }
    }
}
