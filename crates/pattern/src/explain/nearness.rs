//! How close patterns came to an event: which rule was meant?

use crate::error::InvalidEvent;
use crate::event::{Event, Scalar};
use crate::explain::hint::edit_distance;
use crate::matcher::Matcher;
use crate::pattern::{EventPattern, Field, Leaf};
use crate::reference::{Occurrences, matches_alternative};

/// How close a pattern came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearness {
    /// Whether it matches.
    pub matched: bool,
    /// The fields of its closest alternative that do not match on their own.
    pub failed: usize,
    /// All fields of that alternative.
    pub fields: usize,
    /// How far the values of the failing fields are from what would match, together: 1 or 2 a field for so many characters,
    /// 3 for another value, 4 for one of another type, 6 where there is none.
    pub gap: usize,
}

impl EventPattern {
    /// How close this pattern comes to an event; cheaper than to explain it.
    ///
    /// # Errors
    /// [`InvalidEvent`] where [`EventPattern::matches_event`] has it.
    pub fn nearness(&self, event: &Event) -> Result<Nearness, InvalidEvent> {
        nearness(self, &Occurrences::of(event, self))
    }
}

fn nearness(pattern: &EventPattern, occurrences: &Occurrences<'_, '_>) -> Result<Nearness, InvalidEvent> {
    let mut closest = Nearness { matched: false, failed: usize::MAX, fields: 0, gap: usize::MAX };
    for alternative in pattern.alternatives() {
        let failed = alternative.fields.iter().filter(|field| !matches_alone(field, occurrences)).count();
        let fields = alternative.fields.len();
        if failed == 0 && matches_alternative(alternative, occurrences)? {
            return Ok(Nearness { matched: true, failed, fields, gap: 0 });
        }
        if failed > closest.failed {
            continue;
        }
        let gap = alternative.fields.iter().map(|field| gap(field, occurrences)).sum();
        let is_nearer = |other: &Nearness| {
            (failed, gap, usize::MAX - fields) < (other.failed, other.gap, usize::MAX - other.fields)
        };
        if is_nearer(&closest) {
            closest = Nearness { matched: false, failed, fields, gap };
        }
    }
    Ok(closest)
}

/// Ranks patterns by how close they come to an event: those that match first, then those with the smallest part of
/// their fields failing, then those whose values are nearest, then as they came.
///
/// ```
/// use pattern::{Event, EventPattern, explain::nearness::near_misses};
///
/// let far = EventPattern::parse(r#"{"a": [1], "b": [1]}"#).unwrap();
/// let near = EventPattern::parse(r#"{"a": [2], "b": [1]}"#).unwrap();
/// let event = Event::parse(br#"{"a": 2, "b": 2}"#).unwrap();
/// let ranked = near_misses([("far", &far), ("near", &near)], &event).unwrap();
/// assert_eq!(ranked[0].0, "near");
/// ```
///
/// # Errors
/// [`InvalidEvent`] where [`EventPattern::matches_event`] has it.
pub fn near_misses<'p, K>(
    patterns: impl IntoIterator<Item = (K, &'p EventPattern)>,
    event: &Event,
) -> Result<Vec<(K, Nearness)>, InvalidEvent> {
    let occurrences = Occurrences::all(event);
    let mut ranked = vec![];
    for (key, pattern) in patterns {
        ranked.push((key, nearness(pattern, &occurrences)?));
    }
    ranked.sort_by(|(_, a), (_, b)| {
        // failed / fields, compared without division.
        let (left, right) = (a.failed.saturating_mul(b.fields), b.failed.saturating_mul(a.fields));
        b.matched.cmp(&a.matched).then(left.cmp(&right)).then(a.gap.cmp(&b.gap)).then(b.fields.cmp(&a.fields))
    });
    Ok(ranked)
}

/// How far a field's values are from what would match, as [`Nearness::gap`] counts; 0 where it matches on its own.
pub(super) fn gap(field: &Field, occurrences: &Occurrences<'_, '_>) -> usize {
    const OTHER: usize = 3;
    const OTHER_TYPE: usize = 4;
    const ABSENT: usize = 6;
    if matches_alone(field, occurrences) {
        return 0;
    }
    let of_leaf = |leaf: &Leaf, value: &Scalar<'_>| match (leaf.matcher.literal(), value) {
        (Some(wanted), Scalar::String(found)) => edit_distance(found, wanted).clamp(1, OTHER),
        (Some(_), _) => OTHER_TYPE,
        (None, Scalar::Number(_)) => OTHER,
        (None, _) if matches!(leaf.matcher, Matcher::Numeric(_) | Matcher::Number(_)) => OTHER_TYPE,
        (None, _) => OTHER,
    };
    let of_value = |value: &Scalar<'_>| field.leaves.iter().map(|leaf| of_leaf(leaf, value)).min();
    occurrences.at(&field.path).iter().filter_map(|found| of_value(found.value)).min().unwrap_or(ABSENT)
}

/// Whether the field matches on its own.
pub(super) fn matches_alone(field: &Field, occurrences: &Occurrences<'_, '_>) -> bool {
    let found = occurrences.at(&field.path);
    if found.is_empty() { field.accepts_absence() } else { found.iter().any(|o| field.accepts(o.value)) }
}
