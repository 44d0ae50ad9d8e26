//! The file as a tree in which every node knows its place; bounded in size, depth and aliases.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Tag};

use crate::input::TEXT_BYTES_MAX;
use crate::mistake::{Mistake, Span, kind};
use crate::reference::{self, Env};

/// The most nodes, those that aliases repeat included: an alias bomb ends here.
pub(crate) const NODES_MAX: usize = 100_000;
/// The deepest nesting; the tree is walked by recursion.
pub(crate) const DEPTH_MAX: usize = 64;

/// The key whose value has no references in it.
const VERBATIM: &str = "inline";

/// A node and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) shape: Shape,
    pub(crate) span: Span,
    /// Nodes in it, itself included.
    size: usize,
    /// Levels in it, itself included.
    depth: usize,
}

/// What a node is, by the rules of YAML's JSON schema: a number is what JSON calls a number, so that `007` and
/// `+49 30` stay text.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Null,
    Flag(bool),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A scalar whose reference leads nowhere; that has been told, so it passes for anything.
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn leaf(shape: Shape, span: Span) -> Self {
        Self { shape, span, size: 1, depth: 1 }
    }

    /// The value of a key; of the first one where a key stands twice.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let Shape::Map(entries) = &self.shape else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Moves it to where so many bytes stand before its text. Recursion is bounded by the tree's depth.
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.span = self.span.after(bytes);
        match &mut self.shape {
            Shape::List(items) => items.iter_mut().for_each(|item| item.shift(bytes)),
            Shape::Map(entries) => {
                for entry in entries {
                    entry.key_span = entry.key_span.after(bytes);
                    entry.value.shift(bytes);
                }
            }
            _ => {}
        }
    }

    /// What it is, in a word that completes "expected a list, found ...".
    pub(crate) fn noun(&self) -> &'static str {
        match self.shape {
            Shape::Null => "nothing",
            Shape::Flag(_) => "true or false",
            Shape::Number(_) => "a number",
            Shape::Text(_) => "text",
            Shape::List(_) => "a list",
            Shape::Map(_) => "a mapping",
            Shape::Unknown => "a value that is not known",
        }
    }
}

/// Reads the text. What is wrong is added to `mistakes`; `None` where nothing can be read.
pub(crate) fn read(text: &str, env: Env<'_>, mistakes: &mut Vec<Mistake>) -> Option<Node> {
    if text.len() > TEXT_BYTES_MAX {
        let sentence =
            format!("the file has {} bytes; a pipeline file has at most {TEXT_BYTES_MAX}", text.len());
        mistakes.push(Mistake::new(kind::YAML, Span { line: 1, column: 1, ..Span::default() }, sentence));
        return None;
    }
    let mut options = Options::default();
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    options.disallow_directives = true;
    let mut builder = Builder {
        text,
        env,
        mistakes,
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        documents: 0,
        root: None,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let step = match event {
            Ok((event, place)) => builder.take(event, span(place), span(place.tag_span().unwrap_or(place))),
            Err(error) => Err(syntax(text, &error)),
        };
        if let Err(mistake) = step {
            builder.mistakes.push(mistake);
            return None;
        }
    }
    let root = builder.root.take();
    if root.as_ref().is_none_or(|root| matches!(root.shape, Shape::Null)) && mistakes.is_empty() {
        mistakes.push(
            Mistake::new(kind::YAML, Span { line: 1, column: 1, ..Span::default() }, "the file is empty")
                .with_suggestion("`trunkline init` writes a sample"),
        );
        return None;
    }
    root
}

fn span(place: granit_parser::Span) -> Span {
    Span {
        start: place.start.byte_offset().unwrap_or_default(),
        end: place.end.byte_offset().unwrap_or_default(),
        line: place.start.line(),
        column: place.start.col() + 1,
    }
}

