//! What is live: which events a tab wants, the rows that it is sent, the figures that have changed.

use std::collections::BTreeMap;

use aws::Error;
use pattern::{Event, EventPattern};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::address::href;
use crate::answer::Visit;
use crate::parts::{bytes, grouped};
use crate::pipeline;
use crate::source::{Question, Source, find};
use crate::standing;
use crate::value::{items, number, text};

/// Rows that one message carries; of more, the newest, and the message says how many were left out.
pub const ROWS_MAX: usize = 60;

/// What a tab wants.
#[derive(Debug, Default)]
pub struct Wish {
    /// The bus whose events it wants; empty: none.
    pub bus: String,
    /// Whether it wants figures.
    pub figures: bool,
    filter: Filter,
}

/// Which events are wanted: those that all of these take.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// In the event's text, in any case, or `path=value`; empty: all.
    text: String,
    patterns: Vec<EventPattern>,
}

/// An event as the records show it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Listed {
    pub(crate) accepted: String,
    pub(crate) rules_matched: u64,
    event: Option<Box<RawValue>>,
    event_text: Option<String>,
}

impl Listed {
    /// The whole envelope.
    pub(crate) fn json(&self) -> &str {
        self.event.as_ref().map(|raw| raw.get()).or(self.event_text.as_deref()).unwrap_or_default()
    }
}

/// Events of a bus, oldest first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listing {
    pub(crate) events: Vec<Listed>,
    /// What comes after these is asked for with this position.
    pub after: u64,
}

impl Listing {
    /// How many it holds.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Reads the answer of ListEvents and WaitForEvents.
    ///
    /// # Errors
    /// `InternalFailure` where it is another.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(body).map_err(|e| Error::receiver("InternalFailure", 500, e.to_string()))
    }
}

impl Filter {
    /// What the query of a page asks for.
    ///
    /// # Errors
    /// What is wrong with the pattern; the rule that is not there.
    pub(crate) async fn read(source: &Source, visit: &Visit) -> Result<Self, Error> {
        let mut patterns = Vec::new();
        let wanted = visit.param("pattern");
        if !wanted.is_empty() {
            let pattern = EventPattern::parse(wanted);
            patterns.push(
                pattern.map_err(|invalid| Error::sender("InvalidEventPatternException", invalid.message))?,
            );
        }
        let rule = visit.param("rule");
        if !rule.is_empty() {
            let rule = pipeline::rule(source, bus_of(visit), rule).await?;
            patterns.extend(EventPattern::parse(&rule.pattern).ok());
        }
        Ok(Self { text: visit.param("text").to_lowercase(), patterns })
    }

    pub(crate) fn takes(&self, listed: &Listed) -> bool {
        let json = listed.json();
        let matches = |pattern: &EventPattern| {
            Event::parse(json.as_bytes()).is_ok_and(|event| pattern.matches_event(&event).unwrap_or(false))
        };
        self.takes_text(json) && self.patterns.iter().all(matches)
    }

    fn takes_text(&self, json: &str) -> bool {
        if self.text.is_empty() {
            return true;
        }
        if let Some((path, wanted)) = self.text.split_once('=') {
            return is_at(json, path.trim(), wanted.trim());
        }
        json.to_lowercase().contains(&self.text)
    }
}

/// Whether a value stands at a path; names and texts in any case.
fn is_at(json: &str, path: &str, wanted: &str) -> bool {
    let Ok(event) = serde_json::from_str::<Value>(json) else { return false };
    let found = path.split('.').try_fold(&event, |value, key| {
        let members = value.as_object()?;
        members.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    });
    found.is_some_and(|value| match value {
        Value::String(text) => text.to_lowercase() == wanted,
        other => serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| wanted == *other),
    })
}

/// The bus that a page is about.
pub(crate) fn bus_of(visit: &Visit) -> &str {
    match visit.param("bus") {
        "" => "default",
        bus => bus,
    }
}

impl Wish {
    /// What the query of the stream asks for.
    ///
    /// # Errors
    /// As of the page that asked: a pattern that is none, a rule that has gone.
    pub async fn read(source: &Source, visit: &Visit) -> Result<Self, Error> {
        let bus = visit.param("bus").to_owned();
        let filter = if bus.is_empty() { Filter::default() } else { Filter::read(source, visit).await? };
        Ok(Self { bus, figures: !visit.param("figures").is_empty(), filter })
    }

    /// The message of these events; `None` where none of them is wanted.
    pub fn rows(&self, listing: &Listing) -> Option<Value> {
        let wanted: Vec<&Listed> = listing.events.iter().filter(|listed| self.filter.takes(listed)).collect();
        let left_out = wanted.len().saturating_sub(ROWS_MAX);
        let rows: Vec<Value> = wanted.iter().skip(left_out).map(|listed| row(listed)).collect();
        (!rows.is_empty()).then(|| json!({"rows": rows, "leftOut": left_out}))
    }
}

fn row(listed: &Listed) -> Value {
    let row = Row::of(listed);
    json!({
        "id": row.id, "accepted": row.accepted, "source": row.source, "type": row.kind, "about": row.about,
        "rules": row.rules, "href": href(&["events", &row.id]),
    })
}

/// An event in a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) accepted: String,
    pub(crate) source: String,
    pub(crate) kind: String,
    /// What it is about: its conversation, where it has one.
    pub(crate) about: String,
    pub(crate) rules: u64,
}

/// The most of a text that a row holds, in characters.
const CELL_MAX: usize = 120;

