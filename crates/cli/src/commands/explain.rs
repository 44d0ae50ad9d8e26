//! `trunkline explain`: whether a pattern matches an event, and if not, why not.

mod conversation;
mod state_machine;
mod subscription;

use std::process::ExitCode;

use anstyle::Style;
use clap::Args;
use doctor::unsatisfiable;
use genesys::catalogue;
use pattern::explain::{Explanation, Style as Part};
use pattern::pattern::Span;
use pattern::{Event, EventPattern};
use provision::Request;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use server::reason::{explain, first_blamed};

use crate::commands::explain::conversation::{Enabled, Question};
use crate::commands::explain::state_machine::Walked;
use crate::listed::event_text;
use crate::names::Names;
use crate::output::Form;
use crate::remote::{Endpoint, Remote, text};
use crate::stretch::Stretch;
use crate::{input, output, remote, wrap};

/// Arguments of `trunkline explain`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The event pattern: a file, JSON, or - for standard input
    #[arg(long, value_name = "FILE|JSON|-", required_unless_present_any = ["rule", "subscription", "state_machine"], conflicts_with = "rule")]
    pattern: Option<String>,
    /// The rule of a running Trunkline whose pattern is explained
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// The event subscription whose filter is explained: each comparison that an event failed
    #[arg(long, value_name = "NAME", conflicts_with_all = ["pattern", "rule", "conversation"])]
    subscription: Option<String>,
    /// The event: a file, JSON, or - for standard input; a file of JSON Lines holds many events
    #[arg(long, value_name = "FILE|JSON|-", required_unless_present_any = ["limit", "conversation", "state_machine"], conflicts_with_all = ["limit", "conversation"])]
    event: Option<String>,
    /// The latest N events on the bus of a running Trunkline; with --rule those whose source it names, and for 1 the nearest miss
    #[arg(long, visible_alias = "last", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
    /// Explain in one line whether an event of this conversation matches, and if not, why
    #[arg(long, value_name = "ID", conflicts_with = "limit")]
    conversation: Option<String>,
    /// How far back --conversation looks: 1h, 2d, 2026-03-19T22:04:48Z
    #[arg(long, alias = "within", value_name = "TIME", default_value = "1h", requires = "conversation")]
    since: Stretch,
    /// Walk a state machine's definition without a server: what each state gets and gives, and why a Choice goes where it goes
    #[arg(long, value_name = "FILE|JSON|-", conflicts_with_all = ["pattern", "rule", "subscription", "event", "limit", "conversation"], requires = "input")]
    state_machine: Option<String>,
    /// The input of --state-machine
    #[arg(long, value_name = "FILE|JSON|-", requires = "state_machine")]
    input: Option<String>,
    /// What the Tasks of --state-machine answer, by state: {"Pay": {"ok": true}, "Ask": {"Throw": {"Error": "Busy"}}}
    #[arg(long, value_name = "FILE|JSON", requires = "state_machine")]
    results: Option<String>,
    /// The event bus of --rule, --limit and --conversation
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
    if let (Some(definition), Some(input)) = (&arguments.state_machine, &arguments.input) {
        let results = arguments.results.as_deref();
        return state_machine::run(&Walked { definition, input, results, json: arguments.json });
    }
    if let Some(conversation) = &arguments.conversation {
        return arguments.explain_conversation(conversation);
    }
    if let Some(name) = &arguments.subscription {
        return arguments.explain_subscription(name);
    }
    let pattern = arguments.pattern()?;
    let events = arguments.events(&pattern)?;
    if events.is_empty() {
        return Err(format!("there are no events on the bus {} yet", arguments.bus));
    }
    let names = arguments.names();
    let mut book = Book { many: events.len() > 1, json: arguments.json, names, ..Book::default() };
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
            // What a hint says of the field is about this event, and nearer.
            if book.hinted.iter().any(|span| span.start <= finding.span.start && finding.span.end <= span.end)
            {
                continue;
            }
            wrap::line(format_args!("{}: {}", output::styled(output::STRONG, "note"), finding.text()), 6);
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
    /// Where the pattern has a field that hints were told of.
    hinted: Vec<Span>,
    /// What the org's ids stand for.
    names: Names,
}

