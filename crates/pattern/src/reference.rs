//! The matcher that decides: one pattern, one event, written to be read.
//!
//! An event is flattened into scalars with their joined paths. Each field of an alternative finds the scalars that one
//! of its leaves accepts; then one scalar a field must be chosen so that no two of them lie in different elements of
//! one array (event-ruler, `ArrayMembership.checkArrayConsistency`).

pub(crate) mod choice;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;

use crate::error::InvalidEvent;
use crate::event::{Event, Occurrence, Scalar};
use crate::matcher::Matcher;
use crate::pattern::{Alternative, EventPattern, Field};
use crate::reference::choice::{Choices, Options, Places, StepBudget};

impl EventPattern {
    /// Whether an event matches, from its bytes.
    ///
    /// # Errors
    /// [`InvalidEvent`] as [`Event::parse`] and [`EventPattern::matches_event`].
    pub fn matches(&self, event: &[u8]) -> Result<bool, InvalidEvent> {
        self.matches_event(&Event::parse(event)?)
    }

    /// Whether an event matches.
    ///
    /// # Errors
    /// [`InvalidEvent`] where keys repeat in a way that makes the choice between array elements cost more than it may.
    pub fn matches_event(&self, event: &Event) -> Result<bool, InvalidEvent> {
        let occurrences = Occurrences::of(event, self);
        let mut decider = Decider::new(&occurrences);
        for alternative in self.alternatives() {
            let fields: Vec<&Field> = alternative.fields.iter().map(AsRef::as_ref).collect();
            if decider.matches(&fields)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The scalars of an event by path.
pub(crate) struct Occurrences<'p, 'e> {
    by_path: HashMap<Cow<'p, str>, Vec<Occurrence<'e>>>,
}

impl<'p, 'e> Occurrences<'p, 'e> {
    /// All that the event has, for many patterns.
    pub(crate) fn all(event: &'e Event) -> Occurrences<'p, 'e> {
        let mut by_path: HashMap<Cow<'p, str>, Vec<Occurrence<'e>>> = HashMap::new();
        event.walk(&mut |path, occurrence| match by_path.get_mut(path) {
            Some(list) => list.push(occurrence),
            None => drop(by_path.insert(Cow::Owned(path.to_owned()), vec![occurrence])),
        });
        Occurrences { by_path }
    }

    /// What the event has at the paths that a pattern names.
    pub(crate) fn of(event: &'e Event, pattern: &'p EventPattern) -> Occurrences<'p, 'e> {
        let fields = pattern.alternatives().iter().flat_map(|alternative| &alternative.fields);
        let mut by_path: HashMap<Cow<'p, str>, Vec<Occurrence<'e>>> =
            fields.map(|field| (Cow::Borrowed(field.path.as_str()), vec![])).collect();
        event.walk(&mut |path, occurrence| {
            if let Some(list) = by_path.get_mut(path) {
                list.push(occurrence);
            }
        });
        Occurrences { by_path }
    }

    /// The scalars at a path of the pattern; none means that the path is absent.
    pub(crate) fn at(&self, path: &str) -> &[Occurrence<'e>] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }
}

/// Whether every field matches, in a way that is consistent.
pub(crate) fn matches_alternative(
    alternative: &Alternative,
    occurrences: &Occurrences<'_, '_>,
) -> Result<bool, InvalidEvent> {
    let fields: Vec<&Field> = alternative.fields.iter().map(AsRef::as_ref).collect();
    matches_fields(&fields, occurrences)
}

/// Whether all of these fields match, in a way that is consistent.
pub(crate) fn matches_fields(
    fields: &[&Field],
    occurrences: &Occurrences<'_, '_>,
) -> Result<bool, InvalidEvent> {
    Decider::new(occurrences).matches(fields)
}

/// Decides alternatives of one pattern on one event. They share fields, and what a field could take is looked for once.
struct Decider<'a, 'p, 'e> {
    occurrences: &'a Occurrences<'p, 'e>,
    /// By the field's address.
    options: HashMap<usize, Rc<Options>>,
    budget: StepBudget,
}

impl<'a, 'p, 'e> Decider<'a, 'p, 'e> {
    fn new(occurrences: &'a Occurrences<'p, 'e>) -> Self {
        Self { occurrences, options: HashMap::new(), budget: StepBudget::default() }
    }

    fn matches(&mut self, fields: &[&Field]) -> Result<bool, InvalidEvent> {
        let mut sorted = fields.to_vec();
        sorted.sort_by(|a, b| a.path.cmp(&b.path));
        let mut choices = Choices::default();
        for field in sorted {
            let found = self.occurrences.at(&field.path);
            let options = self.options.entry(ptr::from_ref(field).addr());
            choices.push(Rc::clone(options.or_insert_with(|| Rc::new(options_of(field, found)))));
        }
        choices.can_be_made(&mut self.budget)
    }
}

fn options_of(field: &Field, found: &[Occurrence<'_>]) -> Options {
    let mut options = Options::default();
    for occurrence in found.iter().filter(|o| field.accepts(o.value)) {
        options.values.insert(occurrence.place.as_ref());
    }
    if field.accepts_absence() {
        let mut any = Places::default();
        found.iter().for_each(|occurrence| any.insert(occurrence.place.as_ref()));
        options.absence = Some(any);
    }
    options
}

impl Field {
    /// Whether one of the leaves accepts this value.
    pub(crate) fn accepts(&self, value: &Scalar<'_>) -> bool {
        self.leaves.iter().any(|leaf| leaf.matcher.accepts(value))
    }

    /// Whether the field may be missing.
    pub(crate) fn accepts_absence(&self) -> bool {
        self.leaves.iter().any(|leaf| leaf.matcher == Matcher::Exists(false))
    }
}