impl Row {
    pub(crate) fn of(listed: &Listed) -> Self {
        let event: Value = serde_json::from_str(listed.json()).unwrap_or_default();
        let cell = |name: &str| shown(text(&event, name));
        Self {
            id: text(&event, "id").to_owned(),
            accepted: listed.accepted.clone(),
            source: cell("source"),
            kind: cell("detail-type"),
            about: shown(conversation_of(&event)),
            rules: listed.rules_matched,
        }
    }
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(CELL_MAX).collect();
    crate::payload::visible(&short, crate::payload::LineEnd::Escaped)
}

/// The conversation that an event speaks of: of a derived event, or of one as Genesys Cloud sends it.
pub(crate) fn conversation_of(event: &Value) -> &str {
    let Some(detail) = event.get("detail") else { return "" };
    match text(detail, "conversationId") {
        "" => detail.get("eventBody").map(|body| text(body, "conversationId")).unwrap_or_default(),
        id => id,
    }
}

/// Figures by their live keys.
pub type Figures = BTreeMap<String, String>;

/// All figures that do not come of the [`crate::meter`]: the books, the queues, the disk.
pub async fn figures(source: &Source) -> Figures {
    let mut figures = Figures::new();
    if let Some(books) = find(source, Question::trunkline("GetBooks", json!({}))).await {
        for page in items(&books, "Pages") {
            for row in items(page, "Rows") {
                let key = format!("books.{}.{}", text(page, "Name"), text(row, "Label"));
                figures.insert(key, grouped(number(row, "Value")));
            }
        }
    }
    for queue in pipeline::queues(source).await.unwrap_or_default() {
        for (what, count) in
            [("visible", queue.visible), ("flight", queue.in_flight), ("delayed", queue.delayed)]
        {
            figures.insert(format!("queue.{}.{what}", queue.name), grouped(count));
        }
    }
    let standing = standing::read(source).await;
    figures.extend(standing.disk_free_bytes.map(|free| ("disk.free".to_owned(), bytes(free))));
    figures
}

/// Those that have another value than before.
pub fn changed(before: &Figures, now: &Figures) -> Figures {
    let differs = |(key, value): &(&String, &String)| before.get(*key) != Some(*value);
    now.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The last events of a bus.
///
/// # Errors
/// The operation's: there is no such bus.
pub(crate) async fn last_events(source: &Source, bus: &str, last: usize) -> Result<Listing, Error> {
    let question = Question::trunkline("ListEvents", json!({"EventBusName": bus, "Last": last}));
    Listing::read(&source(question).await?)
}

/// What is wrong with a pattern: the answer to a page that asks while somebody types; empty where it is right.
pub fn pattern_trouble(pattern: &str) -> Value {
    if pattern.trim().is_empty() {
        return json!({});
    }
    match EventPattern::parse(pattern) {
        Ok(_) => json!({}),
        Err(invalid) => {
            let source_line = pattern.lines().nth(invalid.line.saturating_sub(1)).unwrap_or_default();
            let before: String =
                source_line.chars().take(invalid.column.saturating_sub(1)).map(|_| ' ').collect();
            json!({
                "message": invalid.message, "line": source_line, "caret": format!("{before}^"),
                "expected": invalid.expected,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, Listing, Wish, changed, pattern_trouble};
    use pattern::EventPattern;
    use serde_json::json;

    fn listing() -> Listing {
        let event = |n: u64| {
            json!({"Accepted": "2026-03-19T22:04:48.000Z", "RulesMatched": n % 2, "Event": {
                "id": format!("e{n}"), "source": "shop", "detail-type": "Order", "detail": {"n": n, "state": "Paid", "eventBody": {"conversationId": "c-1"}}}})
        };
        let answer = json!({"Events": (0..100).map(event).collect::<Vec<_>>(), "After": 99});
        Listing::read(answer.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_newest_are_sent_and_the_rest_is_counted() {
        let sent = Wish::default().rows(&listing()).unwrap();
        assert_eq!(sent["leftOut"], 40);
        assert_eq!(sent["rows"][0]["id"], "e40");
        assert_eq!(sent["rows"][59]["about"], "c-1");
    }

    #[test]
    fn a_filter_is_a_text_a_field_or_a_pattern() {
        let count = |filter: Filter| listing().events.iter().filter(|listed| filter.takes(listed)).count();
        let of_text = |text: &str| count(Filter { text: text.to_owned(), patterns: Vec::new() });
        assert_eq!((of_text("e42"), of_text("order"), of_text("nothing")), (1, 100, 0));
        assert_eq!(
            (of_text("detail.n=7"), of_text("detail.state=paid"), of_text("detail.state=open")),
            (1, 100, 0)
        );
        let pattern = EventPattern::parse(r#"{"detail": {"n": [{"numeric": ["<", 5]}]}}"#).unwrap();
        assert_eq!(count(Filter { text: String::new(), patterns: vec![pattern] }), 5);
    }

    #[test]
    fn only_what_changes_is_sent() {
        let figures = |n: u64| [("a".to_owned(), n.to_string()), ("b".to_owned(), "1".to_owned())].into();
        assert_eq!(changed(&figures(1), &figures(2)), [("a".to_owned(), "2".to_owned())].into());
    }

    #[test]
    fn a_wrong_pattern_has_its_place() {
        assert_eq!(pattern_trouble(r#"{"a": [1]}"#), json!({}));
        let trouble = pattern_trouble(r#"{"a": 1}"#);
        assert!(trouble["message"].as_str().unwrap().contains("not valid"), "{trouble}");
        assert!(trouble["caret"].as_str().unwrap().trim_start() == "^", "{trouble}");
    }
}
