//! Paying a log group: the target's input as an event of it.
//!
//! A whole event, or a part of it, is the message, and the event's time is its time. A constant input or a template says both:
//! `{"timestamp": ..., "message": ...}` (AWS CDK, `aws-events-targets`, `LogGroupTargetInput`, whose check tells what
//! EventBridge takes; the time is in ms since 1970 or in ISO 8601). The log stream is the bus and the rule, where AWS makes up
//! names.

use aws::Timestamp;
use logs::{Entry, Refusal, StreamName};
use serde::Deserialize;
use serde_json::Value;
use store::Tx;

use crate::buses::rule::RuleName;
use crate::dead_letters::give_up::Cause;
use crate::events::Events;
use crate::target::{Input, Target};
use crate::trip::pay::{Message, Payment};

impl Events {
    /// Records the message in the target's log group.
    pub(super) fn pay_log_group(
        &self,
        tx: &mut Tx<'_>,
        (target, message): (&Target, &Message<'_>),
        now: Timestamp,
    ) -> Payment {
        let Some(group) = logs::name_in_arn(&target.arn, self.account(), self.region()) else {
            return Payment::Impossible(no_group());
        };
        let Some(entry) = entry(&target.input, message, now) else {
            let sentence = "The input of a log group must be a JSON object with a timestamp and a message.";
            return Payment::Impossible(Cause::at_once("INVALID_PARAMETER", sentence));
        };
        let stream = RuleName::of_arn(message.rule_arn).map(|(bus, rule)| format!("{bus}/{rule}"));
        let stream = stream.unwrap_or_else(|| "events".to_owned());
        match self.logs().record(tx, StreamName { group: &group, stream: &stream }, entry, now) {
            Ok(()) => Payment::Paid(None),
            Err(Refusal::NoGroup) => Payment::Impossible(no_group()),
            Err(Refusal::NoStream) => {
                let sentence = "The log group has as many log streams as it may.";
                Payment::Impossible(Cause::at_once("RESOURCE_LIMIT_EXCEEDED", sentence))
            }
            Err(Refusal::Message(sentence)) => {
                Payment::Impossible(Cause::at_once("INVALID_PARAMETER", sentence))
            }
        }
    }
}

fn no_group() -> Cause {
    Cause::at_once("NO_RESOURCE", "The specified log group does not exist.")
}

/// Time and message as a constant input or a template says them.
#[derive(Deserialize)]
struct LogInput {
    timestamp: Value,
    message: Value,
}

/// The event's own time.
#[derive(Deserialize)]
struct EventTime {
    time: String,
}

fn entry(input: &Input, message: &Message<'_>, now: Timestamp) -> Option<Entry> {
    match input {
        Input::Whole | Input::Path(_) => {
            let time = serde_json::from_str::<EventTime>(message.event).ok();
            let time = time.and_then(|timed| Timestamp::parse_iso(&timed.time));
            Some(Entry { time_ms: time.unwrap_or(now).unix_ms(), message: message.body.clone() })
        }
        Input::Constant(_) | Input::Transformer { .. } => {
            let said: LogInput = serde_json::from_str(&message.body).ok()?;
            let text = match said.message {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Some(Entry { time_ms: time_ms(&said.timestamp)?, message: text })
        }
    }
}

fn time_ms(said: &Value) -> Option<u64> {
    match said {
        Value::Number(ms) => ms.as_u64(),
        Value::String(text) => {
            text.parse().ok().or_else(|| Timestamp::parse_iso(text).map(Timestamp::unix_ms))
        }
        _ => None,
    }
}
