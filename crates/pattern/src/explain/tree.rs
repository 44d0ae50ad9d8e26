//! The tree: how each part of the pattern fared, and which way of satisfying it came closest.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::InvalidEvent;
use crate::event::Event;
use crate::explain::found::{EventPaths, Hollow, show};
use crate::explain::hint::{self, Case};
use crate::explain::nearness::{gap, matches_alone};
use crate::explain::{Below, Branch, Explanation, FOUND_MAX, FieldReport, LeafReport, Schema, Step, edit};
use crate::matcher::Matcher;
use crate::pattern::{Alternative, EventPattern, Field, Node, Object};
use crate::reference::{Occurrences, matches_alternative, matches_fields};

pub(super) fn explain(
    pattern: &EventPattern,
    event: &Event,
    schema: Schema<'_>,
) -> Result<Explanation, InvalidEvent> {
    let matched = pattern.matches_event(event)?;
    let found = EventPaths::in_event(event);
    let occurrences = Occurrences::of(event, pattern);
    let closest = if matched { matching(pattern, &occurrences)? } else { closest(pattern, &occurrences) };
    let conflict = match &closest {
        Some(alternative) if !matched => conflict(alternative, &occurrences)?,
        _ => None,
    };
    let teller = Teller { matched, found: &found, closest, conflict, schema, fields: in_force(pattern) };
    let steps = teller.object(pattern.root());
    let mut explanation = Explanation { matched, pattern: pattern.text().to_owned(), steps, edit: None };
    if !matched {
        explanation.edit = edit::smallest(pattern, event, &explanation, &found);
    }
    Ok(explanation)
}

/// Fields that cannot have their values from the same array elements.
struct Conflict {
    /// The field that could not be added to the others.
    last: *const Field,
    /// The paths that it conflicts with.
    with: Vec<String>,
}

/// Every field that some alternative has; others are written again further on.
fn in_force(pattern: &EventPattern) -> HashMap<*const Field, ()> {
    pattern.alternatives().iter().flat_map(|a| &a.fields).map(|field| (Arc::as_ptr(field), ())).collect()
}

/// The first alternative that matches.
fn matching<'p>(
    pattern: &'p EventPattern,
    occurrences: &Occurrences<'_, '_>,
) -> Result<Option<&'p Alternative>, InvalidEvent> {
    for alternative in pattern.alternatives() {
        if matches_alternative(alternative, occurrences)? {
            return Ok(Some(alternative));
        }
    }
    Ok(None)
}

/// The alternative that has the fewest fields that do not match, then the one whose values are nearest, then the most fields
/// that do.
fn closest<'p>(pattern: &'p EventPattern, occurrences: &Occurrences<'_, '_>) -> Option<&'p Alternative> {
    let mut alone: HashMap<*const Field, bool> = HashMap::new();
    let ranked = pattern.alternatives().iter().map(|alternative| {
        let matched = alternative.fields.iter().filter(|field| {
            *alone.entry(Arc::as_ptr(field)).or_insert_with(|| matches_alone(field, occurrences))
        });
        let matched = matched.count();
        let failed = alternative.fields.len() - matched;
        let gap: usize = alternative.fields.iter().map(|field| gap(field, occurrences)).sum();
        (failed, gap, usize::MAX - matched, alternative)
    });
    ranked.min_by_key(|(failed, gap, rest, _)| (*failed, *gap, *rest)).map(|(.., alternative)| alternative)
}

/// Where every field matches alone and they do not together: the first that does not agree with those before it.
fn conflict(
    alternative: &Alternative,
    occurrences: &Occurrences<'_, '_>,
) -> Result<Option<Conflict>, InvalidEvent> {
    let fields: Vec<&Field> = alternative.fields.iter().map(AsRef::as_ref).collect();
    if fields.iter().any(|field| !matches_alone(field, occurrences)) {
        return Ok(None);
    }
    let mut agreed: Vec<&Field> = vec![];
    for field in fields {
        agreed.push(field);
        if matches_fields(&agreed, occurrences)? {
            continue;
        }
        agreed.pop();
        let mut with = vec![];
        for other in &agreed {
            if !matches_fields(&[other, field], occurrences)? {
                with.push(other.path.clone());
            }
        }
        if with.is_empty() {
            // No single field is to blame.
            with = agreed.iter().map(|other| other.path.clone()).collect();
        }
        return Ok(Some(Conflict { last: std::ptr::from_ref(field), with }));
    }
    Ok(None)
}

/// Walks the pattern and tells how each part fared.
struct Teller<'a> {
    matched: bool,
    found: &'a EventPaths<'a>,
    closest: Option<&'a Alternative>,
    conflict: Option<Conflict>,
    schema: Schema<'a>,
    /// The fields that are not overridden.
    fields: HashMap<*const Field, ()>,
}

