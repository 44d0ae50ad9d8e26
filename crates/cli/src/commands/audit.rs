//! `trunkline audit`: the books, as a table that balances (contract C2).

use std::process::ExitCode;

use clap::Args;
use events::Counts;
use provision::Request;
use serde_json::{Value, json};

use crate::output;
use crate::remote::{At, ask};

/// Arguments of `trunkline audit`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    at: At,
}

/// Exit status 0 where the books balance, 1 where they do not.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let answer = ask(&arguments.at.endpoint, Request::trunkline("GetCounts", json!({})))?;
    let books = answer.get("Events").cloned().unwrap_or_default();
    let counts: Counts = serde_json::from_value(books)
        .map_err(|e| format!("the server's books are not those of this version of trunkline: {e}"))?;
    if arguments.at.json {
        let feed = answer.get("Intake").unwrap_or(&Value::Null);
        output::line(json!({"balanced": counts.balance(), "events": counts, "feed": feed}));
    } else {
        print(&counts);
        print_feed(answer.get("Intake").unwrap_or(&Value::Null));
    }
    Ok(if counts.balance() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(counts: &Counts) {
    output::line(output::styled(output::STRONG, "events"));
    row("accepted", counts.accepted, "");
    row("= matched", counts.matched, &note(counts.untargeted, "of them by rules without targets"));
    row("+ unmatched", counts.unmatched, "");
    verdict(counts.accepted, counts.matched + counts.unmatched);
    output::line(output::styled(output::STRONG, "deliveries"));
    row("made", counts.made, "one for each target of each rule that matched");
    row("= delivered", counts.delivered, "");
    row("+ dead-lettered", counts.dead_lettered, "");
    row("+ owed", counts.owed, &note(counts.retried, "retries planned so far"));
    row("+ expired", counts.expired, "all retries used, no dead-letter queue");
    row("+ dropped", counts.dropped, "given up at once, no dead-letter queue");
    let ended = counts.delivered + counts.dead_lettered + counts.expired + counts.dropped;
    verdict(counts.made, ended + counts.owed);
    if counts.no_bus > 0 {
        let text = "events were sent to a bus that does not exist; AWS acknowledges and forgets them";
        output::line(format_args!("{} {text}", counts.no_bus));
    }
}

/// The way in: nothing where no feed has ever delivered anything.
fn print_feed(feed: &Value) {
    let count = |name: &str| feed.get(name).and_then(Value::as_u64).unwrap_or_default();
    if count("received") == 0 {
        return;
    }
    output::line(output::styled(output::STRONG, "feed"));
    row("received", count("received"), "");
    row("of them known", count("duplicates"), "had come before, and were dropped");
    row("unreadable", count("unreadable"), "new, but without what the conversation tracker needs");
    let again = note(count("told_before"), "more had been told before");
    row("derived", count("derived"), &again);
    row("expired", count("expired"), "conversations that never ended, closed for their age");
}

fn note(number: u64, text: &str) -> String {
    if number == 0 { String::new() } else { format!("{number} {text}") }
}

fn row(name: &str, number: u64, note: &str) {
    let note = match note {
        "" => String::new(),
        note => format!("  {}", output::styled(output::FAINT, note)),
    };
    output::line(format_args!("  {name:<16} {number:>12}{note}"));
}

fn verdict(left: u64, right: u64) {
    let verdict = match left == right {
        true => output::styled(output::GOOD, "balances"),
        false => output::styled(output::BAD, format_args!("does not balance: {}", left.abs_diff(right))),
    };
    output::line(format_args!("  {verdict}"));
}
