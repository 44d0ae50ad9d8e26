//! Event patterns that nothing known can satisfy: what the catalogue says about each, and where in the pattern's text.

mod value;

use genesys::catalogue::{self, Advice, Origin, Topic};
use pattern::EventPattern;
use pattern::matcher::Matcher;
use pattern::pattern::{Alternative, Field, Leaf, Span};

/// Maximum number of alternatives of a pattern with `$or` that are looked at.
const ALTERNATIVES_MAX: usize = 100;

/// What a pattern is to match, beside what it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// Nothing is known of them.
    Any,
    /// Events of Genesys Cloud, or derived from them.
    OfGenesys,
}

/// One reason why a pattern, or one of its alternatives, can match nothing that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The part of the pattern's text at fault.
    pub span: Span,
    /// Why, as a sentence without a full stop.
    pub sentence: String,
    /// What would match, likewise.
    pub suggestion: Option<String>,
}

/// What no topic of Genesys Cloud and none of ours can satisfy. Only for a pattern that is about them: by its sources; where
/// it names none, by its detail-types; or because `events` says that it is to match them.
pub fn findings(pattern: &EventPattern, events: Events) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for alternative in pattern.alternatives().iter().take(ALTERNATIVES_MAX) {
        let Some(question) = Question::of(alternative, events) else { continue };
        for finding in question.findings() {
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    found
}

impl Finding {
    /// All of it as one sentence.
    pub fn text(&self) -> String {
        match &self.suggestion {
            Some(suggestion) => format!("{}; {suggestion}", self.sentence),
            None => self.sentence.clone(),
        }
    }
}

/// What one alternative of a pattern asks for.
struct Question<'p> {
    alternative: &'p Alternative,
    /// The one sort of source that it names; `None` where it names both or none.
    origin: Option<Origin>,
}

impl<'p> Question<'p> {
    /// `None` where it is about other people's events, too.
    fn of(alternative: &'p Alternative, events: Events) -> Option<Self> {
        let question = Self { alternative, origin: None };
        let sources: Vec<&str> = question.leaves("source").filter_map(source_of).collect();
        let origins: Vec<Option<Origin>> = sources.into_iter().map(catalogue::origin_of).collect();
        if origins.contains(&None) {
            return None;
        }
        let has_known_type = || {
            let known = |name: &str| catalogue::topic_of(name).is_some() || name.starts_with("v2.");
            question.leaves("detail-type").filter_map(exact).any(known)
        };
        if origins.is_empty() && events == Events::Any && !has_known_type() {
            return None;
        }
        let origin = origins.first().copied().flatten().filter(|first| {
            origins.iter().all(|origin| *origin == Some(*first))
                && question.leaves("source").all(|leaf| source_of(leaf).is_some())
        });
        Some(Self { alternative, origin })
    }

