//! An event as the matcher sees it: number texts and repeated keys kept.

use std::borrow::Cow;
use std::rc::Rc;

use crate::error::{Failure, InvalidEvent};
use crate::json::{Reader, Token};
use crate::matcher::number::Number;
use crate::scan::{verdict, walk};

/// A value that is neither an object nor an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// A string, escapes undone.
    String(Cow<'a, str>),
    /// A number, as it is written.
    Number(Number),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`.
    Null,
}

/// An event: any JSON object, an EventBridge envelope or not.
///
/// Parsing it once pays where several patterns are tried on it; [`EventPattern::matches`](crate::EventPattern::matches)
/// does it for one.
#[derive(Debug, Clone)]
pub struct Event {
    root: Vec<(String, Value)>,
}

/// What stands behind a key or in an array.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar(Scalar<'static>),
    Object(Vec<(String, Value)>),
    Array(Vec<Value>),
}

/// A scalar of the event and the array elements that it lies in.
#[derive(Debug, Clone)]
pub(crate) struct Occurrence<'e> {
    pub(crate) value: &'e Scalar<'static>,
    pub(crate) place: Option<Rc<Place>>,
}

/// An element of an array that is itself an object or an array. Scalars directly in an array are at no place of it:
/// they go with every element (event-ruler, `Event.traverseArray`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which array of the event, counted in the order of the text.
    pub(crate) array: usize,
    pub(crate) index: usize,
    /// The element of an outer array that this one lies in.
    pub(crate) outer: Option<Rc<Place>>,
}

impl Event {
    /// Reads an event as AWS's engine does: what follows the object is not looked at, a key may come twice, half a
    /// surrogate pair becomes `?`.
    ///
    /// # Errors
    /// [`InvalidEvent`] where the bytes are no UTF-8, no JSON or no object, or are nested deeper than 1000 levels.
    pub fn parse(bytes: &[u8]) -> Result<Event, InvalidEvent> {
        let text = std::str::from_utf8(bytes)
            .map_err(|e| InvalidEvent { message: "invalid UTF-8".to_owned(), offset: e.valid_up_to() })?;
        let mut reader = Reader::new(text);
        read_root(&mut reader).map_err(Failure::in_event)
    }

    /// Whether `detail` can be the detail of an event: a JSON object and nothing after it, which [`Event::parse`] reads where it
    /// stands in an envelope. In one pass that keeps nothing; what is put on a bus is asked this.
    ///
    /// ```
    /// use pattern::Event;
    /// assert!(Event::can_have_detail(r#" {"n": [1e999, "\ud800"]} "#));
    /// assert!(!Event::can_have_detail(r#"{"n": 1} {}"#));
    /// assert!(!Event::can_have_detail("[1]"));
    /// ```
    #[must_use]
    pub fn can_have_detail(detail: &str) -> bool {
        // The envelope around it is a level as well.
        verdict::is_object(detail, walk::DEPTH_MAX - 1)
    }

    /// The string behind a key of the outermost object (`detail-type`, `source`, `id`); the last one where it comes twice.
    ///
    /// ```
    /// let event = pattern::Event::parse(br#"{"id": "e-1", "detail": {"n": 1e999, "half": "\\ud800"}}"#).unwrap();
    /// assert_eq!(event.string("id"), Some("e-1"));
    /// assert_eq!(event.string("detail"), None);
    /// ```
    #[must_use]
    pub fn string(&self, key: &str) -> Option<&str> {
        let (_, value) = self.root.iter().rev().find(|(own, _)| own == key)?;
        match value {
            Value::Scalar(Scalar::String(text)) => Some(text),
            Value::Scalar(_) | Value::Object(_) | Value::Array(_) => None,
        }
    }

    pub(crate) fn root(&self) -> &[(String, Value)] {
        &self.root
    }

    /// Calls `visit` with the joined path of every scalar, in the order of the text.
    pub(crate) fn walk<'e>(&'e self, visit: &mut dyn FnMut(&str, Occurrence<'e>)) {
        let mut walk = Walk { path: String::new(), depth: 0, arrays: 0, visit };
        walk.object(&self.root, None);
    }
}

