//! The walk along a path's segments.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::expr::jsonpath::{
    Miss, Path, Segment,
    compare::{Side, compare},
    filter::{Filter, Operand, Test},
    fragments, is_definite,
};

/// Values that one query may visit: `$..*..*` on a large input would visit the square of it.
const VISITS_MAX: usize = 1_000_000;

/// Follows `segments` from `document`.
pub(super) fn walk<'a>(document: &'a Value, segments: &[Segment]) -> Result<Cow<'a, Value>, Miss> {
    let mut walk = Walk { document, segments, found: Vec::new(), visits: 0 };
    walk.at_document()
}

/// The same within a filter, whose budget it takes part in.
pub(super) fn walk_counted<'a>(
    document: &'a Value,
    segments: &[Segment],
    visits: &mut usize,
) -> Result<Cow<'a, Value>, Miss> {
    let mut walk = Walk { document, segments, found: Vec::new(), visits: *visits };
    let result = walk.at_document();
    *visits = walk.visits;
    result
}

struct Walk<'a, 's> {
    document: &'a Value,
    segments: &'s [Segment],
    found: Vec<Cow<'a, Value>>,
    visits: usize,
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct WalkPosition {
    /// How many segments are behind it.
    at: usize,
    /// Whether all of those are definite: only then is a miss an error.
    is_definite: bool,
}

impl<'a> Walk<'a, '_> {
    fn at_document(&mut self) -> Result<Cow<'a, Value>, Miss> {
        let (steps, ends_in_length) = match self.segments.split_last() {
            Some((Segment::Length, before)) => (before, true),
            _ => (self.segments, false),
        };
        self.segments = steps;
        let result = self.follow(self.document, WalkPosition { at: 0, is_definite: true });
        let found = if is_definite(steps) {
            result?;
            match self.found.pop() {
                Some(value) => value,
                None => return Err(self.nothing()),
            }
        } else {
            match result {
                Ok(()) | Err(Miss::Nowhere(_) | Miss::PastEnd(_)) => {}
                Err(unusable) => return Err(unusable),
            }
            Cow::Owned(Value::Array(self.found.drain(..).map(Cow::into_owned).collect()))
        };
        if ends_in_length { Ok(Cow::Owned(length(&found))) } else { Ok(found) }
    }

    /// A definite path without a hit: its last index is past the end, or an index before it was.
    fn nothing(&self) -> Miss {
        let text = format!("No results for path: ${}", fragments(self.segments));
        match self.segments.split_last() {
            Some((Segment::Indexes(_) | Segment::FromEnd(_), before))
                if walk(self.document, before).is_ok() =>
            {
                Miss::PastEnd(text)
            }
            _ => Miss::Nowhere(text),
        }
    }

    fn follow(&mut self, value: &'a Value, place: WalkPosition) -> Result<(), Miss> {
        self.visits += 1;
        if self.visits > VISITS_MAX {
            return Err(Miss::Unusable(format!("the path visits more than {VISITS_MAX} values")));
        }
        let segments = self.segments;
        let Some(segment) = segments.get(place.at) else {
            self.found.push(Cow::Borrowed(value));
            return Ok(());
        };
        match segment {
            Segment::Names(names) => self.names(value, names, place),
            Segment::Indexes(indexes) => self.indexes(value, indexes, place),
            Segment::FromEnd(back) => self.indexes(value, &[-back], place),
            Segment::Slice { from, to } => self.slice(value, Ends { from: *from, to: *to }, place),
            Segment::Wildcard => self.children(value, place),
            Segment::Descendants => self.descendants(value, place),
            Segment::Filter(filter) => self.filter(value, filter, place),
            // The parser puts it at the end only, where `at_document` takes it off.
            Segment::Length => Ok(()),
        }
    }

    fn names(&mut self, value: &'a Value, names: &[String], place: WalkPosition) -> Result<(), Miss> {
        let Value::Object(members) = value else {
            if !place.is_definite {
                return Ok(());
            }
            let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            return Err(Miss::Nowhere(format!(
                "Property [{}] not found in path {}",
                quoted.join(","),
                self.text_to(place.at)
            )));
        };
        let is_last = place.at + 1 == self.segments.len();
        if names.len() > 1 && is_last {
            self.merge(members, names);
            return Ok(());
        }
        for name in names {
            match members.get(name) {
                Some(member) => self.follow(member, place.behind(names.len()))?,
                None if is_last || !place.is_definite || names.len() > 1 => {}
                None => {
                    return Err(Miss::Nowhere(format!(
                        "Missing property in path {}",
                        self.text_to(place.at + 1)
                    )));
                }
            }
        }
        Ok(())
    }

    /// `['a','b']` at the end: one object of the members that are there.
    fn merge(&mut self, members: &Map<String, Value>, names: &[String]) {
        let merged: Map<String, Value> = names
            .iter()
            .filter_map(|name| members.get(name).map(|member| (name.clone(), member.clone())))
            .collect();
        self.found.push(Cow::Owned(Value::Object(merged)));
    }

    fn indexes(&mut self, value: &'a Value, indexes: &[i64], place: WalkPosition) -> Result<(), Miss> {
        let Some(items) = self.items(value, place)? else { return Ok(()) };
        for index in indexes {
            let from_front =
                if *index < 0 { index.saturating_add_unsigned(items.len() as u64) } else { *index };
            let item = usize::try_from(from_front).ok().and_then(|index| items.get(index));
            if let Some(item) = item {
                self.follow(item, place.behind(indexes.len()))?;
            }
        }
        Ok(())
    }

    fn slice(&mut self, value: &'a Value, ends: Ends, place: WalkPosition) -> Result<(), Miss> {
        let Some(items) = self.items(value, place)? else { return Ok(()) };
        let length = items.len();
        let from_front = |end: i64| {
            let end = if end < 0 { end.saturating_add_unsigned(length as u64).max(0) } else { end };
            usize::try_from(end).unwrap_or(length).min(length)
        };
        let from = ends.from.map_or(0, from_front);
        let to = ends.to.map_or(length, from_front);
        for item in items.get(from..to).unwrap_or_default() {
            self.follow(item, place.behind_many())?;
        }
        Ok(())
    }

    /// The items of an array. Anything else is no error below an indefinite part.
    fn items(&self, value: &'a Value, place: WalkPosition) -> Result<Option<&'a Vec<Value>>, Miss> {
        match value {
            Value::Array(items) => Ok(Some(items)),
            _ if !place.is_definite => Ok(None),
            Value::Null => Err(Miss::Nowhere(format!("The path {} is null", self.text_to(place.at)))),
            other => Err(Miss::Unusable(format!(
                "Filter: {} can only be applied to arrays. Current context is: {other}",
                fragments(self.segments.get(place.at..=place.at).unwrap_or_default()),
            ))),
        }
    }

    /// A filter tests the items of an array, and an object itself.
    fn filter(&mut self, value: &'a Value, filter: &Filter, place: WalkPosition) -> Result<(), Miss> {
        let tested = match value {
            Value::Array(items) => items.as_slice(),
            Value::Object(_) => std::slice::from_ref(value),
            _ if !place.is_definite => return Ok(()),
            other => {
                return Err(Miss::Unusable(format!(
                    "Filter: [?] can not be applied to primitives. Current context is: {other}"
                )));
            }
        };
        for candidate in tested {
            if accepts(filter, &Candidate { value: candidate, document: self.document }, &mut self.visits)? {
                self.follow(candidate, place.behind_many())?;
            }
        }
        Ok(())
    }

    fn children(&mut self, value: &'a Value, place: WalkPosition) -> Result<(), Miss> {
        let next = place.behind_many();
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.follow(item, next)),
            Value::Object(members) => members.values().try_for_each(|member| self.follow(member, next)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    /// Tries the next segment on a value and on all below it, in the order of the text.
    fn descendants(&mut self, value: &'a Value, place: WalkPosition) -> Result<(), Miss> {
        let next = place.behind_many();
        match self.segments.get(next.at) {
            // Jayway's scan tests each object on its way; the items of an array come when it reaches them.
            Some(Segment::Filter(_)) if value.is_array() => {}
            _ => self.follow(value, next)?,
        }
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.descend(item, place)),
            Value::Object(members) => members.values().try_for_each(|member| self.descend(member, place)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn descend(&mut self, value: &'a Value, place: WalkPosition) -> Result<(), Miss> {
        if value.is_array() || value.is_object() { self.descendants(value, place) } else { Ok(()) }
    }

    /// The path up to a segment, for a message.
    fn text_to(&self, count: usize) -> String {
        format!("${}", fragments(self.segments.get(..count).unwrap_or_default()))
    }
}

/// The ends of a slice.
#[derive(Clone, Copy)]
struct Ends {
    from: Option<i64>,
    to: Option<i64>,
}

impl WalkPosition {
    /// Behind a segment that selects one value at most.
    fn behind_one(self) -> Self {
        Self { at: self.at + 1, ..self }
    }

    /// Behind a segment that may select any number.
    fn behind_many(self) -> Self {
        Self { at: self.at + 1, is_definite: false }
    }

    /// Behind a list of `count` names or indexes.
    fn behind(self, count: usize) -> Self {
        if count == 1 { self.behind_one() } else { self.behind_many() }
    }
}

/// Jayway's `length()`: of arrays and objects; null for anything else.
fn length(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.len().into(),
        Value::Object(members) => members.len().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Value::Null,
    }
}

/// What a filter tests.
struct Candidate<'a> {
    /// `@`
    value: &'a Value,
    /// `$`
    document: &'a Value,
}

