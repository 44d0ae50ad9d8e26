//! `trunkline top`: what a running server is at, second by second.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use provision::Request;
use serde_json::{Value, json};

use crate::commands::queue;
use crate::remote::{At, Remote, text};
use crate::{output, table};

/// Arguments of `trunkline top`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Seconds between updates
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// Stop after this many updates [default: at Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Maximum number of queues to list, those with the most messages first
    #[arg(long, value_name = "N", default_value_t = 15)]
    queues: usize,
    #[command(flatten)]
    at: At,
}

/// Counters that are shown, by their names in the answer.
const COUNTERS: [(&str, &str); 7] = [
    ("Accepted", "accepted"),
    ("Matched", "matched"),
    ("Unmatched", "unmatched"),
    ("Delivered", "delivered"),
    ("DeadLettered", "dead letters"),
    ("Expired", "expired"),
    ("Dropped", "lost"),
];

/// One look.
struct Look {
    counts: Value,
    queues: Vec<Value>,
}

/// Ends when it is interrupted, or after so many looks.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let remote = Remote::open(&arguments.at.endpoint)?;
    let mut before: Option<Look> = None;
    let mut looks = 0;
    loop {
        let look = Look::take(&remote)?;
        if arguments.at.json {
            output::json(look.json());
        } else {
            if output::is_terminal() {
                // To the upper left corner, and everything below cleared (ECMA-48, CUP and ED).
                output::raw("\x1b[H\x1b[2J");
            }
            look.print(before.as_ref(), arguments);
        }
        looks += 1;
        if arguments.limit.is_some_and(|limit| looks >= limit) {
            return Ok(ExitCode::SUCCESS);
        }
        before = Some(look);
        if remote.pause_or_interrupt(Duration::from_secs(arguments.every)) {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

impl Look {
    fn take(remote: &Remote) -> Result<Self, String> {
        let counts = remote.ask(Request::trunkline("GetCounts", json!({})))?;
        let mut queues = queue::all(remote)?;
        queues.sort_by_key(|queue| std::cmp::Reverse(number(queue, "ApproximateNumberOfMessages")));
        Ok(Self { counts, queues })
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.pointer(&format!("/Events/{name}")).and_then(Value::as_u64).unwrap_or_default()
    }

    fn json(&self) -> Value {
        let counters: serde_json::Map<String, Value> =
            COUNTERS.iter().map(|(name, _)| (lower_first(name), self.count(name).into())).collect();
        let queue = |queue: &Value| {
            json!({
                "queue": text(queue, "Name"),
                "messages": number(queue, "ApproximateNumberOfMessages"),
                "inFlight": number(queue, "ApproximateNumberOfMessagesNotVisible"),
                "delayed": number(queue, "ApproximateNumberOfMessagesDelayed"),
            })
        };
        let queues: Vec<Value> = self.queues.iter().map(queue).collect();
        json!({"events": counters, "owed": self.count("Owed"), "queues": queues})
    }

    fn print(&self, before: Option<&Self>, arguments: &Arguments) {
        let rows: Vec<Vec<String>> = COUNTERS
            .iter()
            .map(|(name, label)| {
                let (all, since) = (self.count(name), before.map(|before| before.count(name)));
                let rate = since.map_or_else(String::new, |since| {
                    format!("{}/s", all.saturating_sub(since) / arguments.every.max(1))
                });
                vec![(*label).to_owned(), all.to_string(), rate]
            })
            .chain([vec!["owed".to_owned(), self.count("Owed").to_string(), String::new()]])
            .collect();
        table::print(&["events", "in all", "now"], &rows, "");
        output::line("");
        let rows: Vec<Vec<String>> = self
            .queues
            .iter()
            .take(arguments.queues)
            .map(|queue| {
                let attribute = |name: &str| number(queue, name).to_string();
                vec![
                    text(queue, "Name").to_owned(),
                    attribute("ApproximateNumberOfMessages"),
                    attribute("ApproximateNumberOfMessagesNotVisible"),
                    attribute("ApproximateNumberOfMessagesDelayed"),
                ]
            })
            .collect();
        table::print(&["queue", "messages", "in flight", "delayed"], &rows, "no queues");
        if let Some(more) = self.queues.len().checked_sub(arguments.queues).filter(|more| *more > 0) {
            output::line(format_args!("and {more} more queues; --queues lists more"));
        }
    }
}

fn number(queue: &Value, name: &str) -> u64 {
    text(queue, name).parse().unwrap_or_default()
}

fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
