//! A YAML or JSON file as a JSON value, with the line of each of its members: references and tags stay what they are written as.
//!
//! CloudFormation's short forms are read as their long ones: `!Sub x` is `{"Fn::Sub": x}` (template reference, "Intrinsic
//! functions").

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

use crate::input::TEXT_BYTES_MAX;
use crate::tree::{DEPTH_MAX, NODES_MAX};

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) value: Value,
    /// Line numbers from 1, by JSON pointer.
    lines: HashMap<String, usize>,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// From 1.
    pub(super) line: usize,
    pub(super) sentence: String,
}

impl Document {
    #[cfg_attr(not(test), expect(dead_code, reason = "a report about a template names lines"))]
    /// The line of the value at a JSON pointer, or of the nearest one around it.
    pub(super) fn line(&self, pointer: &str) -> usize {
        let mut at = pointer;
        loop {
            match (self.lines.get(at), at.rsplit_once('/')) {
                (Some(line), _) => return *line,
                (None, Some((around, _))) => at = around,
                (None, None) => return 1,
            }
        }
    }
}

/// A member's name as a step of a JSON pointer (RFC 6901).
pub(super) fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads it.
pub(super) fn read(text: &str) -> Result<Document, Unreadable> {
    if text.len() > TEXT_BYTES_MAX {
        let sentence = format!("the file has {} bytes; at most {TEXT_BYTES_MAX} are read", text.len());
        return Err(Unreadable { line: 1, sentence });
    }
    let mut options = Options::default();
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, place) = event.map_err(|error| Unreadable {
            line: error.marker().line(),
            sentence: format!("this is neither YAML nor JSON: {}", error.info()),
        })?;
        let line = place.start.line();
        builder.take(event, line).map_err(|sentence| Unreadable { line, sentence })?;
    }
    Ok(Document { value: builder.root.unwrap_or_default(), lines: builder.lines })
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Piece>,
    lines: HashMap<String, usize>,
    nodes: usize,
    root: Option<Value>,
}

/// A value and how many it has in it, itself included.
#[derive(Clone)]
struct Piece {
    value: Value,
    size: usize,
}

/// A list or mapping whose end has not come.
struct Open {
    pointer: String,
    tag: Option<String>,
    anchor: usize,
    nodes_before: usize,
    items: Items,
}

enum Items {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(Items::List(Vec::new()), (anchor, tag.as_deref()), line)?
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(Items::Map(Map::new(), None), (anchor, tag.as_deref()), line)?
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.items {
                    Items::List(items) => Value::Array(items),
                    Items::Map(members, _) => Value::Object(members),
                };
                let size = self.nodes.saturating_sub(open.nodes_before) + 1;
                self.nodes = open.nodes_before;
                self.put(Piece { value: long_form(value, open.tag.as_deref()), size }, open.anchor)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_key = matches!(self.open.last(), Some(Open { items: Items::Map(_, None), .. }));
                self.lines.entry(self.pointer()).or_insert(line);
                if let (true, Some(Open { items: Items::Map(_, key), .. })) = (is_key, self.open.last_mut()) {
                    *key = Some(text.into_owned());
                    self.lines.insert(self.pointer(), line);
                    return Ok(());
                }
                let tag = tag.as_deref().and_then(tag_name);
                let is_text = tag.is_some() || style != ScalarStyle::Plain;
                let value = if is_text { json!(text) } else { plain(&text) };
                self.put(Piece { value: long_form(value, tag.as_deref()), size: 1 }, anchor)?;
            }
            Event::Alias(anchor) => {
                let piece = self.anchors.get(&anchor).cloned();
                self.put(piece.ok_or("this alias stands inside the value that it repeats")?, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(
        &mut self,
        items: Items,
        (anchor, tag): (usize, Option<&Tag>),
        line: usize,
    ) -> Result<(), String> {
        let pointer = self.pointer();
        if let Some(Open { items: Items::Map(_, None), .. }) = self.open.last() {
            return Err("a key is text".to_owned());
        }
        self.lines.entry(pointer.clone()).or_insert(line);
        let tag = tag.and_then(tag_name);
        self.open.push(Open { pointer, tag, anchor, nodes_before: self.nodes, items });
        Ok(())
    }

    /// Where the next value will be.
    fn pointer(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some(Open { pointer, items: Items::List(items), .. }) => format!("{pointer}/{}", items.len()),
            Some(Open { pointer, items: Items::Map(_, key), .. }) => {
                format!("{pointer}/{}", step(key.as_deref().unwrap_or_default()))
            }
        }
    }

    fn put(&mut self, piece: Piece, anchor: usize) -> Result<(), String> {
        self.nodes += piece.size;
        if self.nodes > NODES_MAX {
            return Err(format!("with its aliases the file has more than {NODES_MAX} values"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, piece.clone());
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(piece.value),
            Some(Items::List(items)) => items.push(piece.value),
            Some(Items::Map(members, key)) => {
                members.insert(key.take().unwrap_or_default(), piece.value);
            }
        }
        Ok(())
    }
}

/// The name of a tag that is CloudFormation's or says "text"; YAML's others change nothing.
fn tag_name(tag: &Tag) -> Option<String> {
    match tag.core_suffix() {
        Some("str") => Some(String::new()),
        Some(_) => None,
        None => Some(tag.original().trim_start_matches('!').to_owned()),
    }
}

/// A value under CloudFormation's short form.
fn long_form(value: Value, tag: Option<&str>) -> Value {
    match (tag, &value) {
        (None | Some(""), _) => value,
        (Some(name @ ("Ref" | "Condition")), _) => json!({name: value}),
        (Some("GetAtt"), Value::String(text)) => {
            let (of, attribute) = text.split_once('.').unwrap_or((text, ""));
            json!({"Fn::GetAtt": [of, attribute]})
        }
        (Some(name), _) => json!({format!("Fn::{name}"): value}),
    }
}

/// A plain scalar by the rules of the JSON schema of YAML 1.2, chapter 10.2.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => json!(true),
        "false" | "False" | "FALSE" => json!(false),
        _ => serde_json::from_str::<serde_json::Number>(text).map_or_else(|_| json!(text), Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn short_forms_are_long_ones_and_lines_are_known() {
        let text = "# first\na: !GetAtt Q.Arn\nb: !Sub\n  - ${x}\n  - {x: !Ref P}\nc/d:\n  - 007\n  - !!str 7\ne: &e {f: 1}\ng: *e\n";
        let document = read(text).unwrap();
        let wanted = json!({
            "a": {"Fn::GetAtt": ["Q", "Arn"]}, "b": {"Fn::Sub": ["${x}", {"x": {"Ref": "P"}}]}, "c/d": ["007", "7"],
            "e": {"f": 1}, "g": {"f": 1},
        });
        assert_eq!(document.value, wanted);
        let lines = ["/a", "/b", "/b/1/x", "/c~1d", "/c~1d/1", "/g/f", "/none"].map(|at| document.line(at));
        assert_eq!(lines, [2, 3, 5, 6, 8, 10, 2]);
        assert_eq!(read("a:\n  - b\n c: d").unwrap_err().line, 3);
        assert_eq!(read("{\"a\": {\"b\": 1}}").unwrap().value, json!({"a": {"b": 1}}));
        let bomb = (1..20).fold("a0: &a0 [x,x]\n".to_owned(), |text, n| {
            let before = n - 1;
            format!("{text}a{n}: &a{n} [*a{before},*a{before},*a{before},*a{before}]\n")
        });
        assert!(read(&bomb).unwrap_err().sentence.contains("aliases"));
    }
}
