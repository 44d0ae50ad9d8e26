//! The event pattern: its text, and the normal form that the matchers run on.

use std::sync::Arc;

use crate::matcher::Matcher;

/// The most alternatives that `$or` may multiply to. AWS refuses a pattern beyond it
/// (EventBridge user guide, "Or matching": more than 1000 rule combinations).
pub const ALTERNATIVES_MAX: usize = 1000;

/// An event pattern that parses: it cannot be wrong.
///
/// A pattern matches an event when one of its [alternatives](EventPattern::alternatives) does; an alternative matches
/// when every one of its [fields](Field) does, with no two of them taken from different elements of one array; a field
/// matches when one of its [leaves](Leaf) does.
///
/// ```
/// use pattern::EventPattern;
///
/// let pattern = EventPattern::parse(r#"{"detail": {"$or": [{"a": [1, 2]}, {"b": ["x"]}]}}"#).unwrap();
/// let paths: Vec<_> = pattern.alternatives().iter().map(|a| a.fields[0].path.as_str()).collect();
/// assert_eq!(paths, ["detail.a", "detail.b"]);
/// ```
#[derive(Debug, Clone)]
pub struct EventPattern {
    text: String,
    root: Object,
    alternatives: Vec<Alternative>,
}

/// One way to satisfy a pattern: every field must match. A pattern without `$or` has exactly one.
#[derive(Debug, Clone, Default)]
pub struct Alternative {
    /// The fields, one per path, in the order in which the pattern's text first names them. Shared between
    /// alternatives, so that a thousand of them cost a thousand lists and not a thousand copies.
    pub fields: Vec<Arc<Field>>,
}

/// A path and what its value may be.
#[derive(Debug, Clone)]
pub struct Field {
    /// The keys from the root, joined with dots: `detail.eventBody.queueId`. A key that has dots itself is not told
    /// apart from nested keys, as in AWS, neither here nor in the event.
    pub path: String,
    /// What the value may be: any one suffices. Never empty.
    pub leaves: Vec<Leaf>,
    /// The list in the pattern's text, brackets included.
    pub span: Span,
}

/// One entry of a field's list.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// What it accepts.
    pub matcher: Matcher,
    /// Where it stands in the pattern's text.
    pub span: Span,
}

/// A place in the pattern's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte in characters, from 1.
    pub column: usize,
}

impl EventPattern {
    /// The text as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The ways to satisfy the pattern, `$or` multiplied out: at least one, at most [`ALTERNATIVES_MAX`].
    #[must_use]
    pub fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    /// The pattern as it is written, `$or` and all.
    pub(crate) fn root(&self) -> &Object {
        &self.root
    }

    /// Only the parser makes one.
    pub(crate) fn new(text: String, root: Object, alternatives: Vec<Alternative>) -> EventPattern {
        EventPattern { text, root, alternatives }
    }
}

/// A JSON object of the pattern: its entries, in the order of the text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) entries: Vec<Entry>,
}

/// One key of an object and what it leads to.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key as it is read, escapes undone.
    pub(crate) key: String,
    /// The key in the text, quotes included.
    pub(crate) key_span: Span,
    /// One past the last byte of what the key leads to.
    pub(crate) end: usize,
    pub(crate) node: Node,
}

/// What stands behind a key.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// A nested object.
    Object(Object),
    /// The list of a field.
    Field(Arc<Field>),
    /// `$or` and its branches.
    Or(Vec<Object>),
}