fn read_root(reader: &mut Reader<'_>) -> Result<Event, Failure> {
    if reader.next()? != Token::StartObject {
        return Err(Failure::bare(
            "Event must be a JSON object".to_owned(),
            reader.token_start(),
            "an object",
        ));
    }
    Ok(Event { root: read_object(reader)? })
}

/// An object or array that is being read.
enum Open {
    /// Its entries so far, and the key whose value comes next.
    Object(Vec<(String, Value)>, String),
    Array(Vec<Value>),
}

/// The rest of an object whose brace was read. A loop and no recursion: events may be nested deeply.
fn read_object(reader: &mut Reader<'_>) -> Result<Vec<(String, Value)>, Failure> {
    let mut outer: Vec<Open> = vec![];
    let mut inner = Open::Object(vec![], String::new());
    loop {
        let done = match reader.next()? {
            Token::Name(name) => {
                if let Open::Object(_, key) = &mut inner {
                    *key = name;
                }
                continue;
            }
            Token::StartObject => {
                outer.push(std::mem::replace(&mut inner, Open::Object(vec![], String::new())));
                continue;
            }
            Token::StartArray => {
                outer.push(std::mem::replace(&mut inner, Open::Array(vec![])));
                continue;
            }
            Token::EndObject | Token::EndArray | Token::End => match (inner, outer.pop()) {
                (Open::Object(entries, _), None) => return Ok(entries),
                (Open::Object(entries, _), Some(around)) => {
                    inner = around;
                    Value::Object(entries)
                }
                (Open::Array(elements), around) => {
                    // The outermost is an object, so there is something around.
                    inner = around.unwrap_or(Open::Array(vec![]));
                    Value::Array(elements)
                }
            },
            Token::String(_) => Value::Scalar(Scalar::String(Cow::Owned(reader.read_string()?))),
            Token::Number(text) => Value::Scalar(Scalar::Number(Number::new(text))),
            Token::True => Value::Scalar(Scalar::Boolean(true)),
            Token::False => Value::Scalar(Scalar::Boolean(false)),
            Token::Null => Value::Scalar(Scalar::Null),
        };
        match &mut inner {
            Open::Object(entries, key) => entries.push((std::mem::take(key), done)),
            Open::Array(elements) => elements.push(done),
        }
    }
}

struct Walk<'v, 'e> {
    path: String,
    /// How many keys the path has.
    depth: usize,
    arrays: usize,
    visit: &'v mut dyn FnMut(&str, Occurrence<'e>),
}

impl<'e> Walk<'_, 'e> {
    fn object(&mut self, entries: &'e [(String, Value)], place: Option<&Rc<Place>>) {
        for (key, value) in entries {
            let (length, depth) = (self.path.len(), self.depth);
            // A key may be empty, so it is the depth that says whether a dot must separate.
            if depth > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            self.depth += 1;
            self.value(value, place);
            self.depth = depth;
            self.path.truncate(length);
        }
    }

    fn value(&mut self, value: &'e Value, place: Option<&Rc<Place>>) {
        match value {
            Value::Scalar(value) => (self.visit)(&self.path, Occurrence { value, place: place.cloned() }),
            Value::Object(entries) => self.object(entries, place),
            Value::Array(elements) => {
                let array = self.arrays;
                self.arrays += 1;
                elements
                    .iter()
                    .enumerate()
                    .for_each(|(index, element)| self.element((array, index), element, place));
            }
        }
    }

    fn element(&mut self, (array, index): (usize, usize), element: &'e Value, place: Option<&Rc<Place>>) {
        if matches!(element, Value::Scalar(_)) {
            return self.value(element, place);
        }
        let inner = Rc::new(Place { array, index, outer: place.cloned() });
        self.value(element, Some(&inner));
    }
}
