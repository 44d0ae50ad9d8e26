//! What an event has, by path.

use std::collections::HashMap;

use crate::event::{Event, Occurrence, Scalar, Value};
use crate::matcher::describe::{cut, quote};

/// The most paths that are kept to look for near ones.
const PATHS_MAX: usize = 10_000;

/// What an event has, by path.
pub(crate) struct EventPaths<'e> {
    scalars: HashMap<String, Vec<Occurrence<'e>>>,
    /// Objects and empty arrays: what has a path and no value.
    hollow: HashMap<String, Vec<Hollow>>,
    /// The paths that have scalars, in the order of the event.
    paths: Vec<String>,
}

/// What has a path and no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hollow {
    /// An object with these keys, in an array or not.
    Object {
        keys: Vec<String>,
        in_array: bool,
    },
    EmptyArray,
}

impl<'e> EventPaths<'e> {
    pub(crate) fn in_event(event: &'e Event) -> EventPaths<'e> {
        let mut found = EventPaths { scalars: HashMap::new(), hollow: HashMap::new(), paths: vec![] };
        event.walk(&mut |path, occurrence| match found.scalars.get_mut(path) {
            Some(list) => list.push(occurrence),
            None if found.paths.len() < PATHS_MAX => {
                found.paths.push(path.to_owned());
                found.scalars.insert(path.to_owned(), vec![occurrence]);
            }
            None => {}
        });
        for (key, value) in event.root() {
            found.note(key.clone(), value, false);
        }
        found
    }

    #[expect(clippy::fn_params_excessive_bools, reason = "a step of a walk: whether the parent is an array")]
    fn note(&mut self, path: String, value: &Value, in_array: bool) {
        if self.hollow.len() >= PATHS_MAX {
            return;
        }
        match value {
            Value::Scalar(_) => {}
            Value::Object(entries) => {
                let keys = entries.iter().map(|(key, _)| key.clone()).collect();
                self.hollow.entry(path.clone()).or_default().push(Hollow::Object { keys, in_array });
                entries.iter().for_each(|(key, value)| self.note(format!("{path}.{key}"), value, false));
            }
            Value::Array(elements) if elements.is_empty() => {
                self.hollow.entry(path).or_default().push(Hollow::EmptyArray);
            }
            Value::Array(elements) => {
                elements.iter().for_each(|element| self.note(path.clone(), element, true));
            }
        }
    }

    /// The scalars at a path.
    pub(crate) fn scalars(&self, path: &str) -> &[Occurrence<'e>] {
        self.scalars.get(path).map_or(&[], Vec::as_slice)
    }

    /// The objects and empty arrays at a path.
    pub(crate) fn hollow(&self, path: &str) -> &[Hollow] {
        self.hollow.get(path).map_or(&[], Vec::as_slice)
    }

    /// The paths that have scalars, in the order of the event.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }
}

/// A scalar as JSON writes it, cut where it is long.
pub(crate) fn show(value: &Scalar<'_>) -> String {
    cut(to_json(value))
}

/// A scalar as JSON writes it.
pub(crate) fn to_json(value: &Scalar<'_>) -> String {
    match value {
        Scalar::String(text) => quote(text),
        Scalar::Number(number) => number.text().to_owned(),
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Null => "null".to_owned(),
    }
}
