//! What somebody who helps wants to see, in one file: how the server stands, its books, what is set up. No payload, no pattern, no
//! policy and nothing that is secret is in it.

use aws::Error;
use serde_json::{Value, json};

use crate::pipeline::{Pipeline, Queue, Rule};
use crate::source::{Question, Source, ask, find};

/// Attributes of a queue that say nothing of what is in it or of who may use it.
const ATTRIBUTES: [&str; 8] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "VisibilityTimeout",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "RedrivePolicy",
    "FifoQueue",
];

/// The support bundle.
///
/// # Errors
/// An operation's.
pub async fn bundle(source: &Source) -> Result<Value, Error> {
    let pipeline = Pipeline::read(source).await?;
    let books = ask(source, Question::trunkline("GetBooks", json!({}))).await?;
    let server = find(source, Question::of("console", "DescribeServer", json!({}))).await;
    let rules: Vec<Value> = pipeline.rules().map(rule_facts).collect();
    let queues: Vec<Value> = pipeline.queues.iter().map(queue_facts).collect();
    Ok(json!({"server": server, "books": books, "rules": rules, "queues": queues}))
}

fn rule_facts(rule: &Rule) -> Value {
    let targets: Vec<&str> = rule.targets.iter().map(|target| target.arn.as_str()).collect();
    json!({"bus": rule.bus, "name": rule.name, "enabled": rule.is_enabled, "targets": targets})
}

fn queue_facts(queue: &Queue) -> Value {
    let kept =
        ATTRIBUTES.iter().filter_map(|name| Some(((*name).to_owned(), queue.attributes.get(*name)?.clone())));
    json!({"name": queue.name, "attributes": kept.collect::<serde_json::Map<_, _>>()})
}
