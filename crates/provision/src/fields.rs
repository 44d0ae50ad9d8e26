//! Takes values out of a mapping whose shape is checked: a value that is absent or of the wrong kind is `None`.

use aws::secret::Secret;

use crate::json::JsonText;
use crate::mistake::{Marked, Span};
use crate::reference;
use crate::shape;
use crate::tree::{Entry, Node, Shape};

/// A mapping of the file.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) node: &'a Node,
    /// The whole text of the file.
    pub(crate) source: &'a str,
}

impl<'a> Fields<'a> {
    /// Where a mistake about the whole mapping points: at its first key.
    pub(crate) fn span(&self) -> Span {
        match &self.node.shape {
            Shape::Map(entries) => entries.first().map_or(self.node.span, |entry| entry.key_span),
            _ => self.node.span,
        }
    }

    /// Where a key stands, if it is there.
    pub(crate) fn key_span(&self, key: &str) -> Option<Span> {
        let Shape::Map(entries) = &self.node.shape else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_span)
    }

    fn inner(&self, node: &'a Node) -> Self {
        Self { node, source: self.source }
    }

    pub(crate) fn object(&self, key: &str) -> Option<Self> {
        self.node.get(key).filter(|node| matches!(node.shape, Shape::Map(_))).map(|node| self.inner(node))
    }

    /// The mappings of a list; nothing where there is no list.
    pub(crate) fn list(&self, key: &str) -> impl Iterator<Item = Self> + use<'a> {
        let this = *self;
        self.items(key).iter().map(move |node| this.inner(node))
    }

    fn items(&self, key: &str) -> &'a [Node] {
        match self.node.get(key).map(|node| &node.shape) {
            Some(Shape::List(items)) => items,
            _ => &[],
        }
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, key: &str) -> Vec<Marked<String>> {
        self.items(key).iter().filter_map(marked_text).collect()
    }

    pub(crate) fn text(&self, key: &str) -> Option<Marked<String>> {
        self.node.get(key).and_then(marked_text)
    }

    /// A secret.
    pub(crate) fn secret(&self, key: &str) -> Option<Marked<Secret>> {
        self.text(key).map(|text| Marked::new(Secret::new(text.value), text.span))
    }

    /// Whether the text at a place comes from the environment or from a file of its own, and does not stand there itself, not
    /// even as a default.
    pub(crate) fn comes_from_outside(&self, span: Span) -> bool {
        let written = self.source.get(span.start..span.end).unwrap_or_default();
        reference::is_from_outside(written)
    }

    /// A text that must be there: empty, and at the mapping's place, where it is not.
    pub(crate) fn name(&self, key: &str) -> Marked<String> {
        self.text(key).unwrap_or_else(|| Marked::new(String::new(), self.span()))
    }

    pub(crate) fn integer(&self, key: &str) -> Option<u64> {
        match &self.node.get(key)?.shape {
            Shape::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn marked_integer(&self, key: &str) -> Option<Marked<u64>> {
        Some(Marked::new(self.integer(key)?, self.node.get(key)?.span))
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        match &self.node.get(key)?.shape {
            Shape::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        match self.node.get(key)?.shape {
            Shape::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub(crate) fn seconds(&self, key: &str) -> Option<u64> {
        self.node.get(key).and_then(shape::seconds_of)
    }

    /// The value as JSON text.
    pub(crate) fn json(&self, key: &str) -> Option<JsonText> {
        self.node.get(key).map(JsonText::of_node)
    }

    /// A mapping as JSON text, or text that is JSON already.
    pub(crate) fn json_or_text(&self, key: &str) -> Option<JsonText> {
        let node = self.node.get(key)?;
        match &node.shape {
            Shape::Text(text) => Some(JsonText::of_text(text, node.span, self.source)),
            Shape::Map(_) => Some(JsonText::of_node(node)),
            _ => None,
        }
    }

    /// Any keys with text: each key and its text, with their places.
    pub(crate) fn pairs(&self, key: &str) -> Vec<(Marked<String>, Marked<String>)> {
        self.pairs_by(key, marked_text)
    }

    /// A text whose references are settled when the pipeline is planned: until then its escapes stay apart from them.
    pub(crate) fn unsettled(&self, key: &str) -> Option<Marked<String>> {
        self.node.get(key).and_then(unsettled)
    }

    /// A list of such texts.
    pub(crate) fn unsettled_texts(&self, key: &str) -> Vec<Marked<String>> {
        self.items(key).iter().filter_map(unsettled).collect()
    }

    /// Any keys with such texts.
    pub(crate) fn unsettled_pairs(&self, key: &str) -> Vec<(Marked<String>, Marked<String>)> {
        self.pairs_by(key, unsettled)
    }

    fn pairs_by(
        &self,
        key: &str,
        text: fn(&Node) -> Option<Marked<String>>,
    ) -> Vec<(Marked<String>, Marked<String>)> {
        let Some(Shape::Map(entries)) = self.node.get(key).map(|node| &node.shape) else { return Vec::new() };
        let pair =
            |entry: &Entry| Some((Marked::new(entry.key.clone(), entry.key_span), text(&entry.value)?));
        entries.iter().filter_map(pair).collect()
    }
}

impl<'a> Fields<'a> {
    /// Any keys with mappings, or lists of mappings.
    pub(crate) fn entries(&self, key: &str) -> Vec<(Marked<String>, Vec<Self>)> {
        let Some(Shape::Map(entries)) = self.node.get(key).map(|node| &node.shape) else { return Vec::new() };
        let mappings = |node: &'a Node| match &node.shape {
            Shape::List(items) => items.iter().map(|item| self.inner(item)).collect(),
            _ => vec![self.inner(node)],
        };
        let entries = entries.iter();
        entries
            .map(|entry| (Marked::new(entry.key.clone(), entry.key_span), mappings(&entry.value)))
            .collect()
    }
}

fn unsettled(node: &Node) -> Option<Marked<String>> {
    match &node.shape {
        Shape::Text(text) => Some(Marked::new(text.clone(), node.span)),
        _ => None,
    }
}

fn marked_text(node: &Node) -> Option<Marked<String>> {
    match &node.shape {
        Shape::Text(text) => Some(Marked::new(reference::unescape(text), node.span)),
        _ => None,
    }
}
