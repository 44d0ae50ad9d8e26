//! A log group as a target: the target's input becomes an event of the group in the commit that accepts the event.
//!
//! A whole event, or a part of it, is the message, and the event's time is its time. A constant input or a template says both:
//! `{"timestamp": ..., "message": ...}` (AWS CDK, `aws-events-targets`, `LogGroupTargetInput`, whose check tells what
//! EventBridge takes; the time is in ms since 1970 or in ISO 8601). The log stream is the bus and the rule, where AWS makes up
//! names.

use aws::Timestamp;
use logs::{Entry, Logs, Refusal, StreamName};
use serde::Deserialize;
use serde_json::Value;
use store::Commit;

use crate::buses::rule::RuleKey;
use crate::target::Input;
use crate::target::kind::{Service, TargetKind, anything};
use crate::trip::pay_hook::{Debt, PayHook, Payment, Receipt};

/// Log groups of this account and region.
pub static KIND: TargetKind = TargetKind {
    plural: "log groups",
    here: Service::InCommit,
    elsewhere: Service::Missing,
    takes_http_parameters: false,
    is_named_by: |arn| arn.service == "logs" && arn.resource.starts_with("log-group:"),
    check: anything,
    no_way_back: "it has been logged, and what is logged is not taken back",
};

/// The log groups of this account and region.
#[derive(Debug)]
pub struct LogGroupHook(pub Logs);

impl PayHook for LogGroupHook {
    fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment {
        let now = commit.now;
        let arn = &debt.target.arn;
        let Some(group) = logs::name_in_arn(arn, &arn.account, &arn.region) else {
            return no_group();
        };
        let Some(entry) = entry(&debt, now) else {
            let sentence = "The input of a log group must be a JSON object with a timestamp and a message.";
            return Payment::refused("INVALID_PARAMETER", sentence);
        };
        let stream = RuleKey::of_arn(debt.rule_arn).map(|RuleKey { bus, rule }| format!("{bus}/{rule}"));
        let stream = stream.unwrap_or_else(|| "events".to_owned());
        match self.0.record(commit, StreamName { group: &group, stream: &stream }, entry, now) {
            Ok(()) => Payment::Paid(Receipt::default()),
            Err(Refusal::NoGroup) => no_group(),
            Err(Refusal::NoStream) => {
                let sentence = "The log group has as many log streams as it may.";
                Payment::refused("RESOURCE_LIMIT_EXCEEDED", sentence)
            }
            Err(Refusal::Message(sentence)) => Payment::refused("INVALID_PARAMETER", sentence),
        }
    }
}

fn no_group() -> Payment {
    Payment::refused("NO_RESOURCE", "The specified log group does not exist.")
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

fn entry(debt: &Debt<'_>, now: Timestamp) -> Option<Entry> {
    match &debt.target.input {
        Input::Whole | Input::Path(_) => {
            let time = serde_json::from_str::<EventTime>(debt.event).ok();
            let time = time.and_then(|timed| Timestamp::parse_iso(&timed.time));
            Some(Entry { time_ms: time.unwrap_or(now).unix_ms(), message: debt.input.clone() })
        }
        Input::Constant(_) | Input::Transformer { .. } => {
            let said: LogInput = serde_json::from_str(&debt.input).ok()?;
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