    fn field(&self, path: &str) -> Option<&'p Field> {
        self.alternative.fields.iter().find(|field| field.path == path).map(AsRef::as_ref)
    }

    fn leaves(&self, path: &str) -> impl Iterator<Item = &'p Matcher> + use<'p> {
        self.field(path).into_iter().flat_map(|field| &field.leaves).map(|leaf| &leaf.matcher)
    }

    fn findings(&self) -> Vec<Finding> {
        if let Some(finding) = self.sent_by_another() {
            return vec![finding];
        }
        let named: Vec<&str> = self.leaves("detail-type").filter_map(exact).collect();
        let types = self.field("detail-type");
        let selected: Vec<&'static Topic> =
            catalogue::topics().iter().filter(|topic| self.selects(topic)).collect();
        let is_open =
            types.is_some_and(|field| field.leaves.iter().any(|leaf| exact(&leaf.matcher).is_none()));
        let names: Vec<&str> = match types {
            // By prefix, wildcard and their like: what they select is what is asked for.
            Some(field) if is_open && selected.is_empty() => {
                return vec![Finding {
                    span: field.span,
                    sentence: "no known topic has such a name".to_owned(),
                    suggestion: None,
                }];
            }
            Some(_) if is_open => selected.iter().map(|topic| topic.name()).collect(),
            Some(_) => named,
            None if self.origin.is_none() => Vec::new(),
            None => selected.iter().map(|topic| topic.name()).collect(),
        };
        let advice = catalogue::unsatisfiable(&names, &self.required());
        let mut found: Vec<Finding> = advice.into_iter().map(|advice| self.place(advice)).collect();
        if found.is_empty() {
            let values = self.alternative.fields.iter().flat_map(|field| value::findings(field, &selected));
            found.extend(values);
        }
        found
    }

    /// The paths that must be there.
    fn required(&self) -> Vec<&'p str> {
        let is_required =
            |leaves: &[Leaf]| leaves.iter().all(|leaf| !matches!(leaf.matcher, Matcher::Exists(false)));
        let fields = self.alternative.fields.iter().filter(|field| is_required(&field.leaves));
        fields.map(|field| field.path.as_str()).collect()
    }

    fn selects(&self, topic: &Topic) -> bool {
        let by_name = self.field("detail-type").is_none_or(|field| {
            field.leaves.iter().any(|leaf| leaf.matcher.accepts_text(topic.name().as_bytes()))
        });
        by_name && self.origin.is_none_or(|origin| origin == topic.origin())
    }

    /// Every detail-type is known, and all of them come with the other source.
    fn sent_by_another(&self) -> Option<Finding> {
        let origin = self.origin?;
        let field = self.field("detail-type")?;
        let topics: Vec<&Topic> = field
            .leaves
            .iter()
            .map(|leaf| exact(&leaf.matcher).and_then(catalogue::topic))
            .collect::<Option<_>>()?;
        let first = topics.first().filter(|_| topics.iter().all(|topic| topic.origin() != origin))?;
        let (its, suggestion) = match first.origin() {
            Origin::Derived => ("`genesys.cloud`", "`genesys.cloud` is the source of what Trunkline derives"),
            Origin::Genesys => (
                "`aws.partner/genesys.com/cloud/...`",
                "what Trunkline derives, with source `genesys.cloud`, is `conversation.end` and its like",
            ),
        };
        Some(Finding {
            span: self.field("source").map_or(field.span, |source| source.span),
            sentence: format!("the source of `{}` is {its}", first.name()),
            suggestion: Some(suggestion.to_owned()),
        })
    }

    fn place(&self, advice: Advice) -> Finding {
        let types = self.field("detail-type").into_iter().flat_map(|field| &field.leaves);
        let named = |name: &String| {
            types.clone().find(|leaf| exact(&leaf.matcher) == Some(name)).map(|leaf| leaf.span)
        };
        let span = match (&advice.path, &advice.detail_type) {
            (Some(path), _) => self.field(path).map(|field| field.span),
            (None, Some(name)) => named(name),
            (None, None) => self.field("detail-type").map(|field| field.span),
        };
        let (sentence, suggestion) = match advice.sentence.split_once("; ") {
            Some((sentence, suggestion)) => (sentence.to_owned(), Some(suggestion.to_owned())),
            None => (advice.sentence, None),
        };
        Finding { span: span.unwrap_or_default(), sentence, suggestion }
    }
}

/// The text that a matcher asks for exactly.
fn exact(matcher: &Matcher) -> Option<&str> {
    match matcher {
        Matcher::String(text) | Matcher::Address { text, .. } => Some(text),
        _ => None,
    }
}

/// What a matcher of `source` asks for, or how that begins; `None` where it does not say.
fn source_of(matcher: &Matcher) -> Option<&str> {
    match matcher {
        Matcher::String(text) => Some(text),
        Matcher::Prefix(prefix) => Some(prefix.text()),
        Matcher::Wildcard(wildcard) => Some(wildcard.text()),
        _ => None,
    }
}
