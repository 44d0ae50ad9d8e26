//! The grammar of event patterns: from text to normal form, as event-ruler's `JsonRuleCompiler` reads it.

mod alternatives;
mod complexity;
mod expression;

use std::sync::Arc;

use crate::cost;
use crate::error::{Failure, InvalidPattern};
use crate::json::{Reader, Token};
use crate::matcher::Matcher;
use crate::matcher::cidr::AddressRange;
use crate::matcher::number::Number;
use crate::parse::alternatives::Alternatives;
use crate::pattern::{Entry, EventPattern, Field, Leaf, Node, Object, Span};
use crate::place::LineCount;

/// Keys that may not be used inside `$or`, at any depth: operators, and names kept for operators to come
/// (event-ruler, `Constants.RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP`).
const RESERVED_INSIDE_OR: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// The deepest nesting of a pattern's objects. The size that AWS allows a pattern leaves room for little more; it keeps
/// what walks over patterns within any thread's stack.
const DEPTH_MAX: usize = 500;

const FIELD: &str = "an object with nested fields, or an array with the values to match";

impl EventPattern {
    /// Parses the text of a pattern as PutRule does.
    ///
    /// # Errors
    /// [`InvalidPattern`], with AWS's own words and with ours.
    pub fn parse(text: &str) -> Result<EventPattern, InvalidPattern> {
        let (path, seen) = (vec![], LineCount::default());
        let mut parser =
            Parser { reader: Reader::new(text), path, seen, depth: 0, inside_or: false, too_complex: None };
        parser.pattern().map_err(|failure| failure.in_pattern(text))
    }
}

/// Where a pattern is being read.
pub(crate) struct Parser<'a> {
    pub(crate) reader: Reader<'a>,
    /// The keys from the root to here.
    path: Vec<String>,
    /// How far lines and columns are counted.
    seen: LineCount,
    /// How many objects are being read.
    depth: usize,
    /// Whether a branch of `$or` is being read, at any depth.
    inside_or: bool,
    /// The first wildcard that demands too much. AWS looks for it when the text has proved right.
    pub(crate) too_complex: Option<usize>,
}

