//! Why a rule does not match an event, in one sentence; which rule comes nearest.

use genesys::catalogue;
use pattern::explain::nearness::{Nearness, near_misses};
use pattern::explain::{Explanation, FieldReport, explain_with_schema};
use pattern::{Event, EventPattern};
use serde_json::{Value, json};

/// Explains a pattern on an event, with what is known of the topics of Genesys Cloud.
///
/// # Errors
/// A sentence where the event cannot be decided.
pub fn explain(pattern: &EventPattern, event: &Event) -> Result<Explanation, String> {
    let topic = event.string("detail-type").and_then(catalogue::topic_of);
    let in_schema = |path: &str| topic.is_some_and(|topic| topic.field(path).is_some());
    explain_with_schema(pattern, event, &in_schema).map_err(|e| e.to_string())
}

/// The field that says most about why a pattern does not match; `None` where it does. What kind of event it is says
/// most; the rest only matters for events of the right kind.
pub fn first_blamed(explanation: &Explanation) -> Option<&FieldReport> {
    let blamed = explanation.blamed();
    let at = |path: &str| blamed.iter().find(|field| field.path == path).copied();
    at("source").or_else(|| at("detail-type")).or_else(|| blamed.first().copied())
}

/// A rule with a pattern.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Whether it takes part in matching.
    pub enabled: bool,
    /// What it matches.
    pub pattern: EventPattern,
}

impl Rule {
    /// An enabled rule; `None` where the text is no pattern: such a rule takes no event.
    pub fn new(name: &str, pattern: &str) -> Option<Self> {
        Some(Self { name: name.to_owned(), enabled: true, pattern: EventPattern::parse(pattern).ok()? })
    }
}

/// How a rule takes an event.
#[derive(Clone, Debug)]
pub struct Verdict<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// The pattern matches, whether the rule is enabled or not.
    pub pattern_matches: bool,
    /// Why the rule does not take it; empty where it does.
    pub reason: String,
    /// The field that the reason is about, where it is about one.
    pub path: String,
    /// How close the pattern came.
    pub nearness: Nearness,
}

impl Verdict<'_> {
    /// Whether the rule takes the event.
    pub fn takes(&self) -> bool {
        self.pattern_matches && self.rule.enabled
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({"rule": self.rule.name, "matches": self.takes(), "path": self.path, "reason": self.reason})
    }
}

/// How the rules take an event: those that match first, then the nearest; the `explained` nearest with their reason, no more.
///
/// # Errors
/// A sentence where the event is no event.
pub fn verdicts<'r>(
    rules: impl IntoIterator<Item = &'r Rule>,
    event: &str,
    explained: usize,
) -> Result<Vec<Verdict<'r>>, String> {
    let parsed = Event::parse(event.as_bytes()).map_err(|e| e.to_string())?;
    let patterns = rules.into_iter().map(|rule| (rule, &rule.pattern));
    let ranked = near_misses(patterns, &parsed).map_err(|e| e.to_string())?;
    let mut verdicts = Vec::new();
    let mut left = explained;
    for (rule, nearness) in ranked {
        if nearness.matched {
            let reason = if rule.enabled { "" } else { "the rule was disabled" }.to_owned();
            verdicts.push(Verdict { rule, pattern_matches: true, reason, path: String::new(), nearness });
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        let explanation = explain(&rule.pattern, &parsed)?;
        let field = first_blamed(&explanation);
        let reason = field.map(|field| field.reason.clone()).unwrap_or_default();
        let path = field.map(|field| field.path.clone()).unwrap_or_default();
        verdicts.push(Verdict { rule, pattern_matches: false, reason, path, nearness });
    }
    Ok(verdicts)
}