/// The parser's own sentence, at its place: after it, nothing can be read. A tab and an open quote are told where they stand; the
/// parser stumbles over what comes before or after.
fn syntax(text: &str, error: &ScanError) -> Mistake {
    let marker = error.marker();
    let start = marker.byte_offset().unwrap_or_default().min(text.len());
    let info = error.info();
    if info.contains("tab")
        && let Some(place) = indenting_tab(text, start)
    {
        let mistake = Mistake::new(kind::YAML, place, "this line is indented with a tab");
        return mistake.with_suggestion("YAML is indented with spaces");
    }
    if info.contains("quoted scalar")
        && let Some(place) = open_quote(text, start)
    {
        let mistake = Mistake::new(kind::YAML, place, "this quote is not closed");
        return mistake
            .with_suggestion("close it on its line; in '...' a quote of the text is written twice");
    }
    let place = Span { start, end: start, line: marker.line(), column: marker.col() + 1 };
    let mistake = Mistake::new(kind::YAML, place, format!("this is not YAML: {info}"));
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
    if line.contains("${") {
        mistake.with_suggestion("inside [...] and {...}, text with ${...} needs quotes")
    } else {
        mistake
    }
}

/// The first tab that indents a line, from the line of a byte on.
fn indenting_tab(text: &str, from: usize) -> Option<Span> {
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let indent = line.len() - line.trim_start().len();
        let tab = line.get(..indent).and_then(|indent| indent.find('\t'));
        if let Some(tab) = tab.filter(|_| start + line.len() > from) {
            return Some(Span { start: start + tab, end: start + tab + 1, line: index + 1, column: tab + 1 });
        }
        start += line.len();
    }
    None
}

/// The quote that the last line before a byte opens and does not close.
fn open_quote(text: &str, before: usize) -> Option<Span> {
    let mut start = 0;
    let mut found = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if start > before {
            break;
        }
        if let Some(at) = open_in(line) {
            let column = line.get(..at).unwrap_or_default().chars().count() + 1;
            found = Some(Span { start: start + at, end: start + at + 1, line: index + 1, column });
        }
        start += line.len();
    }
    found
}

/// Where a line opens a quote that it does not close; an apostrophe within a word opens none.
fn open_in(line: &str) -> Option<usize> {
    let mut open: Option<(usize, char)> = None;
    let mut last = ' ';
    for (at, c) in line.char_indices() {
        match open {
            None if matches!(c, '"' | '\'') && matches!(last, ' ' | '[' | '{' | ',' | '\t') => {
                open = Some((at, c))
            }
            None if c == '#' && last == ' ' => return None,
            Some((_, quote)) if c == quote && last != '\\' => open = None,
            _ => {}
        }
        last = c;
    }
    open.map(|(at, _)| at)
}

