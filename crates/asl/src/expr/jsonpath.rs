//! Paths (`$.a.b[0]`, `$$.Execution.Id`, `$variable.c`): Jayway's JsonPath, which is the language that AWS reads.
//!
//! Jayway is no RFC 9535: a definite path that finds nothing is an error with Jayway's own words, an indefinite one gives
//! `[]`; a filter on an object tests the object; `['a','b']` at the end is one object; `=~`, `in`, `size` and `length()`
//! exist. The engines for RFC 9535 differ in each of these, so the two hundred lines that walk are here.

mod compare;
mod filter;
mod parse;
mod walk;

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value};

pub(crate) use crate::expr::jsonpath::compare::compare_numbers;
use crate::expr::{
    ExprError, Scope, json_text,
    jsonpath::{filter::Filter, walk::walk},
};

/// A path.
#[derive(Clone, Debug)]
pub struct Path {
    text: String,
    root: Root,
    segments: Vec<Segment>,
}

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(String),
}

/// One step of a path.
#[derive(Clone, Debug)]
enum Segment {
    /// `.name`, `['name']`, `['a','b']`: never empty.
    Names(Vec<String>),
    /// `[0]`, `[-1]`, `[0,2]`: never empty.
    Indexes(Vec<i64>),
    /// `[(@.length-n)]`: the nth item from the end.
    FromEnd(i64),
    /// `[from:to]`
    Slice { from: Option<i64>, to: Option<i64> },
    /// `*`
    Wildcard,
    /// `..`: what follows is tried on every value below.
    Descendants,
    /// `[?(...)]`
    Filter(Filter),
    /// `.length()`
    Length,
}

/// Why a path gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// The path leads nowhere (Jayway's PathNotFoundException).
    Nowhere(String),
    /// The path ends in an index past the end of an array.
    PastEnd(String),
    /// The path cannot be used on this value (Jayway's InvalidPathException), or visits too much.
    Unusable(String),
}

