//! AddPermission, RemovePermission: they keep the statements of the queue's policy document.

use aws::{Call, Error, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use crate::engine::Queues;
use crate::error;
use crate::limits;
use crate::ops::{Nothing, required, write};
use crate::queue::{Queue, name_in_url, require};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddPermission {
    queue_url: Option<String>,
    label: Option<String>,
    #[serde(rename = "AWSAccountIds")]
    accounts: Option<Vec<String>>,
    actions: Option<Vec<String>>,
}

/// The actions that can be permitted. Source: SQS API reference, AddPermission: the singular names, and `*`.
const ACTIONS: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

pub(super) fn add(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    let now = call.now;
    write(queues, body, |request: AddPermission| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let label = required(request.label, "Label")?;
        let accounts = required(request.accounts.filter(|list| !list.is_empty()), "AWSAccountIds")?;
        let actions = required(request.actions.filter(|list| !list.is_empty()), "Actions")?;
        if actions.len() > limits::ACTIONS_MAX {
            return Err(error::over_limit(&format!(
                "{} Actions were found, maximum allowed is {}.",
                actions.len(),
                limits::ACTIONS_MAX
            )));
        }
        if let Some(action) = actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
            let reason = format!(
                "Only the queue owner is allowed to invoke this action, or it is unknown; one of {}.",
                ACTIONS.join(", ")
            );
            return Err(error::invalid_value(format!("SQS:{action}"), "ActionName", &reason));
        }
        Ok(move |tx: &mut Tx<'_>| {
            let mut queue = require(tx, &name)?;
            let mut statements = statements(&queue);
            if statements.iter().any(|statement| has_label(statement, &label)) {
                return Err(error::invalid_value(&label, "Label", "Already exists."));
            }
            let principals = accounts.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
            let actions = actions.iter().map(|action| format!("SQS:{action}")).collect();
            let arn = queue.arn(tx.scope()).to_string();
            statements.push(json!({
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": one_or_many(principals)},
                "Action": one_or_many(actions),
                "Resource": arn,
            }));
            keep(&mut queue, statements, &arn);
            queue.modified_at = now;
            queue.put(tx);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemovePermission {
    queue_url: Option<String>,
    label: Option<String>,
}

pub(super) fn remove(queues: &Queues, call: &Call, body: &[u8]) -> Reply {
    let now = call.now;
    write(queues, body, |request: RemovePermission| {
        let name = name_in_url(request.queue_url.as_deref(), queues.scope())?;
        let label = required(request.label, "Label")?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut queue = require(tx, &name)?;
            let before = statements(&queue);
            let after: Vec<Value> =
                before.iter().filter(|statement| !has_label(statement, &label)).cloned().collect();
            if after.len() == before.len() {
                return Err(no_such_label(&label));
            }
            let arn = queue.arn(tx.scope()).to_string();
            keep(&mut queue, after, &arn);
            queue.modified_at = now;
            queue.put(tx);
            Ok(Nothing {})
        })
    })
}

fn no_such_label(label: &str) -> Error {
    error::invalid_value(label, "Label", "can't find label.")
}

fn policy(queue: &Queue) -> Option<Value> {
    serde_json::from_str(queue.attributes.kept.get("Policy")?).ok()
}

fn statements(queue: &Queue) -> Vec<Value> {
    let statements = policy(queue).and_then(|mut policy| Some(policy.get_mut("Statement")?.take()));
    match statements {
        Some(Value::Array(statements)) => statements,
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    }
}

fn has_label(statement: &Value, label: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(label)
}

/// Writes the statements back; a policy without any goes away.
fn keep(queue: &mut Queue, statements: Vec<Value>, arn: &str) {
    if statements.is_empty() {
        queue.attributes.kept.remove("Policy");
        return;
    }
    let fresh = json!({"Version": "2008-10-17", "Id": format!("{arn}/SQSDefaultPolicy")});
    let mut policy = policy(queue).filter(Value::is_object).unwrap_or(fresh);
    if let Some(members) = policy.as_object_mut() {
        members.insert("Statement".to_owned(), Value::Array(statements));
    }
    queue.attributes.kept.insert("Policy".to_owned(), policy.to_string());
}

fn one_or_many(mut texts: Vec<String>) -> Value {
    match (texts.pop(), texts.is_empty()) {
        (Some(one), true) => Value::String(one),
        (last, _) => Value::Array(texts.into_iter().chain(last).map(Value::String).collect()),
    }
}
