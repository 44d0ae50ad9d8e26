//! `trunkline tail`: the events of a bus as they come.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use pattern::{Event, EventPattern};
use provision::Request;
use serde_json::{Value, json};

use crate::listed::{event_page, event_text, member};
use crate::names::Names;
use crate::remote::{At, Remote, items, text};
use crate::window::Window;
use crate::{input, output, table};

/// Seconds for which the server holds a request while there is no event.
const WAIT_S: u64 = 20;

/// How long it waits before it asks again a server that has gone away.
const PAUSE: Duration = Duration::from_secs(1);

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
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    at: At,
}

/// Ends when it is interrupted. A server that goes away is waited for, and what it accepts meanwhile is shown then.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let remote = Remote::open(&arguments.at.endpoint)?;
    let pattern = arguments.pattern(&remote)?;
    let names = Names::known_to(&remote);
    let show = |listed: &Value| {
        if arguments.selects(listed) && pattern.as_ref().is_none_or(|pattern| matches(pattern, listed)) {
            show(listed, &arguments.at);
            if arguments.payload {
                output::line(names.beside(&event_page(listed)));
            }
        }
    };
    let mut after = match arguments.window.given() {
        Some(since) => Some(since.visit(&remote, &arguments.bus, |listed| {
            show(listed);
            Ok(())
        })?),
        None => None,
    };
    let mut is_away = false;
    loop {
        let body = json!({"EventBusName": arguments.bus, "After": after, "WaitTimeSeconds": WAIT_S});
        let request = Request::trunkline("WaitForEvents", body);
        let reached = if after.is_some() { remote.reach(request)? } else { Some(remote.ask(request)?) };
        match reached {
            Some(answer) => {
                items(&answer, "Events").iter().for_each(&show);
                after = answer.get("After").and_then(Value::as_u64);
                is_away = false;
            }
            // Without a place to go on from, what comes meanwhile could not be told from what came before.
            None => {
                if !is_away {
                    output::note(&format!("{} has gone away; waiting for it", arguments.at.endpoint.url));
                }
                is_away = true;
                remote.pause(PAUSE);
            }
        }
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
        output::line(line_of(listed, table::width()));
    }
}

/// In a terminal narrower than this, times lose their date, ids all but their first part, and long texts their end.
const WIDE: u16 = 120;
/// Characters of an id's beginning, which commands take for the whole: its time in ms, and a few random bits.
const SHORT_ID: usize = 18;
/// What a line has beside its source and its detail-type in a narrow terminal: time, id, rules, and two spaces between each.
const BESIDE: usize = 8 + SHORT_ID + 16 + 8;

/// When, which, what, and how many rules matched, within the terminal's width.
fn line_of(listed: &Value, width: Option<u16>) -> String {
    let rules = listed.get("RulesMatched").and_then(Value::as_u64).unwrap_or_default();
    let rules = match rules {
        // Red is for what failed; that no rule is about an event is what most events come to.
        0 => output::styled(output::FAINT, "no rule matched"),
        1 => output::styled(output::GOOD, "1 rule matched"),
        rules => output::styled(output::GOOD, format_args!("{rules} rules matched")),
    };
    let accepted = text(listed, "Accepted");
    let [id, source, kind] = ["id", "source", "detail-type"].map(|name| member(listed, name));
    let strong = |text: &str| output::styled(output::STRONG, text);
    let Some(width) = width.filter(|width| *width < WIDE) else {
        return format!(
            "{}  {id}  {source}  {}  {rules}",
            output::styled(output::FAINT, accepted),
            strong(&kind)
        );
    };
    let each = usize::from(width).saturating_sub(BESIDE) / 2;
    let time = accepted.split('T').nth(1).and_then(|time| time.get(..8)).unwrap_or(accepted);
    let id: String = id.chars().take(SHORT_ID).collect();
    format!(
        "{}  {id}  {}  {}  {rules}",
        output::styled(output::FAINT, time),
        ending(&source, each),
        strong(&ending(&kind, each))
    )
}

/// The end of a long text: of a source and a topic it says most.
fn ending(text: &str, chars_max: usize) -> String {
    let count = text.chars().count();
    if count <= chars_max {
        return text.to_owned();
    }
    let end: String = text.chars().skip(count - chars_max + 1).collect();
    format!("\u{2026}{end}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{field, line_of};

    #[test]
    fn a_line_fits_its_terminal() {
        let event = json!({
            "id": "b5e5e49d-05d8-3718-9ca8-0d83e9733b27", "detail-type": "v2.detail.events.conversation.{id}.customer.end",
            "source": "aws.partner/genesys.com/cloud/0a787ecb-4015-4f1b-8d1b-5a2d1f0e9c11/trunkline",
        });
        let listed = json!({"Accepted": "2026-03-19T22:04:48.128Z", "RulesMatched": 12, "Event": event});
        let plain = |width| anstream::adapter::strip_str(&line_of(&listed, width)).to_string();
        for width in [80, 100] {
            let line = plain(Some(width));
            assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
            assert!(line.starts_with("22:04:48  b5e5e49d-05d8-3718  \u{2026}"), "{line}");
            assert!(line.ends_with("customer.end  12 rules matched"), "{line}");
        }
        assert_eq!(plain(Some(140)), plain(None));
        assert!(plain(None).contains("b5e5e49d-05d8-3718-9ca8-0d83e9733b27"));
    }

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
