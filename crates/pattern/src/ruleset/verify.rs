//! Whether a conjunction that woke holds: all its fields, and no two from different elements of one array.

use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;

use crate::error::InvalidEvent;
use crate::event::Place;
use crate::reference::choice::{Choices, Options, Places, StepBudget};
use crate::ruleset::conjunction::{Conjunction, FieldTest, Value};
use crate::scan::number::Number;
use crate::scan::walk::{EventValues, Kind, Leaf};

/// The values of one event, to be tested.
#[derive(Debug)]
pub(crate) struct Values<'v, 's> {
    pub(crate) event: &'v [u8],
    pub(crate) found: &'v EventValues<'s>,
}

/// So many values at a path are looked at anew for each conjunction; what more of them come to is remembered.
const VALUES_FEW: usize = 16;

/// What is known of one event and of fields that several conjunctions have, by the field's address: a thousand combinations
/// of sixty fields look at the event's values sixty times.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    firsts: HashMap<usize, First>,
    options: HashMap<usize, Rc<Options>>,
    places: Option<Rc<[Option<Rc<Place>>]>>,
    budget: StepBudget,
}

/// Where a field first holds.
#[derive(Clone, Copy, Debug)]
enum First {
    /// In this element of an array; 0 is none.
    In(u32),
    Depends,
    Nowhere,
}

impl<'v> Values<'v, '_> {
    /// The bytes of a leaf: a string without its quotes and escapes, or the digits of a number.
    #[inline]
    pub(crate) fn bytes(&self, leaf: &Leaf<'_>) -> &'v [u8] {
        let text = if leaf.kind == Kind::Unescaped { self.found.unescaped.as_slice() } else { self.event };
        text.get(leaf.start as usize..leaf.end as usize).unwrap_or_default()
    }

    /// A leaf that is a number.
    #[inline]
    pub(crate) fn number<'l>(&'l self, leaf: &'l Leaf<'_>) -> Number<'l> {
        Number::new(self.bytes(leaf), &leaf.number)
    }

    fn value<'l>(&'l self, leaf: &'l Leaf<'_>) -> Value<'l> {
        match leaf.kind {
            Kind::String | Kind::Unescaped => Value::String(self.bytes(leaf)),
            Kind::Number => Value::Number(self.number(leaf)),
            Kind::True => Value::True,
            Kind::False => Value::False,
            Kind::Null => Value::Null,
        }
    }

    /// Whether every field holds, consistently.
    ///
    /// # Errors
    /// [`InvalidEvent`] where repeated keys make the choice between elements too hard, as for a single pattern.
    pub(crate) fn satisfy(
        &self,
        conjunction: &Conjunction,
        memory: &mut Memory,
    ) -> Result<bool, InvalidEvent> {
        // The innermost element so far. All is well while each field lies in an element around the others.
        let mut innermost = 0;
        let mut doubt = false;
        for field in conjunction.tests() {
            match self.first(field, memory) {
                First::Nowhere => return Ok(false),
                First::Depends => doubt = true,
                First::In(context) if self.is_around(context, innermost) => {}
                First::In(context) => {
                    doubt |= !self.is_around(innermost, context);
                    innermost = context;
                }
            }
        }
        if doubt { self.choose(conjunction, memory) } else { Ok(true) }
    }

    fn first(&self, field: &FieldTest, memory: &mut Memory) -> First {
        if self.leaves(field.path).nth(VALUES_FEW).is_none() {
            return self.first_of_all(field);
        }
        let known = memory.firsts.entry(ptr::from_ref(field).addr());
        *known.or_insert_with(|| self.first_of_all(field))
    }

    fn first_of_all(&self, field: &FieldTest) -> First {
        let mut leaves = self.leaves(field.path);
        if field.accepts_absence && self.found.head(field.path) == 0 {
            return First::In(0);
        }
        // Absent from one element of an array and not from another: that depends on the other fields.
        if field.accepts_absence && self.leaves(field.path).any(|leaf| leaf.context > 0) {
            return First::Depends;
        }
        leaves
            .find(|leaf| field.accepts(self.value(leaf)))
            .map_or(First::Nowhere, |leaf| First::In(leaf.context))
    }

    /// The values at a path, last first.
    fn leaves(&self, path: u32) -> impl Iterator<Item = &Leaf<'_>> {
        let at = |next: u32| self.found.leaves.get((next as usize).checked_sub(1)?);
        std::iter::successors(at(self.found.head(path)), move |leaf| at(leaf.previous))
    }

    /// Whether an element is `inner` or around it.
    fn is_around(&self, outer: u32, mut inner: u32) -> bool {
        // An inner element has a higher number.
        while inner > outer {
            inner = self.found.contexts.get(inner as usize).map_or(0, |context| context.parent);
        }
        inner == outer
    }

    /// The same with all the values that each field accepts, and not only the first.
    #[cold]
    fn choose(&self, conjunction: &Conjunction, memory: &mut Memory) -> Result<bool, InvalidEvent> {
        let mut choices = Choices::default();
        let places = Rc::clone(memory.places.get_or_insert_with(|| self.places().into()));
        for field in conjunction.fields() {
            let known = memory.options.entry(ptr::from_ref(field).addr());
            choices.push(Rc::clone(known.or_insert_with(|| Rc::new(self.options(field, &places)))));
        }
        choices.can_be_made(&mut memory.budget)
    }

    fn options(&self, field: &FieldTest, places: &[Option<Rc<Place>>]) -> Options {
        let place = |leaf: &Leaf<'_>| places.get(leaf.context as usize).and_then(Option::as_ref);
        let mut options = Options::default();
        let accepted = self.leaves(field.path).filter(|leaf| field.accepts(self.value(leaf)));
        accepted.for_each(|leaf| options.values.insert(place(leaf)));
        if field.accepts_absence {
            let mut any = Places::default();
            self.leaves(field.path).for_each(|leaf| any.insert(place(leaf)));
            options.absence = Some(any);
        }
        options
    }

    /// The elements as the reference matcher knows them.
    fn places(&self) -> Vec<Option<Rc<Place>>> {
        let mut places: Vec<Option<Rc<Place>>> = vec![];
        for (index, context) in self.found.contexts.iter().enumerate() {
            let outer = places.get(context.parent as usize).cloned().flatten();
            let place = Place { array: context.array as usize, index, outer };
            places.push((index > 0).then(|| Rc::new(place)));
        }
        places
    }
}
