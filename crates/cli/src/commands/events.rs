//! `trunkline events`: the events of a bus, and the trip of one of them.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use provision::Request;
use serde_json::{Value, json};

use crate::commands::tail::show;
use crate::listed::{event_page, event_text, is_of_conversation};
use crate::names::Names;
use crate::output;
use crate::remote::{At, Remote, items, text};
use crate::stretch::Stretch;
use crate::window::Window;
use crate::wrap;

/// Arguments of `trunkline events`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    look: Look,
}

#[derive(Debug, Subcommand)]
enum Look {
    /// Show what happened to one event: the rules that matched, why others did not, each delivery attempt
    Show(Show),
    /// List the latest events of a bus
    List(List),
}

#[derive(Debug, Args)]
struct Show {
    /// The event's id, or how it begins
    id: String,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
struct List {
    /// The event bus
    #[arg(long, value_name = "NAME", default_value = "default")]
    bus: String,
    /// Only events of this conversation; without --since and --limit those of the last hour
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    at: At,
}

/// Exit status 0; 2 where there is no such event.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    match &arguments.look {
        Look::Show(show) => show.run(),
        Look::List(list) => list.run(),
    }
}

impl List {
    fn run(&self) -> Result<ExitCode, String> {
        let remote = Remote::open(&self.at.endpoint)?;
        let mut found = false;
        let default = if self.conversation.is_some() { Stretch::Age(3_600) } else { Stretch::Last(20) };
        self.window.or(default).visit(&remote, &self.bus, |listed| {
            let is_of = |id: &String| is_of_conversation(id, &event_text(listed));
            if self.conversation.as_ref().is_none_or(is_of) {
                found = true;
                show(listed, &self.at);
            }
            Ok(())
        })?;
        if !found && !self.at.json {
            let of =
                self.conversation.as_ref().map(|id| format!(" of conversation {id}")).unwrap_or_default();
            output::line(format_args!("no events{of} on the bus {}", self.bus));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Show {
    fn run(&self) -> Result<ExitCode, String> {
        let remote = Remote::open(&self.at.endpoint)?;
        let found = remote.ask(Request::trunkline("DescribeEvent", json!({"EventId": self.id})))?;
        if self.at.json {
            output::json(output::camel_case(found));
            return Ok(ExitCode::SUCCESS);
        }
        let names = Names::known_to(&remote);
        for place in items(&found, "Places") {
            print(place, &names);
        }
        items(&found, "Posts").iter().for_each(print_post);
        if let Some(place) = items(&found, "Places").first() {
            output::line(names.beside(&event_page(place)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn count(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn print(place: &Value, names: &Names) {
    let forwarded = place.get("Forwarded").and_then(Value::as_bool).unwrap_or_default();
    let way = if forwarded { ", from another bus" } else { "" };
    let bus = output::styled(output::STRONG, text(place, "EventBusName"));
    output::line(format_args!(
        "accepted {} on the bus {bus}{way}; {} of its rules matched",
        text(place, "Accepted"),
        count(place, "RulesMatched")
    ));
    for rule in items(place, "Rules") {
        let name = output::styled(output::STRONG, text(rule, "Rule"));
        output::line(format_args!("  {}     {name}", output::styled(output::GOOD, "match")));
        if items(rule, "Deliveries").is_empty() {
            output::line("            the rule had no targets");
        }
        for delivery in items(rule, "Deliveries") {
            print_delivery(delivery);
        }
    }
    let others = items(place, "NotMatched");
    for rule in others {
        let name = output::styled(output::STRONG, text(rule, "Rule"));
        let verdict = output::styled(output::BAD, "no match");
        let path = text(rule, "Path");
        let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
        wrap::line(names.beside(&format!("  {verdict}  {name}  {path}{}", text(rule, "Reason"))), 12);
    }
    let told = items(place, "Rules").len() + others.len();
    let left = usize::try_from(count(place, "RulesInAll")).unwrap_or(usize::MAX).saturating_sub(told);
    if left > 0 {
        output::line(format_args!("  and {left} more rules that did not match"));
    }
}

/// `posted  to the event stream crm (https://...): pending, attempt 3 not before ...`, and why the last attempt failed.
fn print_post(post: &Value) {
    let name = match text(post, "StreamName") {
        "" => format!("{}, deleted since", text(post, "StreamId")),
        name => format!("{} ({})", output::styled(output::STRONG, name), text(post, "Url")),
    };
    let made = count(post, "AttemptsMade");
    let state = match text(post, "State") {
        "DELIVERED" => output::styled(output::GOOD, "delivered"),
        "OWED" if text(post, "StreamName").is_empty() => "dropped with its stream".to_owned(),
        "OWED" if made == 0 => "pending, waiting for its first attempt".to_owned(),
        "OWED" => format!("pending, attempt {} not before {}", made + 1, text(post, "NextAttempt")),
        "DEAD_LETTERED" => output::styled(output::BAD, "given up, dead letter in eventstreams-dlq"),
        _ => output::styled(output::BAD, "given up and lost: there is no queue eventstreams-dlq"),
    };
    output::line(format_args!("posted to the event stream {name}: {state}"));
    if let Some(error) = post.get("ErrorMessage").and_then(Value::as_str) {
        output::line(format_args!("            attempt {made}  {}  {error}", text(post, "LastAttempt")));
    }
}

fn print_delivery(delivery: &Value) {
    let (made, attempts) = (count(delivery, "AttemptsMade"), items(delivery, "Attempts"));
    let state = match text(delivery, "State") {
        "DELIVERED" => output::styled(output::GOOD, "delivered"),
        "OWED" if made == 0 => "pending, waiting for its first attempt".to_owned(),
        "OWED" => format!("pending, attempt {} not before {}", made + 1, text(delivery, "NextAttempt")),
        "DEAD_LETTERED" => format!(
            "{} {}",
            output::styled(output::BAD, "given up, dead letter in"),
            text(delivery, "DeadLetterQueueArn")
        ),
        _ => output::styled(output::BAD, "given up and lost: no dead-letter queue took it"),
    };
    let id = text(delivery, "TargetId");
    wrap::line(format_args!("            to {id} ({}): {state}", text(delivery, "TargetArn")), 14);
    let mut before = 0;
    for attempt in attempts {
        let number = count(attempt, "Number");
        if number > before + 1 {
            output::line(format_args!("              ... {} attempts not kept", number - before - 1));
        }
        before = number;
        wrap::line(format_args!("              {}", attempt_line(attempt, number)), 16);
    }
    let refusal = text(delivery, "Refusal");
    if !refusal.is_empty() {
        output::line(format_args!(
            "              {}: {refusal}",
            output::styled(output::BAD, "AWS would refuse it")
        ));
    }
}

/// `attempt 1  2026-03-19T22:04:48.128Z  5000 ms  503 ERROR_FROM_TARGET: ...  "first bytes"`.
fn attempt_line(attempt: &Value, number: u64) -> String {
    let mut line = format!("attempt {number}  {}  {} ms", text(attempt, "Started"), count(attempt, "TookMs"));
    if let Some(status) = attempt.get("Status") {
        line.push_str(&format!("  {status}"));
    }
    match text(attempt, "ErrorCode") {
        "" => line.push_str("  accepted"),
        code => line.push_str(&format!("  {code}: {}", text(attempt, "ErrorMessage"))),
    }
    let answer = text(attempt, "Answer");
    if !answer.is_empty() {
        line.push_str(&format!("  {answer:?}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::attempt_line;

    #[test]
    fn an_attempt_tells_what_was_answered() {
        let started = "2026-03-19T22:04:48.128Z";
        let good = json!({"Started": started, "TookMs": 12, "Status": 200});
        assert_eq!(attempt_line(&good, 1), format!("attempt 1  {started}  12 ms  200  accepted"));
        let local = json!({"Started": started, "TookMs": 0});
        assert_eq!(attempt_line(&local, 1), format!("attempt 1  {started}  0 ms  accepted"));
        let bad = json!({
            "Started": started, "TookMs": 5000, "Status": 503, "ErrorCode": "ERROR_FROM_TARGET",
            "ErrorMessage": "it said no", "Answer": "try\nlater",
        });
        let words =
            format!("attempt 3  {started}  5000 ms  503  ERROR_FROM_TARGET: it said no  \"try\\nlater\"");
        assert_eq!(attempt_line(&bad, 3), words);
    }
}
