//! A YAML file as a JSON value: its references stay what they are written as, so that nothing of the environment is in it.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle};
use serde_json::{Map, Value, json};

use crate::input::TEXT_BYTES_MAX;
use crate::tree::{DEPTH_MAX, NODES_MAX};

/// Reads it.
///
/// # Errors
/// A sentence where it is no YAML, or too large for a pipeline file.
pub(super) fn read(text: &str) -> Result<Value, String> {
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
        let (event, _) = event.map_err(|error| format!("this is not YAML: {}", error.info()))?;
        builder.take(event)?;
    }
    Ok(builder.root.unwrap_or_default())
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Piece>,
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
    anchor: usize,
    nodes_before: usize,
    items: Items,
}

enum Items {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::SequenceStart(_, anchor, _) => self.begin(Items::List(Vec::new()), anchor)?,
            Event::MappingStart(_, anchor, _) => self.begin(Items::Map(Map::new(), None), anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.items {
                    Items::List(items) => Value::Array(items),
                    Items::Map(members, _) => Value::Object(members),
                };
                let size = self.nodes.saturating_sub(open.nodes_before) + 1;
                self.nodes = open.nodes_before;
                self.put(Piece { value, size }, open.anchor)?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(Open { items: Items::Map(_, key @ None), .. }) = self.open.last_mut() {
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                let says_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let is_text = says_text || style != ScalarStyle::Plain;
                let value = if is_text { json!(text) } else { plain(&text) };
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

    fn begin(&mut self, items: Items, anchor: usize) -> Result<(), String> {
        if let Some(Open { items: Items::Map(_, None), .. }) = self.open.last() {
            return Err("a key is text".to_owned());
        }
        self.open.push(Open { anchor, nodes_before: self.nodes, items });
        Ok(())
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
