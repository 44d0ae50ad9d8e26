//! `trunkline tail`: the events of a bus as they come.

use std::process::ExitCode;

use clap::Args;
use pattern::{Event, EventPattern};
use provision::Request;
use serde_json::{Value, json};

use crate::listed::{event_page, event_text, member};
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
    /// Show only events with this source; may be repeated
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Show only events with this detail-type; may be repeated
    #[arg(long, value_name = "TYPE")]
    detail_type: Vec<String>,
    /// Show only events with this value at this path: detail.order.state=paid; may be repeated
    #[arg(long, value_name = "PATH=VALUE", value_parser = field)]
    field: Vec<Field>,
    /// Also print each event, indented
    #[arg(long, conflicts_with = "json")]
    payload: bool,
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
        if arguments.selects(listed) && pattern.as_ref().is_none_or(|pattern| matches(pattern, listed)) {
            show(listed, &arguments.at);
            if arguments.payload {
                output::line(event_page(listed));
            }
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

/// A path and the value that must be there.
#[derive(Clone, Debug)]
struct Field {
    path: String,
    value: String,
}

fn field(text: &str) -> Result<Field, String> {
    let (path, value) = text.split_once('=').ok_or("write it like detail.order.state=paid")?;
    Ok(Field { path: path.to_owned(), value: value.to_owned() })
}

impl Field {
    fn is_in(&self, event: &Value) -> bool {
        let found = self.path.split('.').try_fold(event, |value, key| value.get(key));
        found.is_some_and(|value| match value {
            Value::String(text) => *text == self.value,
            other => serde_json::from_str::<Value>(&self.value).is_ok_and(|value| *other == value),
        })
    }
}

impl Arguments {
    /// Whether an event is one of those that the options name.
    fn selects(&self, listed: &Value) -> bool {
        let among = |names: &[String], name: &str| names.is_empty() || names.contains(&member(listed, name));
        let event = listed.get("Event").unwrap_or(&Value::Null);
        among(&self.source, "source")
            && among(&self.detail_type, "detail-type")
            && self.field.iter().all(|field| field.is_in(event))
    }

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::field;

    #[test]
    fn a_field_is_compared_as_it_is_written() {
        let event = json!({"detail": {"order": {"state": "paid", "total": 250, "gift": true}}});
        for (text, is_in) in [
            ("detail.order.state=paid", true),
            ("detail.order.total=250", true),
            ("detail.order.gift=true", true),
            ("detail.order.state=open", false),
            ("detail.order.none=1", false),
        ] {
            assert_eq!(field(text).unwrap().is_in(&event), is_in, "{text}");
        }
        assert!(field("detail.order").is_err());
    }
}
