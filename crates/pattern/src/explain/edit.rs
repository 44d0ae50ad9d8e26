//! The smallest edit of the pattern that matches, found by trying.

mod rename;

use std::sync::Arc;

use crate::event::{Event, Scalar};
use crate::explain::Explanation;
use crate::explain::edit::rename::{rename, rename_above};
use crate::explain::found::{EventPaths, to_json};
use crate::explain::hint::value_text::{NearMiss, near};
use crate::explain::hint::{Case, edit_distance, hints};
use crate::matcher::Matcher;
use crate::matcher::describe::quote;
use crate::pattern::{EventPattern, Field, Leaf, Span};
use crate::place::line_and_column;

/// The most edits that are tried.
const TRIES_MAX: usize = 300;
/// The most values of a field that are tried.
const VALUES_MAX: usize = 40;

/// An edit of a pattern after which it matches the event: tried, not guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The pattern's text after the edit.
    pub pattern: String,
    /// What is replaced, in the order of the text.
    pub changes: Vec<Change>,
}

/// A part of the pattern's text that is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it stands.
    pub span: Span,
    /// What stands there.
    pub old: String,
    /// What is to stand there.
    pub new: String,
}

/// Changes that belong together.
type Way = Vec<Change>;

/// The smallest edit that matches, among new values and new keys for each blamed field. It never turns a rule round: a
/// condition that excludes a value is left as it is, and one that selects many values is widened, not replaced by one.
pub(super) fn smallest(
    pattern: &EventPattern,
    event: &Event,
    explanation: &Explanation,
    found: &EventPaths<'_>,
) -> Option<Edit> {
    let blamed: Vec<Span> = explanation.blamed().iter().map(|report| report.span).collect();
    if let Some(edit) = try_fields(pattern, event, found, &blamed) {
        return Some(edit);
    }
    // Where array elements are at odds it may be another field that must give way.
    let fields = explanation.fields().into_iter().filter(|field| !field.overridden);
    fields.into_iter().find_map(|field| try_fields(pattern, event, found, &[field.span]))
}

/// Tries ways for these fields together, smaller ones first.
fn try_fields(
    pattern: &EventPattern,
    event: &Event,
    found: &EventPaths<'_>,
    fields: &[Span],
) -> Option<Edit> {
    let mut ways: Vec<Vec<Way>> = vec![];
    for span in fields {
        let all = pattern.alternatives().iter().flat_map(|alternative| &alternative.fields);
        let field = all.into_iter().find(|field| field.span == *span)?;
        ways.push(ways_for(pattern, field, found));
    }
    // Which way is tried for each field; the sum of the numbers grows by one each round.
    let mut tries = 0;
    for round in 0..VALUES_MAX * 2 {
        for numbers in sums(round, fields.len()) {
            tries += 1;
            if tries > TRIES_MAX {
                return None;
            }
            let chosen: Option<Vec<&Way>> = ways.iter().zip(&numbers).map(|(ways, i)| ways.get(*i)).collect();
            let Some(chosen) = chosen else { continue };
            let changes: Vec<Change> = chosen.into_iter().flatten().cloned().collect();
            if let Some(edit) = apply(pattern.text(), changes).filter(|edit| edit.matches(event)) {
                return Some(edit);
            }
        }
    }
    None
}

/// Every list of so many numbers with this sum; for many numbers only those that are all alike or differ in one.
fn sums(sum: usize, length: usize) -> Vec<Vec<usize>> {
    match length {
        0 => vec![],
        1 => vec![vec![sum]],
        2..=4 => {
            let firsts = 0..=sum;
            firsts
                .flat_map(|first| {
                    sums(sum - first, length - 1).into_iter().map(move |mut rest| {
                        rest.insert(0, first);
                        rest
                    })
                })
                .collect()
        }
        _ => {
            let mut lists = vec![vec![sum; length]];
            lists.extend((0..length).map(|at| (0..length).map(|i| if i == at { sum } else { 0 }).collect()));
            lists
        }
    }
}

/// Ways to make one field match, smallest first.
fn ways_for(pattern: &EventPattern, field: &Arc<Field>, found: &EventPaths<'_>) -> Vec<Way> {
    let text = pattern.text();
    let mut ways: Vec<Way> = vec![];
    ways.extend(value_changes(text, field, found, &field.path).into_iter().map(|change| vec![change]));
    let case = Case { field, found, schema: &|_| false, conflicts: &[] };
    for path in hints(&case).into_iter().filter_map(|hint| hint.path) {
        ways.extend(rename_above(pattern, field, &path));
        ways.extend(rename(pattern, field, &path, None));
        for change in value_changes(text, field, found, &path).into_iter().take(3) {
            // The list moves along with its key, so its own edit is made on the way.
            let list = text.get(field.span.start..field.span.end).unwrap_or_default();
            let at = change.span.start - field.span.start;
            let list = splice(list, at, at + change.old.len(), &change.new);
            ways.extend(list.and_then(|list| rename(pattern, field, &path, Some(&list))));
        }
    }
    ways.sort_by_key(|way| way.iter().map(size).sum::<usize>());
    ways
}

