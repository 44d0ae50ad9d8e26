//! `trunkline explain`: whether a pattern matches an event, and if not, why not.

mod conversation;

use std::process::ExitCode;

use anstyle::Style;
use clap::Args;
use doctor::unsatisfiable;
use genesys::catalogue;
use pattern::explain::{Explanation, Style as Part};
use pattern::{Event, EventPattern};
use provision::Request;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use server::reason::{explain, first_blamed};

use crate::commands::explain::conversation::{Enabled, Question};
use crate::listed::event_text;
use crate::output::Form;
use crate::remote::{Endpoint, text};
use crate::stretch::Stretch;
use crate::{input, output, remote};

/// Arguments of `trunkline explain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The event pattern: a file, JSON, or - for standard input
    #[arg(long, value_name = "FILE|JSON|-", required_unless_present = "rule", conflicts_with = "rule")]
    pattern: Option<String>,
    /// The rule of a running Trunkline whose pattern is explained
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// The event: a file, JSON, or - for standard input; a file of JSON Lines holds many events
    #[arg(long, value_name = "FILE|JSON|-", required_unless_present_any = ["last", "conversation"], conflicts_with_all = ["last", "conversation"])]
    event: Option<String>,
    /// The latest N events on the rule's bus of a running Trunkline
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    last: Option<u32>,
    /// Explain in one line whether an event of this conversation matches, and if not, why
    #[arg(long, value_name = "ID", conflicts_with = "last")]
    conversation: Option<String>,
    /// How far back --conversation looks: 1h, 2d, 2026-03-19T22:04:48Z, or a number of events
    #[arg(long, value_name = "TIME|N", default_value = "1h", requires = "conversation")]
    within: Stretch,
    /// The event bus of --rule, --last and --conversation
    #[arg(long, value_name = "NAME", default_value = "default")]
    bus: String,
    #[command(flatten)]
    endpoint: Endpoint,
    /// Print JSON instead of text: one object, or one per line if there are many events
    #[arg(long)]
    json: bool,
}

