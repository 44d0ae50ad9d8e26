//! One value a field, no two of them from different elements of one array: can it be done?
//!
//! The fields are taken in the order of their paths and each value narrows what the next may take, as AWS's engine
//! steps through them (event-ruler, `ACFinder`). The order shows in one thing only: whether a field is *absent* is asked
//! of the elements that the fields before it have chosen, and of all elements of arrays that none of them touched
//! (event-ruler, `NameState.getNameTransitions`; `ACMachineTest.testACWithExistFalseRule`).

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use crate::error::InvalidEvent;
use crate::event::Place;

/// The most steps that a choice may take. Without repeated keys there are about as many as values; with them the
/// question is as hard as any, so it has to end somewhere.
const STEPS_MAX: usize = 200_000;

/// The most steps of all choices that one event asks for, whatever number of rules and combinations ask: about a second.
const STEPS_OF_EVENT_MAX: usize = 4_000_000;

/// Which element of which array was chosen.
type Chosen = BTreeMap<usize, usize>;

/// What each field could take, in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    fields: Vec<Rc<Options>>,
}

/// The steps that one event's choices may still take together.
#[derive(Debug)]
pub(crate) struct StepBudget {
    left: usize,
}

/// What one field could take.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Where the values lie that it accepts.
    pub(crate) values: Places,
    /// Where any value lies, if the field may also be absent.
    pub(crate) absence: Option<Places>,
    /// The arrays that these places lie in, once they have been asked for: many combinations share a field.
    arrays: OnceCell<BTreeSet<usize>>,
    /// Likewise the elements of the one outermost array that they all lie in, if it is one.
    outermost: OnceCell<Option<Elements>>,
}

/// Some elements of an array, a bit for each.
#[derive(Clone, Debug)]
struct Elements {
    array: usize,
    bits: Vec<u64>,
}

/// A set of places: the whole event, arrays in it, their elements, arrays in those.
#[derive(Debug)]
pub(crate) struct Places {
    /// The whole event comes first.
    elements: Vec<Element>,
    /// Where an element of an array is in `elements`.
    numbers: HashMap<(usize, usize), usize>,
}

/// An element of an array, or the whole event.
#[derive(Debug, Default)]
struct Element {
    /// Whether the set has this place.
    here: bool,
    /// The inner arrays and which of their elements are known.
    arrays: BTreeMap<usize, BTreeMap<usize, usize>>,
}

impl Default for StepBudget {
    fn default() -> StepBudget {
        StepBudget { left: STEPS_OF_EVENT_MAX }
    }
}

impl StepBudget {
    fn spend(&mut self, steps: usize) -> Result<(), InvalidEvent> {
        self.left = self.left.checked_sub(steps).ok_or_else(too_many)?;
        Ok(())
    }
}

fn too_many() -> InvalidEvent {
    InvalidEvent { message: "too many ways to choose array elements".to_owned(), offset: 0 }
}

impl Options {
    fn arrays(&self) -> &BTreeSet<usize> {
        self.arrays.get_or_init(|| {
            let absence = self.absence.iter().flat_map(Places::arrays);
            self.values.arrays().chain(absence).collect()
        })
    }

    fn outermost(&self) -> Option<&Elements> {
        self.outermost
            .get_or_init(|| if self.absence.is_some() { None } else { self.values.outermost() })
            .as_ref()
    }
}

impl Elements {
    /// Only those that are in both.
    fn keep(&mut self, others: &Elements) {
        self.bits.truncate(others.bits.len());
        self.bits.iter_mut().zip(&others.bits).for_each(|(mine, other)| *mine &= other);
    }

    fn is_empty(&self) -> bool {
        self.bits.iter().all(|bits| *bits == 0)
    }
}

impl Choices {
    /// One more field; its path is not before that of the field before.
    pub(crate) fn push(&mut self, options: Rc<Options>) {
        self.fields.push(options);
    }

    /// Whether every field can have a value or be absent.
    pub(crate) fn can_be_made(&self, budget: &mut StepBudget) -> Result<bool, InvalidEvent> {
        if self.have_no_element_in_common(budget)? {
            return Ok(false);
        }
        // Which arrays still matter from each field on: what was chosen in others is forgotten, so that what failed
        // once is not tried again for each of their elements.
        let mut matter = vec![BTreeSet::new()];
        for options in self.fields.iter().rev() {
            let mut arrays = matter.last().cloned().unwrap_or_default();
            arrays.extend(options.arrays());
            budget.spend(1 + arrays.len())?;
            matter.push(arrays);
        }
        matter.reverse();
        let mut search = Search { choices: self, matter, failed: HashSet::new(), steps: 0, budget };
        search.from(0, Chosen::new())
    }

