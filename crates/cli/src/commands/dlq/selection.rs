//! Which dead letters a command is about, and how they are asked for.

use clap::Args;
use provision::Request;
use serde_json::{Value, json};

use crate::remote::{Remote, items};

/// Letters are those of a queue, or of these only those that all given options take.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Name of the dead-letter queue
    pub(crate) queue: String,
    /// Only the letter with this id; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) id: Vec<String>,
    /// Only letters with this error code, as shown by `dlq list`
    #[arg(long, value_name = "CODE")]
    pub(crate) error: Option<String>,
    /// Only letters that this rule could not deliver: RULE, BUS/RULE or an ARN
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only letters for this target: an ARN, or the name of a queue
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Only letters that this queue gave up after too many receives; a name or an ARN
    #[arg(long, value_name = "QUEUE")]
    source: Option<String>,
}

impl Selection {
    /// Whether it is all letters of the queue.
    pub(crate) fn is_all(&self) -> bool {
        let Self { id, error, rule, target, source, .. } = self;
        id.is_empty() && [error, rule, target, source].iter().all(|only| only.is_none())
    }

    /// The request's members, to which an operation adds its own.
    pub(crate) fn body(&self) -> Value {
        json!({
            "QueueName": self.queue,
            "Ids": self.id,
            "ErrorCode": self.error,
            "Rule": self.rule,
            "Target": self.target,
            "Source": self.source,
        })
    }
}

/// `body` with one more member.
pub(crate) fn with(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
    body
}

/// Up to `max` letters, which are not received for it; oldest first.
pub(crate) fn letters(remote: &Remote, body: &Value, max: usize) -> Result<Vec<Value>, String> {
    let mut letters = Vec::new();
    let mut body = body.clone();
    loop {
        body = with(body, "Max", max.saturating_sub(letters.len()));
        let answer = remote.ask(Request::trunkline("ListDeadLetters", body.clone()))?;
        letters.extend(items(&answer, "Letters").iter().cloned());
        match answer.get("After") {
            Some(after) if letters.len() < max => body = with(body, "After", after.clone()),
            Some(_) | None => return Ok(letters),
        }
    }
}