impl Parser<'_> {
    fn pattern(&mut self) -> Result<EventPattern, Failure> {
        let mut alternatives = Alternatives::default();
        if self.reader.next()? != Token::StartObject {
            return Err(self.wrong("Filter is not an object", "an object: `{...}`"));
        }
        let root = self.object(&mut alternatives)?;
        if let Some(start) = self.too_complex {
            return Err(Failure::bare(complexity::MESSAGE.to_owned(), start, "fewer `*`"));
        }
        let alternatives = alternatives.into_list();
        if let Some(dearest) = cost::dearest(&alternatives).filter(|dearest| dearest.work > cost::WORK_MAX) {
            return Err(too_dear(&dearest));
        }
        Ok(EventPattern::new(self.reader.source().to_owned(), root, alternatives))
    }

    /// The rest of an object whose brace was read.
    fn object(&mut self, alternatives: &mut Alternatives) -> Result<Object, Failure> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("Event pattern is nested deeper than {DEPTH_MAX} levels");
            return Err(self.wrong(&message, "fewer levels; a dotted key stands for nested ones"));
        }
        let mut object = Object::default();
        loop {
            let key = match self.reader.next()? {
                Token::Name(key) => key,
                _ if object.entries.is_empty() => {
                    return Err(self.wrong("Empty objects are not allowed", "at least one field"));
                }
                _ => {
                    self.depth -= 1;
                    return Ok(object);
                }
            };
            let key_span = self.key_span();
            let node = self.entry(&key, alternatives)?;
            let end = self.reader.at();
            object.entries.push(Entry { key, key_span, end, node });
        }
    }

    /// What stands behind a key.
    fn entry(&mut self, key: &str, alternatives: &mut Alternatives) -> Result<Node, Failure> {
        if key == "$or" {
            return self.or(alternatives).map(Node::Or);
        }
        if self.inside_or && RESERVED_INSIDE_OR.contains(&key) {
            let message = format!("{key} is Ruler reserved fieldName which cannot be used inside $or.");
            return Err(self.wrong(&message, "a field name that is no operator"));
        }
        let value = self.reader.next()?;
        let start = self.place();
        self.path.push(key.to_owned());
        let node = match value {
            Token::StartObject => Node::Object(self.object(alternatives)?),
            Token::StartArray => {
                let leaves = self.leaves()?;
                let span = self.span_from(start);
                let field = Arc::new(Field { path: self.path.join("."), leaves, span });
                alternatives
                    .put(&field)
                    .map_err(|message| Failure::bare(message, span.start, "fewer fields"))?;
                Node::Field(field)
            }
            _ => return Err(self.wrong(&format!("\"{key}\" must be an object or an array"), FIELD)),
        };
        self.path.pop();
        Ok(node)
    }

    /// The value of `$or`: each branch goes on from what the alternatives were before it.
    fn or(&mut self, alternatives: &mut Alternatives) -> Result<Vec<Object>, Failure> {
        let before = std::mem::take(alternatives);
        if self.reader.next()? != Token::StartArray {
            return Err(
                self.wrong("It must be an Array followed with $or.", "an array of two or more objects")
            );
        }
        let start = self.reader.token_start();
        let outside = !std::mem::replace(&mut self.inside_or, true);
        let mut branches = vec![];
        loop {
            match self.reader.next()? {
                Token::EndArray => break,
                Token::StartObject => {
                    let mut branch = before.branch();
                    branches.push(self.object(&mut branch)?);
                    let expected = "fewer branches";
                    alternatives.extend(branch).map_err(|message| Failure::bare(message, start, expected))?;
                }
                _ => {
                    let message = "Only JSON object is allowed in array of $or relationship.";
                    return Err(self.wrong(message, "an object: `{...}`"));
                }
            }
        }
        self.inside_or = !outside;
        if branches.len() < 2 {
            let message = "There must have at least 2 Objects in $or relationship.";
            return Err(self.wrong(message, "two or more objects"));
        }
        Ok(branches)
    }

    /// The rest of a field's list whose bracket was read.
    fn leaves(&mut self) -> Result<Vec<Leaf>, Failure> {
        let mut leaves = vec![];
        loop {
            let token = self.reader.next()?;
            let start = self.place();
            let matcher = match token {
                Token::EndArray => break,
                Token::StartObject => self.expression()?,
                Token::String(_) => string_matcher(self.reader.read_string()?),
                Token::Number(text) => Matcher::Number(Number::new(text)),
                Token::True => Matcher::Boolean(true),
                Token::False => Matcher::Boolean(false),
                Token::Null => Matcher::Null,
                _ => {
                    let message = "Match value must be String, number, true, false, or null";
                    return Err(
                        self.wrong(message, "a string, number, `true`, `false`, `null` or `{operator}`")
                    );
                }
            };
            let span = self.span_from(start);
            leaves.push(Leaf { matcher, span });
        }
        if leaves.is_empty() {
            return Err(self.wrong("Empty arrays are not allowed", "at least one value to match"));
        }
        Ok(leaves)
    }

    /// AWS's message, located where the reader stands, about the token that it gave last.
    pub(crate) fn wrong(&self, message: &str, expected: &str) -> Failure {
        self.reader.located(message, self.reader.token_start(), expected)
    }

    /// Where the last token starts. Places are asked for in the order of the text, so that each is found from the one
    /// before it.
    fn place(&mut self) -> Span {
        let start = self.reader.token_start();
        self.seen.advance(self.reader.source(), start);
        Span { start, end: start, line: self.seen.line, column: self.seen.column }
    }

    /// From a place to where the reader stands.
    fn span_from(&self, place: Span) -> Span {
        Span { end: self.reader.at(), ..place }
    }

    /// Over the key that was just read.
    fn key_span(&mut self) -> Span {
        let place = self.place();
        let rest = self.reader.source().get(place.start + 1..).unwrap_or_default();
        let mut escaped = false;
        let quote = rest.char_indices().find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        Span { end: quote.map_or(place.start, |(i, _)| place.start + 1 + i + 1), ..place }
    }
}

/// AWS's words for a rule that is too complex, with what is too much of it. What AWS's engine finds too much is measured in its
/// own states ([`complexity`]); this is what ours would have to do.
fn too_dear(dearest: &cost::Dearest<'_>) -> Failure {
    let cost::Dearest { path, span, work } = dearest;
    let message = format!(
        "Rule is too complex - each value at {path} would be compared {work} times, at most {} are allowed; try using fewer wildcard characters or splitting the rule",
        cost::WORK_MAX
    );
    Failure::bare(message, span.start, "fewer values to match")
}

/// A plain string: an address if it reads as one.
fn string_matcher(text: String) -> Matcher {
    match AddressRange::exactly(&text) {
        Some(range) => Matcher::Address { text, range },
        None => Matcher::String(text),
    }
}
