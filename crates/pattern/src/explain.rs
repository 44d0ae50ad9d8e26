//! Why a pattern does not match an event: the field, what was expected, what was there, and what would match.

pub mod hint;
pub mod nearness;

mod edit;
mod found;
mod json;
mod render;
mod tree;

use crate::error::InvalidEvent;
use crate::event::Event;
use crate::explain::hint::Hint;
use crate::pattern::{EventPattern, Span};

pub use crate::explain::edit::{Change, Edit};
pub use crate::explain::render::Style;

/// Whether a path (`detail.eventBody.id`) exists in the schema of the event at hand; the caller knows the schemas.
pub type Schema<'a> = &'a dyn Fn(&str) -> bool;

/// How a pattern fared on an event: a tree that mirrors the pattern.
///
/// ```
/// use pattern::{Event, EventPattern, explain::explain};
///
/// let pattern = EventPattern::parse(r#"{"detail": {"state": ["Stopped"]}}"#).unwrap();
/// let event = Event::parse(br#"{"detail": {"state": "stopped"}}"#).unwrap();
/// let explanation = explain(&pattern, &event).unwrap();
/// assert!(!explanation.matched);
/// assert_eq!(explanation.blamed()[0].path, "detail.state");
/// assert_eq!(explanation.edit.unwrap().pattern, r#"{"detail": {"state": ["stopped"]}}"#);
/// ```
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Whether the pattern matches: always what [`EventPattern::matches_event`] says.
    pub matched: bool,
    /// The pattern's text.
    pub pattern: String,
    /// The entries of the pattern's outermost object.
    pub steps: Vec<Step>,
    /// The smallest edit of the pattern that was found to match; none where it matches already.
    pub edit: Option<Edit>,
}

/// One key of the pattern and how it fared.
#[derive(Debug, Clone)]
pub struct Step {
    /// The key.
    pub key: String,
    /// Whether everything below matched.
    pub matched: bool,
    /// What is below.
    pub below: Below,
}

/// What stands behind a key of the pattern.
#[derive(Debug, Clone)]
pub enum Below {
    /// A nested object: all must match.
    Object(Vec<Step>),
    /// `$or`: one must match.
    Or(Vec<Branch>),
    /// A field and its list: one leaf must match.
    Field(Box<FieldReport>),
}

/// One branch of `$or`.
#[derive(Debug, Clone)]
pub struct Branch {
    /// Whether everything in it matched.
    pub matched: bool,
    /// Whether this branch came closest, or matched.
    pub closest: bool,
    /// Its entries.
    pub steps: Vec<Step>,
}

/// How a field fared.
#[derive(Debug, Clone)]
pub struct FieldReport {
    /// Its path from the root, joined with dots.
    pub path: String,
    /// Whether one leaf matched, in agreement with the other fields.
    pub matched: bool,
    /// Whether it is one of the fields that keep the pattern from matching: in the branch that came closest, and not
    /// matched.
    pub blamed: bool,
    /// Whether the same path is written again further on, which makes AWS ignore this one.
    pub overridden: bool,
    /// Its list in the pattern's text.
    pub span: Span,
    /// Its leaves.
    pub leaves: Vec<LeafReport>,
    /// What the event has there, as JSON: scalars, or `{...}` and `[]` where there is no scalar. Empty where the path
    /// is absent. At most [`FOUND_MAX`].
    pub found: Vec<String>,
    /// How many values the event has there in all.
    pub found_count: usize,
    /// Why it does not match, in a sentence; empty where it does.
    pub reason: String,
    /// What may be behind it, likeliest first.
    pub hints: Vec<Hint>,
}

/// The most values that a report lists.
pub const FOUND_MAX: usize = 8;

/// How one entry of a field's list fared.
#[derive(Debug, Clone)]
pub struct LeafReport {
    /// Whether a value of the event satisfies it, or their absence.
    pub matched: bool,
    /// What it accepts, in a few words.
    pub expected: String,
    /// Whether it is there to keep events out: `anything-but`, or `exists: false`.
    pub excludes: bool,
    /// Where it stands in the pattern's text.
    pub span: Span,
}

/// Explains how a pattern fares on an event.
///
/// # Errors
/// [`InvalidEvent`] where [`EventPattern::matches_event`] has it.
pub fn explain(pattern: &EventPattern, event: &Event) -> Result<Explanation, InvalidEvent> {
    explain_with_schema(pattern, event, &|_| false)
}

/// The same, with hints at fields that the event's schema has and this event has not.
///
/// # Errors
/// [`InvalidEvent`] where [`EventPattern::matches_event`] has it.
pub fn explain_with_schema(
    pattern: &EventPattern,
    event: &Event,
    schema: Schema<'_>,
) -> Result<Explanation, InvalidEvent> {
    tree::explain(pattern, event, schema)
}

impl Explanation {
    /// The fields that keep the pattern from matching, in the order of the pattern; none where it matches.
    #[must_use]
    pub fn blamed(&self) -> Vec<&FieldReport> {
        self.fields().into_iter().filter(|field| field.blamed).collect()
    }

    /// The blamed fields that are there to keep just such events out: the event has what they exclude.
    #[must_use]
    pub fn excluding(&self) -> Vec<&FieldReport> {
        let excludes = |field: &&FieldReport| {
            !field.found.is_empty() && field.leaves.iter().all(|leaf| leaf.excludes && !leaf.matched)
        };
        self.blamed().into_iter().filter(excludes).collect()
    }

    /// Every field of the pattern, in the order of its text.
    #[must_use]
    pub fn fields(&self) -> Vec<&FieldReport> {
        let mut fields = vec![];
        collect(&self.steps, &mut fields);
        fields
    }
}

fn collect<'a>(steps: &'a [Step], fields: &mut Vec<&'a FieldReport>) {
    for step in steps {
        match &step.below {
            Below::Object(steps) => collect(steps, fields),
            Below::Or(branches) => branches.iter().for_each(|branch| collect(&branch.steps, fields)),
            Below::Field(field) => fields.push(field),
        }
    }
}
