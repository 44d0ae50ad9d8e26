//! `trunkline queue`: the queues and what they hold, through SQS's own operations.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Value, json};

use crate::remote::{At, Remote, text};
use crate::{output, table};

/// Arguments of `trunkline queue`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Look {
    /// List all queues and their message counts
    List {
        #[command(flatten)]
        at: At,
    },
    /// Show the attributes of one queue
    Show {
        /// The queue's name
        name: String,
        #[command(flatten)]
        at: At,
    },
}

/// Exit status 0; 2 where there is no such queue.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.look {
        Look::List { at } => list(at),
        Look::Show { name, at } => show(name, at),
    }
}

/// Every queue's attributes, with its `Name` and `Url`, in the order of their names.
///
/// # Errors
/// What the server said.
pub(crate) fn all(remote: &Remote) -> Result<Vec<Value>, String> {
    let urls = remote.all(&Request::sqs("ListQueues", json!({"MaxResults": 1000})), "QueueUrls")?;
    let mut queues = Vec::new();
    for url in urls.iter().filter_map(Value::as_str) {
        // A queue may go while the others are looked at.
        queues.extend(of_url(remote, url)?);
    }
    Ok(queues)
}

/// One queue's attributes, with its `Name` and `Url`.
fn of_url(remote: &Remote, url: &str) -> Result<Option<Value>, String> {
    let request = Request::sqs("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["All"]}));
    let Some(mut answer) = remote.find(request)? else { return Ok(None) };
    let mut queue = answer.get_mut("Attributes").map(Value::take).unwrap_or_default();
    if let Some(members) = queue.as_object_mut() {
        let name = url.rsplit('/').next().unwrap_or_default();
        members.insert("Name".to_owned(), name.into());
        members.insert("Url".to_owned(), url.into());
    }
    Ok(Some(queue))
}

/// The ARN of the dead-letter queue that a queue's redrive policy names.
pub(crate) fn dead_letter_arn(queue: &Value) -> Option<String> {
    let policy: Value = serde_json::from_str(text(queue, "RedrivePolicy")).ok()?;
    Some(text(&policy, "deadLetterTargetArn").to_owned()).filter(|arn| !arn.is_empty())
}

/// Name, URL, and the attributes as SQS names them.
fn json_of(queue: &Value) -> Value {
    let mut attributes = queue.clone();
    let mut take = |name: &str| attributes.as_object_mut().and_then(|members| members.shift_remove(name));
    let (name, url) = (take("Name"), take("Url"));
    json!({"name": name, "url": url, "attributes": attributes})
}

fn list(at: &At) -> Result<ExitCode, String> {
    let queues = all(&Remote::open(&at.endpoint)?)?;
    if at.json {
        queues.iter().map(json_of).for_each(output::json);
        return Ok(ExitCode::SUCCESS);
    }
    let row = |queue: &Value| {
        let count = |name: &str| text(queue, name).to_owned();
        let dead = dead_letter_arn(queue).unwrap_or_default();
        vec![
            count("Name"),
            count("ApproximateNumberOfMessages"),
            count("ApproximateNumberOfMessagesNotVisible"),
            count("ApproximateNumberOfMessagesDelayed"),
            dead.rsplit(':').next().unwrap_or_default().to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = queues.iter().map(row).collect();
    table::print(&["queue", "messages", "in flight", "delayed", "dead letters to"], &rows, "no queues");
    Ok(ExitCode::SUCCESS)
}

fn show(name: &str, at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let url = remote.queue_url(name)?;
    let queue = of_url(&remote, &url)?.ok_or_else(|| format!("the queue {name} has gone"))?;
    if at.json {
        output::json(json_of(&queue));
        return Ok(ExitCode::SUCCESS);
    }
    let members = queue.as_object().into_iter().flatten();
    let rows: Vec<Vec<String>> = members
        .map(|(name, value)| vec![name.clone(), value.as_str().unwrap_or_default().to_owned()])
        .collect();
    table::print(&["attribute", "value"], &rows, "");
    Ok(ExitCode::SUCCESS)
}