impl Miss {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Nowhere(text) | Self::PastEnd(text) | Self::Unusable(text) => text,
        }
    }
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// `text` is no path: `States.Runtime`, with what is wrong in it.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        parse::parse(text)
    }

    /// What the path selects: the value itself for a definite path, an array of all hits for an indefinite one.
    ///
    /// # Errors
    /// `States.Runtime` in AWS's words: "Invalid path '$.x' : No results for path: $['x']".
    pub fn query(&self, scope: &Scope<'_>) -> Result<Value, ExprError> {
        match self.find(scope) {
            Ok(found) => Ok(found.into_owned()),
            Err(miss) => Err(ExprError::runtime(format!("Invalid path '{}' : {}", self.text, miss.text()))),
        }
    }

    /// The same without a copy, and with the reason of a miss.
    pub(crate) fn find<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, Value>, Miss> {
        let document = match &self.root {
            Root::Input => scope.input,
            Root::Context => scope.context,
            Root::Variable(name) => match scope.variables.get(name) {
                Some(value) => value,
                None => return Err(Miss::Nowhere(format!("No results for path: $['{name}']"))),
            },
        };
        walk(document, &self.segments)
    }

    /// Where a definite path ends: the last value on the way, and the member or item that it does not have.
    pub(crate) fn missing<'a>(&self, scope: &Scope<'a>) -> Option<(Cow<'a, Value>, String)> {
        for count in (0..self.segments.len()).rev() {
            let mut before = self.clone();
            before.segments.truncate(count);
            if let Ok(found) = before.find(scope) {
                let missing = self.segments.get(count).map(fragment).unwrap_or_default();
                let missing = missing.trim_matches(['[', ']', '\'']).to_owned();
                return Some((found, missing));
            }
        }
        None
    }

    /// Whether the path selects one place: names and single indexes only. `['a','b']` at its end counts as one, as at
    /// Jayway's.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        is_definite(&self.segments)
    }

    /// The variables that the path reads.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        match &self.root {
            Root::Variable(name) => vec![name.clone()],
            Root::Input | Root::Context => Vec::new(),
        }
    }

    /// Whether the path starts from the context object (`$$`).
    #[must_use]
    pub fn reads_context(&self) -> bool {
        self.root == Root::Context
    }

    /// The path as it stands in its document: a path of the context object without its first dollar, as AWS names it in
    /// "Reference path "$.Execution.Input" must point to array."
    #[must_use]
    pub fn text_in_document(&self) -> &str {
        match self.root {
            Root::Context => self.text.strip_prefix('$').unwrap_or(&self.text),
            Root::Input | Root::Variable(_) => &self.text,
        }
    }

    /// The path in Jayway's form with brackets: `$['a'][0]`.
    #[must_use]
    pub fn canonical(&self) -> String {
        let root = match &self.root {
            Root::Input => "$".to_owned(),
            Root::Context => "$$".to_owned(),
            Root::Variable(name) => format!("${name}"),
        };
        format!("{root}{}", fragments(&self.segments))
    }

    /// AWS's error where a template's path, or that of `ErrorPath` and `CausePath`, finds nothing.
    pub(crate) fn miss_in_field(&self, miss: &Miss, field: &str, scope: &Scope<'_>) -> ExprError {
        match miss {
            Miss::Unusable(text) => ExprError::runtime(format!("Invalid path '{}' : {text}", self.text)),
            Miss::Nowhere(_) | Miss::PastEnd(_) => {
                let document = if self.reads_context() { scope.context } else { scope.input };
                ExprError::runtime(format!(
                    "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
                    self.text,
                    json_text(document)
                ))
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_definite(segments: &[Segment]) -> bool {
    let is_one = |segment: &Segment| match segment {
        Segment::Names(_) | Segment::Length | Segment::FromEnd(_) => true,
        Segment::Indexes(indexes) => indexes.len() == 1,
        Segment::Slice { .. } | Segment::Wildcard | Segment::Descendants | Segment::Filter(_) => false,
    };
    let Some((last, before)) = segments.split_last() else { return true };
    is_one(last)
        && before
            .iter()
            .all(|segment| is_one(segment) && !matches!(segment, Segment::Names(names) if names.len() > 1))
}

/// Segments in Jayway's form with brackets.
fn fragments(segments: &[Segment]) -> String {
    segments.iter().map(fragment).collect()
}

fn fragment(segment: &Segment) -> String {
    match segment {
        Segment::Names(names) => {
            let quoted: Vec<String> = names
                .iter()
                .map(|name| format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'")))
                .collect();
            format!("[{}]", quoted.join(","))
        }
        Segment::Indexes(indexes) => {
            let texts: Vec<String> = indexes.iter().map(i64::to_string).collect();
            format!("[{}]", texts.join(","))
        }
        Segment::FromEnd(back) => format!("[(@.length-{back})]"),
        Segment::Slice { from, to } => {
            let text = |end: &Option<i64>| end.map(|end| end.to_string()).unwrap_or_default();
            format!("[{}:{}]", text(from), text(to))
        }
        Segment::Wildcard => "[*]".to_owned(),
        Segment::Descendants => "..".to_owned(),
        Segment::Filter(filter) => format!("[?({})]", filter.text),
        Segment::Length => ".length()".to_owned(),
    }
}

/// A path that names one place of the input: names and single indexes (`ResultPath`).
#[derive(Clone, Debug)]
pub struct ReferencePath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
}

impl ReferencePath {
    /// Reads a reference path.
    ///
    /// # Errors
    /// `text` is no path, or one that starts from the context object or a variable, or may name more than one place.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        let path = Path::parse(text)?;
        let refuse = || {
            ExprError::runtime(format!(
                "The path '{text}' is no reference path: one place below $, by names and indexes"
            ))
        };
        if path.root != Root::Input {
            return Err(refuse());
        }
        let steps = path.segments.iter().map(step).collect::<Option<Vec<Step>>>().ok_or_else(refuse)?;
        Ok(Self { text: text.to_owned(), steps })
    }

    /// Writes `value` at the place, making the objects on the way that are missing.
    ///
    /// # Errors
    /// A value on the way is no object (no array, for an index), or an index is past the end:
    /// `States.ResultPathMatchFailure`, the name of the specification; the words are AWS's, which reports of 2019 to 2021
    /// show under the name States.ReferencePathConflict (cdklabs/construct-hub#459). What was made on the way stays.
    pub fn put(&self, into: &mut Value, value: Value) -> Result<(), ExprError> {
        let mut place = into;
        let mut is_new = false;
        for step in &self.steps {
            if is_new {
                *place = match step {
                    Step::Name(_) => Value::Object(Map::new()),
                    Step::Index(_) => Value::Array(Vec::new()),
                };
            }
            (place, is_new) = match (step, place) {
                (Step::Name(name), Value::Object(members)) => {
                    let is_new = !members.contains_key(name);
                    (members.entry(name.clone()).or_insert(Value::Null), is_new)
                }
                (Step::Index(index), Value::Array(items)) => {
                    if *index > items.len() {
                        return Err(unfit(step, &Value::Array(std::mem::take(items))));
                    }
                    let is_new = *index == items.len();
                    if is_new {
                        items.push(Value::Null);
                    }
                    match items.get_mut(*index) {
                        Some(item) => (item, is_new),
                        None => return Err(unfit(step, &Value::Null)),
                    }
                }
                (step, other) => return Err(unfit(step, other)),
            };
        }
        *place = value;
        Ok(())
    }
}

impl fmt::Display for ReferencePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Names(names) if names.len() == 1 => names.first().cloned().map(Step::Name),
        Segment::Indexes(indexes) if indexes.len() == 1 => {
            indexes.first().and_then(|index| usize::try_from(*index).ok()).map(Step::Index)
        }
        _ => None,
    }
}

fn unfit(step: &Step, input: &Value) -> ExprError {
    let step = match step {
        Step::Name(name) => name.clone(),
        Step::Index(index) => index.to_string(),
    };
    ExprError::new(
        "States.ResultPathMatchFailure",
        format!("Unable to apply step \"{step}\" to input {}", json_text(input)),
    )
}