/// Exit status 0 where every event matched, 1 where one did not.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    if let Some(conversation) = &arguments.conversation {
        return arguments.explain_conversation(conversation);
    }
    let pattern = arguments.pattern()?;
    let events = arguments.events()?;
    if events.is_empty() {
        return Err(format!("there are no events on the bus {} yet", arguments.bus));
    }
    let mut book = Book { many: events.len() > 1, json: arguments.json, ..Book::default() };
    for (number, text) in events.iter().enumerate() {
        match Explained::of(&pattern, text) {
            Ok(explained) => book.show(&explained),
            Err(message) if book.many => book.show_invalid(number + 1, &message),
            Err(message) => return Err(format!("the event is not valid: {message}")),
        }
    }
    if !arguments.json {
        if book.many {
            output::line(format_args!("{} of {} events match", book.matched, events.len()));
        }
        for finding in unsatisfiable::findings(&pattern, book.events()) {
            output::line(format_args!("{}: {}", output::styled(output::STRONG, "note"), finding.text()));
        }
    }
    Ok(if book.matched == events.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the events came to.
#[derive(Debug, Default)]
struct Book {
    /// Each event gets a line instead of a page.
    many: bool,
    /// Each gets an object of JSON.
    json: bool,
    matched: usize,
    /// Whether one of them is of Genesys Cloud, or derived from its events.
    genesys: bool,
}

impl Book {
    fn show(&mut self, explained: &Explained) {
        self.matched += usize::from(explained.explanation.matched);
        self.genesys |= explained.event.string("source").is_some_and(catalogue::is_source);
        match (self.json, self.many) {
            (true, _) => output::json(explained.machine_line()),
            (false, true) => output::line(explained.one_line()),
            (false, false) => {
                let style = |part, text: &str| output::styled(style_of(part), text);
                output::raw(explained.explanation.to_text(&style));
            }
        }
    }

    fn events(&self) -> unsatisfiable::Events {
        if self.genesys { unsatisfiable::Events::OfGenesys } else { unsatisfiable::Events::Any }
    }

    /// One event of many that is none does not keep the others from being explained.
    fn show_invalid(&self, number: usize, message: &str) {
        if self.json {
            return output::json(json!({"matched": false, "event": number, "invalid": message}));
        }
        let verdict = output::styled(output::BAD, "not valid");
        output::line(format_args!("{verdict} event {number}: {message}"));
    }
}

impl Arguments {
    fn explain_conversation(&self, conversation: &str) -> Result<ExitCode, String> {
        let (pattern, enabled) = match &self.rule {
            Some(rule) => {
                let answer = self.described(rule)?;
                let enabled = if text(&answer, "State") == "DISABLED" { Enabled::No } else { Enabled::Yes };
                (parsed(&pattern_in(&answer, rule)?)?, enabled)
            }
            None => (self.pattern()?, Enabled::Yes),
        };
        let question = Question {
            endpoint: &self.endpoint,
            bus: &self.bus,
            conversation,
            rule: self.rule.as_deref().unwrap_or("(the pattern)"),
            pattern: &pattern,
            enabled,
            within: &self.within,
        };
        conversation::run(&question, if self.json { Form::Json } else { Form::Text })
    }

    fn pattern(&self) -> Result<EventPattern, String> {
        let text = match (&self.pattern, &self.rule) {
            (Some(pattern), _) => input::text_argument(pattern)?,
            (None, rule) => {
                let rule = rule.as_deref().unwrap_or_default();
                pattern_in(&self.described(rule)?, rule)?
            }
        };
        parsed(&text)
    }

    fn described(&self, rule: &str) -> Result<Value, String> {
        let request = Request::events("DescribeRule", json!({"Name": rule, "EventBusName": self.bus}));
        remote::ask(&self.endpoint, request)
    }

    /// The events' texts.
    fn events(&self) -> Result<Vec<String>, String> {
        let Some(event) = &self.event else { return self.last_events() };
        let text = input::text_argument(event)?;
        // A first line that is a whole object, and more lines after it: JSON Lines. Otherwise one event, spread over lines.
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        if let [first, _, ..] = lines.as_slice()
            && first.trim_start().starts_with('{')
            && serde_json::from_str::<&RawValue>(first).is_ok()
        {
            return Ok(lines.into_iter().map(str::to_owned).collect());
        }
        Ok(vec![text])
    }

    fn last_events(&self) -> Result<Vec<String>, String> {
        let request = Request::trunkline("ListEvents", json!({"EventBusName": self.bus, "Last": self.last}));
        let answer = remote::ask(&self.endpoint, request)?;
        let events = remote::items(&answer, "Events");
        Ok(events.iter().map(event_text).collect())
    }
}

/// The pattern of a rule as DescribeRule answers it.
fn pattern_in(answer: &Value, rule: &str) -> Result<String, String> {
    let pattern = answer.get("EventPattern").and_then(Value::as_str);
    pattern.map(str::to_owned).ok_or_else(|| format!("the rule {rule} has no event pattern"))
}

fn parsed(pattern: &str) -> Result<EventPattern, String> {
    EventPattern::parse(pattern).map_err(|invalid| {
        let at = format!("{}:{}", invalid.line, invalid.column);
        format!("{}\nat {at}: found {}, expected {}", invalid.message, invalid.found, invalid.expected)
    })
}

/// An event, read once by the reader that rules read with: what it takes, `serde_json` may not (1e999, 200 levels, half a
/// surrogate pair).
struct Explained {
    event: Event,
    explanation: Explanation,
}

impl Explained {
    fn of(pattern: &EventPattern, text: &str) -> Result<Self, String> {
        let event = Event::parse(text.as_bytes()).map_err(|e| e.to_string())?;
        let explanation = explain(pattern, &event)?;
        Ok(Self { event, explanation })
    }

    fn machine_line(&self) -> Value {
        let mut line = self.explanation.to_json();
        if let (Some(line), Some(id)) = (line.as_object_mut(), self.event.string("id")) {
            line.insert("id".to_owned(), Value::from(id));
        }
        line
    }

    /// `match   <id>  <detail-type>` or `no match <id> <detail-type>: <first reason>`.
    fn one_line(&self) -> String {
        let about: Vec<&str> =
            ["id", "detail-type"].iter().filter_map(|key| self.event.string(key)).collect();
        let about = about.join("  ");
        let Some(field) = first_blamed(&self.explanation) else {
            return format!("{}     {about}", output::styled(output::GOOD, "match"));
        };
        let verdict = output::styled(output::BAD, "no match");
        let path = output::styled(output::STRONG, &field.path);
        format!("{verdict}  {about}\n          {path}: {}", field.reason)
    }
}

fn style_of(part: Part) -> Style {
    match part {
        Part::Matched | Part::Edit => output::GOOD,
        Part::Failed => output::BAD,
        Part::Pattern => Style::new(),
        Part::Margin => output::FAINT,
        Part::Hint => output::STRONG,
    }
}
