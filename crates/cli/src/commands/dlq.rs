//! `trunkline dlq`: dead letters looked at, sent again, thrown away; all through AWS's own operations.

mod letter;
mod redrive;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Value, json};

use crate::commands::dlq::letter::{Letter, peek};
use crate::commands::{queue, rule};
use crate::remote::{At, Remote, items, text};
use crate::{output, table};

/// So many dead letters of a queue are looked at for the list.
const LOOKED_AT_MAX: usize = 1_000;

/// Arguments of `trunkline dlq`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// The dead-letter queues of queues and of rules' targets, and what went wrong with what is in them
    ///
    /// To look, messages are received and given back, which raises their receive count, here as on AWS.
    List {
        #[command(flatten)]
        at: At,
    },
    /// The dead letters of a queue: payload, error, attempts, rule and target
    ///
    /// To look, messages are received and given back, which raises their receive count, here as on AWS.
    Show {
        /// The dead-letter queue's name
        queue: String,
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        #[command(flatten)]
        at: At,
    },
    /// Send dead letters again
    Redrive(redrive::Arguments),
    /// Throw all messages of a queue away
    Purge {
        /// The queue's name
        queue: String,
        /// Yes, all of them
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        at: At,
    },
}

/// Exit status 0; of `redrive` 1 where letters had to stay.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.act {
        Act::List { at } => list(at),
        Act::Show { queue, limit, at } => show((queue, usize::from(*limit)), at),
        Act::Redrive(arguments) => redrive::run(arguments),
        Act::Purge { queue, yes, at } => purge((queue, *yes), at),
    }
}

/// The ARNs of all dead-letter queues, each with the queues and the rules that use it.
fn users(remote: &Remote, queues: &[Value]) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for queue in queues {
        if let Some(arn) = queue::dead_letter_arn(queue) {
            users.entry(arn).or_default().insert(format!("queue {}", text(queue, "Name")));
        }
    }
    for rule in rule::all(remote, None)? {
        for target in items(&rule, "Targets") {
            let arn = target.get("DeadLetterConfig").map(|config| text(config, "Arn")).unwrap_or_default();
            if !arn.is_empty() {
                let user = format!("rule {}", text(&rule, "Name"));
                users.entry(arn.to_owned()).or_default().insert(user);
            }
        }
    }
    Ok(users)
}

fn list(at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let queues = queue::all(&remote)?;
    let mut rows = Vec::new();
    for (arn, users) in users(&remote, &queues)? {
        let Some(queue) = queues.iter().find(|queue| text(queue, "QueueArn") == arn) else { continue };
        let letters = peek(&remote, text(queue, "Url"), LOOKED_AT_MAX)?;
        let mut errors: BTreeMap<String, u64> = BTreeMap::new();
        for letter in &letters {
            *errors.entry(letter.error_code()).or_default() += 1;
        }
        if at.json {
            output::line(json!({
                "queue": text(queue, "Name"),
                "usedBy": users,
                "messages": text(queue, "ApproximateNumberOfMessages").parse::<u64>().ok(),
                "lookedAt": letters.len(),
                "byError": errors,
            }));
            continue;
        }
        let errors: Vec<String> = errors.iter().map(|(code, count)| format!("{count} {code}")).collect();
        rows.push(vec![
            text(queue, "Name").to_owned(),
            text(queue, "ApproximateNumberOfMessages").to_owned(),
            errors.join(", "),
            users.into_iter().collect::<Vec<_>>().join(", "),
        ]);
    }
    if !at.json {
        table::print(&["dead-letter queue", "messages", "errors", "of"], &rows, "no dead-letter queue");
    }
    Ok(ExitCode::SUCCESS)
}

fn show((name, limit): (&str, usize), at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let url = remote.queue_url(name)?;
    let letters = peek(&remote, &url, limit)?;
    for letter in &letters {
        match at.json {
            true => output::line(letter.to_json()),
            false => letter.print(),
        }
    }
    if letters.is_empty() && !at.json {
        output::line(format_args!("no message of {name} can be received now"));
    }
    Ok(ExitCode::SUCCESS)
}

fn purge((name, yes): (&str, bool), at: &At) -> Result<ExitCode, String> {
    let remote = Remote::open(&at.endpoint)?;
    let url = remote.queue_url(name)?;
    if !yes {
        return Err(format!("this throws away all messages of {name} for good; say --yes if you want that"));
    }
    remote.ask(Request::sqs("PurgeQueue", json!({"QueueUrl": url})))?;
    output::line(if at.json { json!({"purged": name}).to_string() } else { format!("{name} is empty now") });
    Ok(ExitCode::SUCCESS)
}

/// What kind of dead letter it is, for those that have no error code.
const RECEIVED_TOO_OFTEN: &str = "received too often";
/// A message that nobody dead-lettered.
const SENT: &str = "sent there";

impl Letter {
    /// EventBridge's error code, or what stands for it.
    fn error_code(&self) -> String {
        match (self.attribute("ERROR_CODE"), self.source()) {
            (Some(code), _) => code.to_owned(),
            (None, Some(_)) => RECEIVED_TOO_OFTEN.to_owned(),
            (None, None) => SENT.to_owned(),
        }
    }
}