impl Book {
    fn show(&mut self, explained: &Explained) {
        self.matched += usize::from(explained.explanation.matched);
        let hinted = explained.explanation.blamed().into_iter().filter(|field| !field.hints.is_empty());
        self.hinted.extend(hinted.map(|field| field.span));
        self.genesys |= explained.event.string("source").is_some_and(catalogue::is_source);
        match (self.json, self.many) {
            (true, _) => output::json(explained.machine_line()),
            (false, true) => wrap::line(self.names.beside(&explained.one_line()), 2),
            (false, false) => {
                output::line(output::styled(output::FAINT, explained.heading()));
                let style = |part, text: &str| output::styled(style_of(part), text);
                output::raw(self.names.beside(&explained.explanation.to_text(&style)));
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
        wrap::line(format_args!("{verdict} event {number}: {message}"), 2);
    }
}

impl Arguments {
    /// What the org's ids stand for, where a running Trunkline is asked anyway.
    fn names(&self) -> Names {
        if self.json || (self.rule.is_none() && self.event.is_some()) {
            return Names::default();
        }
        Remote::open(&self.endpoint).map(|remote| Names::known_to(&remote)).unwrap_or_default()
    }

    fn explain_subscription(&self, name: &str) -> Result<ExitCode, String> {
        let question = subscription::Question {
            endpoint: &self.endpoint,
            bus: &self.bus,
            name,
            given: self.event.as_deref().map(input::text_argument).transpose()?,
            limit: usize::try_from(self.limit.unwrap_or(1)).unwrap_or(usize::MAX),
        };
        subscription::run(&question, if self.json { Form::Json } else { Form::Text })
    }

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
            within: &self.since,
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
    fn events(&self, pattern: &EventPattern) -> Result<Vec<String>, String> {
        let Some(event) = &self.event else { return self.last_events(pattern) };
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

    /// The latest events; of a rule, those that its pattern is about, and the nearest miss where one is asked for.
    fn last_events(&self, pattern: &EventPattern) -> Result<Vec<String>, String> {
        let last = self.limit.unwrap_or_default();
        let examined = if self.rule.is_some() { last.max(EXAMINED_MAX) } else { last };
        let request = Request::trunkline("ListEvents", json!({"EventBusName": self.bus, "Last": examined}));
        let answer = remote::ask(&self.endpoint, request)?;
        let events: Vec<String> = remote::items(&answer, "Events").iter().map(event_text).collect();
        let count = usize::try_from(last).unwrap_or(usize::MAX);
        Ok(if self.rule.is_some() { of_interest(pattern, &events, count) } else { events })
    }
}

/// Of a rule's events, this many of the latest are examined.
const EXAMINED_MAX: u32 = 1_000;

/// The latest `count` events whose source a pattern names, oldest first; all sources where it fits none. Where one is asked
/// for it is the nearest miss, if there is a miss.
fn of_interest(pattern: &EventPattern, events: &[String], count: usize) -> Vec<String> {
    let explained: Vec<Option<Explained>> =
        events.iter().map(|text| Explained::of(pattern, text).ok()).collect();
    let has_source = |explained: &Option<Explained>| {
        explained
            .as_ref()
            .is_some_and(|it| it.explanation.blamed().iter().all(|field| field.path != "source"))
    };
    let about = if explained.iter().any(has_source) { has_source } else { |_: &Option<Explained>| true };
    let candidates = explained.iter().zip(events).filter(|(explained, _)| about(explained));
    let candidates: Vec<(&Option<Explained>, &String)> = candidates.collect();
    if count == 1 {
        // One of the right kind, then the fewest fields at fault; the newest of those.
        let missed = |explained: &Option<Explained>| {
            let blamed = explained.as_ref()?.explanation.blamed();
            let is_other_kind = blamed.iter().any(|field| field.path == "detail-type");
            (!blamed.is_empty()).then_some((is_other_kind, blamed.len()))
        };
        let misses =
            candidates.iter().rev().filter_map(|(explained, text)| Some((missed(explained)?, *text)));
        if let Some((_, text)) = misses.min_by_key(|(blamed, _)| *blamed) {
            return vec![text.clone()];
        }
    }
    let skipped = candidates.len().saturating_sub(count);
    candidates.into_iter().skip(skipped).map(|(_, text)| text.clone()).collect()
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

    /// Which event it is: `event <id>  <time>  <source>  <detail-type>`, as far as it says so.
    fn heading(&self) -> String {
        let about = ["id", "time", "source", "detail-type"];
        let about: Vec<&str> = about.iter().filter_map(|key| self.event.string(key)).collect();
        format!("event {}", about.join("  ")).trim_end().to_owned()
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

#[cfg(test)]
mod tests {
    use pattern::EventPattern;

    use super::of_interest;

    fn event(source: &str, total: u32, state: &str) -> String {
        format!(r#"{{"source": "{source}", "detail": {{"total": {total}, "state": "{state}"}}}}"#)
    }

    #[test]
    fn the_event_of_one_is_the_nearest_miss_of_the_pattern_s_sources() {
        let text =
            r#"{"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}], "state": ["paid"]}}"#;
        let pattern = EventPattern::parse(text).unwrap();
        let (far, near) = (event("shop", 1, "open"), event("shop", 1, "paid"));
        let (other, hit) = (event("genesys.cloud", 200, "paid"), event("shop", 200, "paid"));
        let events = [far, near, hit, other];
        let chosen = |events: &[String], count: usize| of_interest(&pattern, events, count);
        let [_, near, hit, other] = &events;
        assert_eq!(chosen(&events, 1), [near.as_str()]);
        assert_eq!(chosen(&events, 2), [near.as_str(), hit.as_str()]);
        // Nothing but hits, and nothing but other people's events.
        assert_eq!(chosen(&events[2..3], 1), [hit.as_str()]);
        assert_eq!(chosen(&events[3..], 1), [other.as_str()]);
    }
}