impl Teller<'_> {
    fn object(&self, object: &Object) -> Vec<Step> {
        let steps = object.entries.iter().map(|entry| {
            let below = match &entry.node {
                Node::Object(object) => Below::Object(self.object(object)),
                Node::Or(branches) => Below::Or(self.branches(branches)),
                Node::Field(field) => Below::Field(Box::new(self.field(field))),
            };
            let matched = match &below {
                Below::Object(steps) => steps.iter().all(|step| step.matched),
                Below::Or(branches) => branches.iter().any(|branch| branch.matched),
                Below::Field(field) => field.matched || field.overridden,
            };
            Step { key: entry.key.clone(), matched, below }
        });
        steps.collect()
    }

    fn branches(&self, branches: &[Object]) -> Vec<Branch> {
        let branches = branches.iter().map(|object| {
            let steps = self.object(object);
            let closest = self.is_in_closest(object);
            Branch { matched: steps.iter().all(|step| step.matched), closest, steps }
        });
        branches.collect()
    }

    /// Whether the closest alternative took this branch: it has a field of it.
    fn is_in_closest(&self, object: &Object) -> bool {
        object.entries.iter().any(|entry| match &entry.node {
            Node::Object(object) => self.is_in_closest(object),
            Node::Or(branches) => branches.iter().any(|branch| self.is_in_closest(branch)),
            Node::Field(field) => self.is_closest(field),
        })
    }

    fn is_closest(&self, field: &Arc<Field>) -> bool {
        self.closest.is_some_and(|alternative| alternative.fields.iter().any(|f| Arc::ptr_eq(f, field)))
    }

    fn field(&self, field: &Arc<Field>) -> FieldReport {
        let scalars = self.found.scalars(&field.path);
        let hollow = self.found.hollow(&field.path);
        let leaves: Vec<LeafReport> = field
            .leaves
            .iter()
            .map(|leaf| LeafReport {
                matched: match leaf.matcher {
                    Matcher::Exists(false) => scalars.is_empty(),
                    _ => scalars.iter().any(|o| leaf.matcher.accepts(o.value)),
                },
                expected: leaf.matcher.describe(),
                excludes: leaf.matcher.excludes(),
                span: leaf.span,
            })
            .collect();
        let conflict = self.conflict.as_ref().filter(|conflict| conflict.last == Arc::as_ptr(field));
        let matched = conflict.is_none() && leaves.iter().any(|leaf| leaf.matched);
        let overridden = !self.fields.contains_key(&Arc::as_ptr(field));
        let blamed = !self.matched && !matched && !overridden && self.is_closest(field);
        let mut report = FieldReport {
            path: field.path.clone(),
            matched,
            blamed,
            overridden,
            span: field.span,
            leaves,
            found: scalars
                .iter()
                .map(|o| show(o.value))
                .chain(hollow.iter().map(sketch))
                .take(FOUND_MAX)
                .collect(),
            found_count: scalars.len() + hollow.len(),
            reason: String::new(),
            hints: vec![],
        };
        if !matched && !overridden {
            report.reason = reason(&report, scalars.is_empty());
            let with = conflict.map(|conflict| conflict.with.as_slice()).unwrap_or_default();
            let case = Case { field, found: self.found, schema: self.schema, conflicts: with };
            report.hints = hint::hints(&case);
        }
        report
    }
}

/// An object or an empty array in brief.
fn sketch(hollow: &Hollow) -> String {
    match hollow {
        Hollow::EmptyArray => "[]".to_owned(),
        Hollow::Object { keys, .. } if keys.is_empty() => "{}".to_owned(),
        Hollow::Object { keys, .. } => {
            let more = if keys.len() > 4 { ", ..." } else { "" };
            let keys: Vec<&str> = keys.iter().take(4).map(String::as_str).collect();
            format!("{{{}{more}}}", keys.join(", "))
        }
    }
}

/// So many entries of a field's list are told in its sentence.
const EXPECTED_MAX: usize = 20;

/// Why a field does not match, in a sentence.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "one fact about the event that the report does not keep"
)]
fn reason(report: &FieldReport, no_scalar: bool) -> String {
    let expected: Vec<&str> =
        report.leaves.iter().take(EXPECTED_MAX).map(|leaf| leaf.expected.as_str()).collect();
    let expected = expected.join(" or ");
    let expected = match report.leaves.len().saturating_sub(EXPECTED_MAX) {
        0 => expected,
        more => format!("{expected} or {more} more"),
    };
    if report.leaves.iter().any(|leaf| leaf.matched) {
        return format!("`{}` matches, but in another array element than the other fields", report.path);
    }
    if report.found.is_empty() {
        return format!("the event has no `{}`; expected {expected}", report.path);
    }
    let found = report.found.join(", ");
    let more = report.found_count - report.found.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let nothing = if no_scalar { ", which is no value" } else { "" };
    format!("`{}` is {found}{more}{nothing}; expected {expected}", report.path)
}