    /// The usual reason why there is no way, found without looking for one: fields whose values all lie in elements of one
    /// array, and no element has a value for each.
    fn have_no_element_in_common(&self, budget: &mut StepBudget) -> Result<bool, InvalidEvent> {
        let mut common: Vec<Elements> = Vec::new();
        for elements in self.fields.iter().filter_map(|options| options.outermost()) {
            budget.spend(1 + elements.bits.len() / 64)?;
            match common.iter_mut().find(|common| common.array == elements.array) {
                Some(common) => common.keep(elements),
                None => common.push(elements.clone()),
            }
        }
        Ok(common.iter().any(Elements::is_empty))
    }
}

impl Default for Places {
    fn default() -> Places {
        Places { elements: vec![Element::default()], numbers: HashMap::new() }
    }
}

impl Places {
    /// Adds a place; `None` is the whole event.
    pub(crate) fn insert(&mut self, place: Option<&Rc<Place>>) {
        // From inside out to the first element that is known, then back in.
        let (mut unknown, mut outer) = (vec![], place);
        let mut number = loop {
            let Some(place) = outer else { break 0 };
            if let Some(number) = self.numbers.get(&(place.array, place.index)) {
                break *number;
            }
            unknown.push(place);
            outer = place.outer.as_ref();
        };
        for place in unknown.into_iter().rev() {
            let inner = self.elements.len();
            self.elements.push(Element::default());
            self.numbers.insert((place.array, place.index), inner);
            if let Some(element) = self.elements.get_mut(number) {
                element.arrays.entry(place.array).or_default().insert(place.index, inner);
            }
            number = inner;
        }
        if let Some(element) = self.elements.get_mut(number) {
            element.here = true;
        }
    }

    /// The elements of the outermost array in which all places lie; none where they lie in several arrays, or in no array.
    fn outermost(&self) -> Option<Elements> {
        let event = self.elements.first().filter(|event| !event.here && event.arrays.len() == 1)?;
        let (array, elements) = event.arrays.first_key_value()?;
        let (last, _) = elements.last_key_value()?;
        let mut bits = vec![0; last / 64 + 1];
        for index in elements.keys() {
            if let Some(word) = bits.get_mut(index / 64) {
                *word |= 1 << (index % 64);
            }
        }
        Some(Elements { array: *array, bits })
    }

    fn arrays(&self) -> impl Iterator<Item = usize> {
        self.elements.iter().flat_map(|element| element.arrays.keys().copied())
    }

    /// The places that lie in no other element than those chosen, each as what is then chosen.
    fn consistent(&self, chosen: &Chosen) -> Consistent<'_> {
        Consistent { places: self, open: vec![(0, chosen.clone())] }
    }
}

/// Walks down from the whole event, into the chosen element of an array or, where none is chosen, into each.
struct Consistent<'a> {
    places: &'a Places,
    open: Vec<(usize, Chosen)>,
}

impl Iterator for Consistent<'_> {
    type Item = Chosen;

    fn next(&mut self) -> Option<Chosen> {
        loop {
            let (number, chosen) = self.open.pop()?;
            let element = self.places.elements.get(number)?;
            for (array, elements) in element.arrays.iter().rev() {
                self.open.extend(into(&chosen, *array, elements));
            }
            if element.here {
                return Some(chosen);
            }
        }
    }
}

/// The chosen element of an array or, where none is chosen, each, last one first.
fn into(chosen: &Chosen, array: usize, elements: &BTreeMap<usize, usize>) -> Vec<(usize, Chosen)> {
    if let Some(index) = chosen.get(&array) {
        return elements.get(index).map(|inner| (*inner, chosen.clone())).into_iter().collect();
    }
    let each = elements.iter().rev().map(|(index, inner)| {
        let mut more = chosen.clone();
        more.insert(array, *index);
        (*inner, more)
    });
    each.collect()
}

struct Search<'a> {
    choices: &'a Choices,
    matter: Vec<BTreeSet<usize>>,
    /// From which field on, with which elements chosen, there is no way.
    failed: HashSet<(usize, Chosen)>,
    steps: usize,
    budget: &'a mut StepBudget,
}

impl Search<'_> {
    /// Whether the fields from this one on can have their values, given what is chosen.
    fn from(&mut self, field: usize, mut chosen: Chosen) -> Result<bool, InvalidEvent> {
        let Some(options) = self.choices.fields.get(field) else { return Ok(true) };
        if let Some(matter) = self.matter.get(field) {
            chosen.retain(|array, _| matter.contains(array));
        }
        let state = (field, chosen);
        if self.failed.contains(&state) {
            return Ok(false);
        }
        for next in options.values.consistent(&state.1) {
            self.step()?;
            if self.from(field + 1, next)? {
                return Ok(true);
            }
        }
        let absent = options.absence.as_ref().is_some_and(|any| any.consistent(&state.1).next().is_none());
        if absent && self.from(field + 1, state.1.clone())? {
            return Ok(true);
        }
        self.failed.insert(state);
        Ok(false)
    }

    fn step(&mut self) -> Result<(), InvalidEvent> {
        self.steps += 1;
        if self.steps > STEPS_MAX { Err(too_many()) } else { self.budget.spend(1) }
    }
}