/// For each value at a path the change of the leaf that is nearest to it.
fn value_changes(text: &str, field: &Field, found: &EventPaths<'_>, path: &str) -> Vec<Change> {
    let mut changes: Vec<Change> = vec![];
    for occurrence in found.scalars(path).iter().take(VALUES_MAX) {
        let value = to_json(occurrence.value);
        let selecting = field.leaves.iter().filter(|leaf| !leaf.matcher.excludes());
        let nearest = selecting.min_by_key(|leaf| {
            let written = text.get(leaf.span.start..leaf.span.end).unwrap_or_default();
            (edit_distance(written, &value), written.len())
        });
        let change = nearest.map(|leaf| change(text, leaf.span, with_value(text, leaf, occurrence.value)));
        changes.extend(change.filter(|change| !changes.contains(change)));
    }
    changes
}

/// What is to stand in a leaf's place so that the value is selected as well. One value is replaced by another; what selects
/// many values is mended in its spelling, or has its bound moved, or gets the value beside it.
fn with_value(text: &str, leaf: &Leaf, value: &Scalar<'_>) -> String {
    let written = text.get(leaf.span.start..leaf.span.end).unwrap_or_default();
    let json = to_json(value);
    let beside = || format!("{written}, {json}");
    match (&leaf.matcher, value) {
        (
            Matcher::String(_)
            | Matcher::Address { .. }
            | Matcher::Number(_)
            | Matcher::Boolean(_)
            | Matcher::Null,
            _,
        ) => json,
        (Matcher::Numeric(range), Scalar::Number(_)) if range.equals().is_some() => json,
        (Matcher::Numeric(range), Scalar::Number(number)) => {
            // The other bound stays; the one that is in the way moves to the value.
            let is_below = number
                .text()
                .parse::<f64>()
                .is_ok_and(|value| range.bottom.is_some_and(|bottom| value <= bottom.value));
            let bound = |sign: &str, value: &str| format!("\"{sign}\", {value}");
            let kept = |bound: Option<crate::matcher::numeric::Bound>, sign: &str| {
                bound.map(|at| format!("\"{sign}{}\", {}", if at.closed { "=" } else { "" }, at.value))
            };
            let (bottom, top) = if is_below {
                (Some(bound(">=", &json)), kept(range.top, "<"))
            } else {
                (kept(range.bottom, ">"), Some(bound("<=", &json)))
            };
            let bounds: Vec<String> = bottom.into_iter().chain(top).collect();
            format!("{{\"numeric\": [{}]}}", bounds.join(", "))
        }
        (matcher, Scalar::String(found)) => match near(matcher, found) {
            Some(NearMiss { wanted, part, .. }) if written.contains(&quote(wanted)) => {
                written.replacen(&quote(wanted), &quote(&part), 1)
            }
            _ => beside(),
        },
        _ => beside(),
    }
}

pub(super) fn change(text: &str, span: Span, new: String) -> Change {
    Change { span, old: text.get(span.start..span.end).unwrap_or_default().to_owned(), new }
}

pub(super) fn span(text: &str, start: usize, end: usize) -> Span {
    let (line, column) = line_and_column(text, start, |_| 1);
    Span { start, end, line, column }
}

/// How many bytes the change touches, what is alike at both ends left aside.
fn size(change: &Change) -> usize {
    let (old, new) = (change.old.as_bytes(), change.new.as_bytes());
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    old.len() + new.len() - 2 * (start + end)
}

fn splice(text: &str, start: usize, end: usize, new: &str) -> Option<String> {
    Some(format!("{}{new}{}", text.get(..start)?, text.get(end..)?))
}

/// Makes changes that do not overlap.
fn apply(text: &str, mut changes: Vec<Change>) -> Option<Edit> {
    changes.sort_by_key(|change| change.span.start);
    // Two fields below one key may ask for the same change of it.
    changes.dedup();
    let mut edited = text.to_owned();
    let mut before = usize::MAX;
    for change in changes.iter().rev() {
        if change.span.end > before {
            return None;
        }
        before = change.span.start;
        edited = splice(&edited, change.span.start, change.span.end, &change.new)?;
    }
    Some(Edit { pattern: edited, changes })
}

impl Edit {
    fn matches(&self, event: &Event) -> bool {
        EventPattern::parse(&self.pattern).is_ok_and(|pattern| pattern.matches_event(event) == Ok(true))
    }
}
