//! What the query protocol calls the members of an operation: their shapes in a form and in XML.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>.

/// How a value is written, in a form and in XML.
#[derive(Debug)]
pub enum Shape {
    /// Text, and what JSON writes without quotes in an answer.
    Text,
    /// A number in a request.
    Integer,
    /// `true` or `false` in a request.
    Boolean,
    /// Flattened: `{0}.1`, `{0}.2` in a form, one element `{0}` after the other in XML.
    List(&'static str, &'static Shape),
    /// Not flattened: `{name}.member.1` in a form, `<{name}><member/></{name}>` in XML.
    Members(&'static Shape),
    /// Flattened: `{name}.1.{key}`, `{name}.1.{value}` in a form, `<{name}><{key}/><{value}/></{name}>` in XML.
    Map(Entry, &'static Shape),
    /// Named members.
    Structure(&'static [Member]),
}

/// The names of a map's parts.
#[derive(Debug)]
pub struct Entry {
    /// Of an entry.
    pub name: &'static str,
    /// Of its key.
    pub key: &'static str,
    /// Of its value.
    pub value: &'static str,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in JSON.
    pub name: &'static str,
    /// How it is written.
    pub shape: Shape,
}

/// An operation's shapes.
#[derive(Debug)]
pub struct Action {
    /// AWS's name of it.
    pub name: &'static str,
    /// The members of its request.
    pub request: &'static [Member],
    /// The members of its answer; empty for an answer without a result.
    pub answer: &'static [Member],
}

impl Member {
    /// A member of this shape.
    pub const fn new(name: &'static str, shape: Shape) -> Self {
        Self { name, shape }
    }

    /// Its name in a form and in XML.
    pub fn wire_name(&self) -> &'static str {
        match &self.shape {
            Shape::List(element, _) => element,
            Shape::Map(entry, _) => entry.name,
            Shape::Text | Shape::Integer | Shape::Boolean | Shape::Members(_) | Shape::Structure(_) => {
                self.name
            }
        }
    }
}

/// A member that is text.
pub const fn text(name: &'static str) -> Member {
    Member::new(name, Shape::Text)
}

/// A member that is a number.
pub const fn integer(name: &'static str) -> Member {
    Member::new(name, Shape::Integer)
}

/// A member that is true or false.
pub const fn boolean(name: &'static str) -> Member {
    Member::new(name, Shape::Boolean)
}

/// A flattened list of texts.
pub const fn texts(name: &'static str, element: &'static str) -> Member {
    Member::new(name, Shape::List(element, &Shape::Text))
}
