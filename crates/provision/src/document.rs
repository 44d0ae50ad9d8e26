//! A YAML file as a JSON value, and where each part of it stands: its references stay what they are written as, so that nothing of
//! the environment is in it. CloudFormation's short forms (`!Ref`, `!Sub`) become the functions that they stand for.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

use crate::input::TEXT_BYTES_MAX;
use crate::tree::{DEPTH_MAX, NODES_MAX};

/// A file that has been read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// Lines, from 1, by JSON pointer.
    lines: HashMap<String, usize>,
}

impl Document {
    /// The line of the part at a JSON pointer, or of the nearest one around it; 0 where nothing is known.
    pub(crate) fn line(&self, pointer: &str) -> usize {
        let mut at = pointer;
        loop {
            if let Some(line) = self.lines.get(at) {
                return *line;
            }
            let Some((around, _)) = at.rsplit_once('/') else { return 0 };
            at = around;
        }
    }
}

/// Reads it.
///
/// # Errors
/// A sentence where it is no YAML, or too large for a pipeline file.
pub(crate) fn read(text: &str) -> Result<Value, String> {
    read_with_lines(text).map(|document| document.value)
}

/// Reads it, with the lines of its parts.
///
/// # Errors
/// As [`read`], with the line.
pub(crate) fn read_with_lines(text: &str) -> Result<Document, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!(
            "the file has {} bytes; a pipeline file has at most {TEXT_BYTES_MAX}",
            text.len()
        ));
    }
    let mut options = Options::default();
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, place) = event.map_err(|error| {
            format!("this is not YAML: {}, on line {}", error.info(), error.marker().line())
        })?;
        builder.line = place.start.line();
        builder.take(event)?;
    }
    Ok(Document { value: builder.root.unwrap_or_default(), lines: builder.lines })
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Piece>,
    nodes: usize,
    root: Option<Value>,
    /// Of the event that is taken.
    line: usize,
    lines: HashMap<String, usize>,
}

/// A value and how many it has in it, itself included.
#[derive(Clone)]
struct Piece {
    value: Value,
    size: usize,
}

/// A list or mapping whose end has not come.
struct Open {
    anchor: usize,
    nodes_before: usize,
    items: Items,
    /// The function of CloudFormation's that it is given to.
    function: Option<String>,
    /// Where it stands, as a JSON pointer.
    pointer: String,
}

enum Items {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(Items::List(Vec::new()), anchor, function(tag.as_deref()))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(Items::Map(Map::new(), None), anchor, function(tag.as_deref()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.items {
                    Items::List(items) => Value::Array(items),
                    Items::Map(members, _) => Value::Object(members),
                };
                let size = self.nodes.saturating_sub(open.nodes_before) + 1;
                self.nodes = open.nodes_before;
                let value = given_to(open.function, value);
                self.put(Piece { value, size }, open.anchor)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(Open { items: Items::Map(_, key @ None), .. }) = self.open.last_mut() {
                    *key = Some(text.into_owned());
                    let pointer = self.pointer();
                    self.lines.insert(pointer, self.line);
                    return Ok(());
                }
                let function = function(tag.as_deref());
                let says_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let is_text = says_text || function.is_some() || style != ScalarStyle::Plain;
                let value = if is_text { json!(text) } else { plain(&text) };
                let value = given_to(function, value);
                let pointer = self.pointer();
                self.lines.entry(pointer).or_insert(self.line);
                self.put(Piece { value, size: 1 }, anchor)?;
            }
            Event::Alias(anchor) => {
                let piece = self.anchors.get(&anchor).cloned();
                self.put(piece.ok_or("this alias stands inside the value that it repeats")?, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, items: Items, anchor: usize, function: Option<String>) -> Result<(), String> {
        if let Some(Open { items: Items::Map(_, None), .. }) = self.open.last() {
            return Err(format!("a key is text, on line {}", self.line));
        }
        let pointer = self.pointer();
        self.lines.entry(pointer.clone()).or_insert(self.line);
        self.open.push(Open { anchor, nodes_before: self.nodes, items, function, pointer });
        Ok(())
    }

    /// Where the next value stands.
    fn pointer(&self) -> String {
        match self.open.last() {
            None => String::new(),
            Some(Open { items: Items::List(items), pointer, .. }) => format!("{pointer}/{}", items.len()),
            Some(Open { items: Items::Map(_, key), pointer, .. }) => {
                let key = key.as_deref().unwrap_or_default();
                format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
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

/// The function that a local tag is short for. Source: CloudFormation user guide, "Intrinsic function reference".
fn function(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.core_suffix().is_none())?.original();
    let name = tag.strip_prefix('!')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    is_name.then(|| match name {
        "Ref" | "Condition" => name.to_owned(),
        _ => format!("Fn::{name}"),
    })
}

fn given_to(function: Option<String>, value: Value) -> Value {
    let Some(function) = function else { return value };
    // `!GetAtt Queue.Arn` is short for a list.
    let value = match value.as_str().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) if function == "Fn::GetAtt" => json!([resource, attribute]),
        _ => value,
    };
    json!({function: value})
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

    use super::{read, read_with_lines};

    #[test]
    fn short_forms_are_functions_and_lines_are_known() {
        let text = "a:\n  - !GetAtt Q.Arn\n  - b: !Sub\n      - '${x}'\n      - { x: !Ref Y }\n  - !Equals [!Ref A, '']\n";
        let document = read_with_lines(text).unwrap();
        let wanted = json!({"a": [
            {"Fn::GetAtt": ["Q", "Arn"]},
            {"b": {"Fn::Sub": ["${x}", {"x": {"Ref": "Y"}}]}},
            {"Fn::Equals": [{"Ref": "A"}, ""]},
        ]});
        assert_eq!(document.value, wanted);
        assert_eq!((document.line("/a"), document.line("/a/0"), document.line("/a/1/b")), (1, 2, 3));
        assert_eq!((document.line("/a/2/nothing"), document.line("/x")), (6, 1));
    }

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let text =
            "# first\na: ${env:SECRET}\nb: [007, 7, !!str 7, true, null]\nc: &c {f: \"$${x}\"}\nd: *c\n";
        let wanted = json!({
            "a": "${env:SECRET}", "b": ["007", 7, "7", true, null], "c": {"f": "$${x}"}, "d": {"f": "$${x}"},
        });
        assert_eq!(read(text).unwrap(), wanted);
        assert!(read("a:\n  - b\n c: d").unwrap_err().starts_with("this is not YAML"));
        let bomb = (1..20).fold("a0: &a0 [x,x]\n".to_owned(), |text, n| {
            let before = n - 1;
            format!("{text}a{n}: &a{n} [*a{before},*a{before},*a{before},*a{before}]\n")
        });
        assert!(read(&bomb).unwrap_err().contains("aliases"));
    }
}
