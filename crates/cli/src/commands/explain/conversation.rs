//! `trunkline explain --conversation`: why the events of one conversation did or did not match, in one line.

use std::collections::BTreeSet;
use std::process::ExitCode;

use pattern::explain::nearness::Nearness;
use pattern::{Event, EventPattern};
use serde_json::{Value, json};
use server::reason::{explain, first_blamed};

use crate::listed::{event_text, is_of_conversation};
use crate::output;
use crate::remote::{Endpoint, Remote};
use crate::stretch::Stretch;

/// What is asked, and where.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) bus: &'a str,
    pub(super) conversation: &'a str,
    /// How the rule or the pattern is called.
    pub(super) rule: &'a str,
    pub(super) pattern: &'a EventPattern,
    pub(super) enabled: Enabled,
    pub(super) within: &'a Stretch,
}

/// Whether a rule takes part in matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Enabled {
    Yes,
    No,
}

/// What the events of the conversation came to.
#[derive(Debug, Default)]
struct Matches {
    events: usize,
    matched: Vec<Match>,
    detail_types: BTreeSet<String>,
    /// Whether one of them is of a kind that the pattern is about.
    kind_seen: bool,
    nearest: Option<Near>,
}

/// An event that matched.
#[derive(Debug)]
struct Match {
    detail_type: String,
    id: String,
}

/// The event that came nearest, and what kept it from matching.
#[derive(Debug)]
struct Near {
    nearness: Nearness,
    detail_type: String,
    id: String,
    path: String,
    reason: String,
}

/// Prints one line, or one JSON object. Exit status 0 where an event of the conversation matched, 1 where none did.
///
/// # Errors
/// What the server said, or that it has no event of the conversation.
pub(super) fn run(question: &Question<'_>, form: output::Form) -> Result<ExitCode, String> {
    let found = question.find()?;
    if found.events == 0 {
        return Err(format!(
            "none of the events examined on the bus {1} belongs to conversation {0}; --since 2d looks further back, --bus selects another bus",
            question.conversation, question.bus
        ));
    }
    let because = question.because(&found);
    match form {
        output::Form::Json => output::json(found.json(question, &because)),
        output::Form::Text => {
            let verdict = if found.matched.is_empty() {
                output::styled(output::BAD, "no match")
            } else {
                output::styled(output::GOOD, "match")
            };
            let events = if found.events == 1 { "event" } else { "events" };
            output::line(format_args!(
                "{verdict}  conversation {}, rule {}, {} {events} on the bus {}: {because}",
                question.conversation, question.rule, found.events, question.bus
            ));
        }
    }
    let taken = !found.matched.is_empty() && question.enabled == Enabled::Yes;
    Ok(if taken { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Question<'_> {
    fn find(&self) -> Result<Matches, String> {
        let remote = Remote::open(self.endpoint)?;
        let mut found = Matches::default();
        self.within.visit(&remote, self.bus, |listed| {
            let text = event_text(listed);
            if is_of_conversation(self.conversation, &text) { found.add(self.pattern, &text) } else { Ok(()) }
        })?;
        Ok(found)
    }

    fn because(&self, found: &Matches) -> String {
        if let Some(Match { detail_type, id }) = found.matched.first() {
            let more = match found.matched.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let disabled = if self.enabled == Enabled::No { ", but the rule is disabled" } else { "" };
            return format!("{detail_type} ({id}){more} matches{disabled}");
        }
        let Some(near) = &found.nearest else { return "none could be read".to_owned() };
        if !found.kind_seen && near.path == "detail-type" {
            let types: Vec<&str> = found.detail_types.iter().map(String::as_str).collect();
            let hint = if self.asks_for_an_end() {
                "; it has not ended, or its wrap-up is still pending"
            } else {
                ""
            };
            return format!(
                "none has a detail-type that the rule matches; there are {}{hint}",
                types.join(", ")
            );
        }
        format!("{} ({}) comes nearest, but {}: {}", near.detail_type, near.id, near.path, near.reason)
    }

    fn asks_for_an_end(&self) -> bool {
        self.pattern.text().contains("\"conversation.end\"")
    }
}

impl Matches {
    fn add(&mut self, pattern: &EventPattern, text: &str) -> Result<(), String> {
        let event = Event::parse(text.as_bytes()).map_err(|e| e.to_string())?;
        let (id, detail_type) = (string(&event, "id"), string(&event, "detail-type"));
        self.events += 1;
        self.detail_types.insert(detail_type.clone());
        let nearness = pattern.nearness(&event).map_err(|e| e.to_string())?;
        if nearness.matched {
            self.matched.push(Match { detail_type, id });
            return Ok(());
        }
        let explanation = explain(pattern, &event)?;
        let blames = |path: &str| explanation.blamed().iter().any(|field| field.path == path);
        let is_kind = !blames("detail-type") && !blames("source");
        // An event of the right kind says more than one that has fewer fields wrong.
        let rank = |kind: bool, nearness: &Nearness| (kind, std::cmp::Reverse(nearness.failed));
        let better = self
            .nearest
            .as_ref()
            .is_none_or(|best| rank(is_kind, &nearness) > rank(self.kind_seen, &best.nearness));
        if better && let Some(field) = first_blamed(&explanation) {
            let (path, reason) = (field.path.clone(), field.reason.clone());
            self.nearest = Some(Near { nearness, detail_type, id, path, reason });
        }
        self.kind_seen |= is_kind;
        Ok(())
    }

    fn json(&self, question: &Question<'_>, because: &str) -> Value {
        let matched: Vec<Value> = self
            .matched
            .iter()
            .map(|event| json!({"id": event.id, "detailType": event.detail_type}))
            .collect();
        let nearest = self.nearest.as_ref().filter(|_| matched.is_empty()).map(|near| {
            json!({"id": near.id, "detailType": near.detail_type, "path": near.path, "reason": near.reason})
        });
        json!({
            "conversation": question.conversation, "rule": question.rule, "bus": question.bus, "events": self.events,
            "detailTypes": self.detail_types, "enabled": question.enabled == Enabled::Yes, "matched": matched,
            "nearest": nearest, "because": because,
        })
    }
}

fn string(event: &Event, key: &str) -> String {
    event.string(key).unwrap_or_default().to_owned()
}