/// Whether the filter lets the candidate through.
fn accepts(filter: &Filter, candidate: &Candidate<'_>, visits: &mut usize) -> Result<bool, Miss> {
    holds(&filter.test, candidate, visits)
}

fn holds(test: &Test, candidate: &Candidate<'_>, visits: &mut usize) -> Result<bool, Miss> {
    match test {
        Test::Any(tests) => {
            for test in tests {
                if holds(test, candidate, visits)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Test::All(tests) => {
            for test in tests {
                if !holds(test, candidate, visits)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Test::Not(test) => Ok(!holds(test, candidate, visits)?),
        Test::Exists(operand) => Ok(!matches!(side(operand, candidate, visits)?, Side::Undefined)),
        Test::Compare { left, operator, right } => {
            let left = side(left, candidate, visits)?;
            let right = side(right, candidate, visits)?;
            compare(&left, *operator, &right)
        }
    }
}

fn side<'a>(operand: &'a Operand, candidate: &Candidate<'a>, visits: &mut usize) -> Result<Side<'a>, Miss> {
    match operand {
        Operand::OfItem(path) => reach(path, candidate.value, visits),
        Operand::OfDocument(path) => reach(path, candidate.document, visits),
        Operand::Literal(value) => Ok(Side::Value(Cow::Borrowed(value))),
        Operand::Pattern(pattern) => Ok(Side::Pattern(pattern)),
    }
}

fn reach<'a>(path: &'a Path, from: &'a Value, visits: &mut usize) -> Result<Side<'a>, Miss> {
    match walk_counted(from, &path.segments, visits) {
        Ok(value) => Ok(Side::Value(value)),
        Err(Miss::Nowhere(_) | Miss::PastEnd(_)) => Ok(Side::Undefined),
        // A value of another kind than the path wants is an item that does not pass; too many visits are an error.
        Err(Miss::Unusable(text)) if text.starts_with("Filter:") => Ok(Side::Undefined),
        Err(unusable) => Err(unusable),
    }
}
