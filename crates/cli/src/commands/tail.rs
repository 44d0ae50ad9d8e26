//! `trunkline tail`: the events of a bus as they come.

use std::process::ExitCode;

use clap::Args;
use pattern::{Event, EventPattern};
use provision::Request;
use serde_json::{Value, json};

use crate::listed::{event_text, member};
use crate::remote::{At, Remote, items, text};
use crate::stretch::Stretch;
use crate::{input, output};

/// Seconds for which the server holds a request while there is no event.
const WAIT_S: u64 = 20;

/// Arguments of `trunkline tail`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The event bus
    #[arg(long, value_name = "NAME", default_value = "default")]
    bus: String,
    /// Show only events that this rule of the bus matches
    #[arg(long, value_name = "NAME", conflicts_with = "pattern")]
    rule: Option<String>,
    /// Show only events that this pattern matches: a file, JSON, or - for standard input
    #[arg(long, value_name = "FILE|JSON|-")]
    pattern: Option<String>,
    /// Begin with earlier events, since a time or a number: 5m, 1h, 2026-03-19T22:04:48Z, 100
    #[arg(long, value_name = "TIME|N")]
    since: Option<Stretch>,
    #[command(flatten)]
    at: At,
}

/// Ends when it is interrupted, or when the server goes away.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let remote = Remote::open(&arguments.at.endpoint)?;
    let pattern = arguments.pattern(&remote)?;
    let show = |listed: &Value| {
        if pattern.as_ref().is_none_or(|pattern| matches(pattern, listed)) {
            show(listed, &arguments.at);
        }
    };
    let mut after = match &arguments.since {
        Some(since) => Some(since.visit(&remote, &arguments.bus, |listed| {
            show(listed);
            Ok(())
        })?),
        None => None,
    };
    loop {
        let body = json!({"EventBusName": arguments.bus, "After": after, "WaitTimeSeconds": WAIT_S});
        let answer = remote.ask(Request::trunkline("WaitForEvents", body))?;
        items(&answer, "Events").iter().for_each(show);
        after = answer.get("After").and_then(Value::as_u64);
    }
}

impl Arguments {
    fn pattern(&self, remote: &Remote) -> Result<Option<EventPattern>, String> {
        let text = match (&self.rule, &self.pattern) {
            (Some(rule), _) => {
                let body = json!({"Name": rule, "EventBusName": self.bus});
                let rule = remote.ask(Request::events("DescribeRule", body))?;
                text(&rule, "EventPattern").to_owned()
            }
            (None, Some(pattern)) => input::text_argument(pattern)?,
            (None, None) => return Ok(None),
        };
        let pattern = EventPattern::parse(&text).map_err(|invalid| invalid.message)?;
        Ok(Some(pattern))
    }
}

fn matches(pattern: &EventPattern, listed: &Value) -> bool {
    Event::parse(event_text(listed).as_bytes())
        .is_ok_and(|event| pattern.matches_event(&event).unwrap_or(false))
}

/// Prints an event as a line, or as JSON.
pub(crate) fn show(listed: &Value, at: &At) {
    if at.json {
        output::json(output::camel_case(listed.clone()));
    } else {
        output::line(line_of(listed));
    }
}

/// When, which, what, and how many rules matched.
fn line_of(listed: &Value) -> String {
    let rules = listed.get("RulesMatched").and_then(Value::as_u64).unwrap_or_default();
    let rules = match rules {
        0 => output::styled(output::BAD, "no rule matched"),
        1 => output::styled(output::GOOD, "1 rule matched"),
        rules => output::styled(output::GOOD, format_args!("{rules} rules matched")),
    };
    let accepted = output::styled(output::FAINT, text(listed, "Accepted"));
    let kind = output::styled(output::STRONG, member(listed, "detail-type"));
    format!("{accepted}  {}  {}  {kind}  {rules}", member(listed, "id"), member(listed, "source"))
}