struct Builder<'a, 'm> {
    text: &'a str,
    env: Env<'a>,
    mistakes: &'m mut Vec<Mistake>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

/// A list or mapping whose end has not come.
struct Open {
    span: Span,
    anchor: usize,
    items: Items,
    /// The keys so far: where each stands first, and whether a second one was told.
    keys: HashMap<String, KeySeen>,
}

/// A key that stands there.
struct KeySeen {
    span: Span,
    is_told: bool,
}

enum Items {
    List(Vec<Node>),
    Map(Vec<Entry>, Option<(String, Span)>),
}

impl Builder<'_, '_> {
    fn take(&mut self, event: Event<'_>, span: Span, tag_span: Span) -> Result<(), Mistake> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Mistake::new(
                        kind::YAML,
                        span,
                        "a second document begins here; a pipeline is one document",
                    ));
                }
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), tag_span);
                self.open.push(Open { span, anchor, items: Items::List(Vec::new()), keys: HashMap::new() });
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), tag_span);
                self.open.push(Open {
                    span,
                    anchor,
                    items: Items::Map(Vec::new(), None),
                    keys: HashMap::new(),
                });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = self.tag(tag.as_deref(), tag_span) || style != ScalarStyle::Plain;
                let resolve = if is_text { Shape::Text } else { plain };
                let node = self.scalar(&text, resolve, span);
                self.put(node, anchor)?;
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(Mistake::new(
                        kind::YAML,
                        span,
                        "this alias stands inside the value that it repeats",
                    ));
                };
                let node = node.clone();
                self.put(node, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the tag says "text"; every other tag is refused.
    fn tag(&mut self, tag: Option<&Tag>, span: Span) -> bool {
        match tag.map(|tag| (tag.core_suffix(), tag.original())) {
            None => false,
            Some((Some("str"), _)) => true,
            Some((Some("map" | "seq" | "int" | "bool" | "float" | "null"), _)) => false,
            Some((_, original)) => {
                self.mistakes.push(Mistake::new(
                    kind::YAML,
                    span,
                    format!("the tag `{original}` has no effect in a pipeline file"),
                ));
                false
            }
        }
    }

    fn scalar(&mut self, text: &str, resolve: fn(String) -> Shape, span: Span) -> Node {
        let is_key = matches!(self.open.last(), Some(Open { items: Items::Map(_, None), .. }));
        if is_key {
            return Node::leaf(Shape::Text(text.to_owned()), span);
        }
        // Code is taken as it stands: `${` is JavaScript's too.
        if let Some(Open { items: Items::Map(_, Some((key, _))), .. }) = self.open.last()
            && key == VERBATIM
        {
            return Node::leaf(Shape::Text(text.to_owned()), span);
        }
        let text = reference::expand(text, self.text, span, self.env, self.mistakes);
        Node::leaf(text.map_or(Shape::Unknown, resolve), span)
    }

    fn close(&mut self, end: Span) -> Result<(), Mistake> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let (shape, size, depth) = match open.items {
            Items::List(items) => {
                let size = items.iter().map(|item| item.size).sum::<usize>();
                let depth = items.iter().map(|item| item.depth).max().unwrap_or_default();
                (Shape::List(items), size, depth)
            }
            Items::Map(entries, _) => {
                let size = entries.iter().map(|entry| entry.value.size).sum::<usize>();
                let depth = entries.iter().map(|entry| entry.value.depth).max().unwrap_or_default();
                (Shape::Map(entries), size, depth)
            }
        };
        // The end of an indented collection is where the next thing begins; its last character is before that.
        let covered = self.text.get(open.span.start..end.end).unwrap_or_default().trim_end().len();
        let span = Span { end: open.span.start + covered, ..open.span };
        let node = Node { shape, span, size: size + 1, depth: depth + 1 };
        // Its children were counted when they came.
        self.nodes = self.nodes.saturating_sub(size);
        self.put(node, open.anchor)
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Mistake> {
        self.nodes += node.size;
        if self.nodes > NODES_MAX {
            let sentence = format!("with its aliases the file has more than {NODES_MAX} values");
            return Err(Mistake::new(kind::YAML, node.span, sentence));
        }
        if self.open.len() + node.depth > DEPTH_MAX {
            let sentence = format!("with its aliases the file is nested more than {DEPTH_MAX} deep");
            return Err(Mistake::new(kind::YAML, node.span, sentence));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.items {
            Items::List(items) => items.push(node),
            Items::Map(entries, pending) => match pending.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node }),
                None => *pending = Some(key(&node, &mut open.keys, self.mistakes)),
            },
        }
        Ok(())
    }
}

/// A key's text; a key that is no text, or that stands here already, is a mistake.
fn key(node: &Node, keys: &mut HashMap<String, KeySeen>, mistakes: &mut Vec<Mistake>) -> (String, Span) {
    let Shape::Text(key) = &node.shape else {
        mistakes.push(Mistake::new(
            kind::YAML,
            node.span,
            format!("a key is text; this one is {}", node.noun()),
        ));
        return (String::new(), node.span);
    };
    if key.is_empty() {
        mistakes.push(Mistake::new(kind::YAML, node.span, "this key is empty"));
    }
    // A key that stands there a hundred times is one mistake.
    match keys.get_mut(key) {
        None => {
            keys.insert(key.clone(), KeySeen { span: node.span, is_told: false });
        }
        Some(first) if first.is_told => {}
        Some(first) => {
            first.is_told = true;
            let mistake = Mistake::new(kind::DUPLICATE_KEY, node.span, format!("`{key}` stands here twice"));
            mistakes.push(mistake.with_first(first.span));
        }
    }
    (key.clone(), node.span)
}

/// A plain scalar by the rules of the JSON schema of YAML 1.2, chapter 10.2.
fn plain(text: String) -> Shape {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Shape::Null,
        "true" | "True" | "TRUE" => Shape::Flag(true),
        "false" | "False" | "FALSE" => Shape::Flag(false),
        _ if serde_json::from_str::<serde_json::Number>(&text).is_ok() => Shape::Number(text),
        _ => Shape::Text(text),
    }
}
