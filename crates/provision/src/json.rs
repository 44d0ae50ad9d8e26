//! A part of the file as JSON text, and the way back: which part of the file made this byte of it.

use crate::mistake::Span;
use crate::tree::{Node, Shape};

/// JSON text made from the file.
#[derive(Clone, Debug, Default)]
pub struct JsonText {
    /// The text. References to Genesys queues (`${queue:NAME}`) are still in it.
    pub text: String,
    /// The whole part of the file.
    pub span: Span,
    origin: Origin,
}

#[derive(Clone, Debug, Default)]
enum Origin {
    /// Written as YAML: each piece of the text and the node it came from, outer before inner.
    Nodes(Vec<Piece>),
    /// Written as JSON text in a YAML scalar: the lines of the file from the scalar's first, and the byte where they begin.
    Lines { start: usize, text: String },
    #[default]
    Nowhere,
}

#[derive(Clone, Debug)]
struct Piece {
    start: usize,
    end: usize,
    span: Span,
}

impl JsonText {
    /// A YAML value as JSON.
    pub(crate) fn of_node(node: &Node) -> Self {
        let mut emitter = Emitter { text: String::new(), pieces: Vec::new() };
        emitter.value(node);
        Self { text: emitter.text, span: node.span, origin: Origin::Nodes(emitter.pieces) }
    }

    /// JSON that stands in a file of its own, which this place names.
    pub(crate) fn of_file(text: String, span: Span) -> Self {
        Self { text, span, origin: Origin::Nowhere }
    }

    /// JSON that the user wrote as text.
    pub(crate) fn of_text(text: &str, span: Span, source: &str) -> Self {
        let before = source.get(..span.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let lines = source.get(start..).unwrap_or_default().split_inclusive('\n');
        let origin = Origin::Lines { start, text: lines.take(text.lines().count() + 2).collect() };
        Self { text: text.to_owned(), span, origin }
    }

    /// Where in the file the byte at `offset`, on this line and in this column of the text (from 1), comes from: the
    /// innermost value around it.
    pub fn locate(&self, offset: usize, line: usize, column: usize) -> Span {
        match &self.origin {
            Origin::Nowhere => self.span,
            Origin::Nodes(pieces) => {
                let around = pieces.iter().rev().find(|piece| piece.start <= offset && offset < piece.end);
                around.map_or(self.span, |piece| piece.span)
            }
            Origin::Lines { start, text } => {
                self.locate_line((*start, text), line, column).unwrap_or(self.span)
            }
        }
    }

    /// The same by line and column alone.
    pub fn locate_line_of(&self, line: usize, column: usize) -> Span {
        let before = self.text.lines().take(line.saturating_sub(1)).map(|line| line.len() + 1).sum::<usize>();
        let on_line = self.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let bytes: usize = on_line.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        self.locate(before + bytes, line, column)
    }

    /// A line of the text stands in one of the file's lines as it is, unless YAML folded or unescaped it.
    fn locate_line(&self, (start, text): (usize, &str), line: usize, column: usize) -> Option<Span> {
        let wanted = self.text.lines().nth(line.saturating_sub(1))?;
        let is_blank = wanted.trim().is_empty();
        let mut at = start;
        let mut found = None;
        for (index, have) in text.split_inclusive('\n').enumerate() {
            if index + 1 >= line
                && !is_blank
                && let Some((before, _)) = have.split_once(wanted)
            {
                found = Some((index, before, at));
                break;
            }
            at += have.len();
        }
        let (index, before, at) = found?;
        let inside: usize = wanted.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        let start = at + before.len() + inside;
        let column = before.chars().count() + column;
        // The caret is one character long.
        Some(Span { start, end: start, line: self.span.line + index, column })
    }
}

struct Emitter {
    text: String,
    pieces: Vec<Piece>,
}

impl Emitter {
    /// Recursion is bounded by the tree's depth.
    fn value(&mut self, node: &Node) {
        let piece = self.begin(node.span);
        match &node.shape {
            Shape::Null | Shape::Unknown => self.text.push_str("null"),
            Shape::Flag(flag) => self.text.push_str(if *flag { "true" } else { "false" }),
            Shape::Number(number) => self.text.push_str(number),
            Shape::Text(text) => self.quoted(text),
            Shape::List(items) => {
                self.text.push('[');
                for (i, item) in items.iter().enumerate() {
                    self.comma_before(i);
                    self.value(item);
                }
                self.text.push(']');
            }
            Shape::Map(entries) => {
                self.text.push('{');
                for (i, entry) in entries.iter().enumerate() {
                    self.comma_before(i);
                    let key = self.begin(entry.key_span);
                    self.quoted(&entry.key);
                    self.end(key);
                    self.text.push(':');
                    self.value(&entry.value);
                }
                self.text.push('}');
            }
        }
        self.end(piece);
    }

    /// Every item of a list or mapping but the first has a comma before it.
    fn comma_before(&mut self, index: usize) {
        if index > 0 {
            self.text.push(',');
        }
    }

    fn quoted(&mut self, text: &str) {
        aws::envelope::push_quoted(&mut self.text, text);
    }

    fn begin(&mut self, span: Span) -> usize {
        self.pieces.push(Piece { start: self.text.len(), end: self.text.len(), span });
        self.pieces.len() - 1
    }

    fn end(&mut self, index: usize) {
        let end = self.text.len();
        if let Some(piece) = self.pieces.get_mut(index) {
            piece.end = end;
        }
    }
}
