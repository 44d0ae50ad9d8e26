//! The pipeline file as it is written: sections in the order of the format, a comment above what needs one.

use serde_json::{Map, Value};

use crate::import::stack::Place;

/// One entry of a section.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) members: Map<String, Value>,
    /// Lines above it.
    pub(super) comments: Vec<String>,
    /// What it was made of.
    pub(super) place: Place,
    /// Its logical id.
    pub(super) about: String,
}

/// What flow style may be long, in characters.
const FLOW_CHARS_MAX: usize = 100;

/// `members` as YAML, each line indented by `indent` spaces.
pub(super) fn mapping(members: &Map<String, Value>, indent: usize, out: &mut String) {
    for (name, value) in members {
        out.push_str(&" ".repeat(indent));
        out.push_str(&scalar_text(name));
        out.push(':');
        after_key(value, indent, out);
    }
}

/// An entry of a list, with its comments.
pub(super) fn entry(entry: &Entry, indent: usize, out: &mut String) {
    for comment in &entry.comments {
        for line in comment.lines() {
            out.push_str(&format!("{}# {line}\n", " ".repeat(indent)));
        }
    }
    item(&Value::Object(entry.members.clone()), indent, out);
}

fn item(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() && !fits_flow(value) => {
            let mut text = String::new();
            mapping(members, indent + 2, &mut text);
            // The first key stands beside the dash.
            out.push_str(&" ".repeat(indent));
            out.push_str("- ");
            out.push_str(text.trim_start_matches(' '));
        }
        _ => {
            out.push_str(&" ".repeat(indent));
            out.push('-');
            after_key(value, indent, out);
        }
    }
}

/// A value after `key:` or `-`, to the end of its last line.
fn after_key(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::String(text) if is_literal(text) => {
            out.push_str(" |");
            if !text.ends_with('\n') {
                out.push('-');
            }
            out.push('\n');
            for line in text.lines() {
                if !line.is_empty() {
                    out.push_str(&" ".repeat(indent + 2));
                    out.push_str(line);
                }
                out.push('\n');
            }
        }
        Value::Object(members) if !members.is_empty() && !fits_flow(value) => {
            out.push('\n');
            mapping(members, indent + 2, out);
        }
        Value::Array(items) if !items.is_empty() && !fits_flow(value) => {
            out.push('\n');
            items.iter().for_each(|one| item(one, indent + 2, out));
        }
        _ => {
            out.push(' ');
            flow(value, out);
            out.push('\n');
        }
    }
}

/// Whether a collection is small and flat enough for one line.
fn fits_flow(value: &Value) -> bool {
    let is_flat = |value: &Value| !value.is_object() && !value.is_array();
    let is_shallow = match value {
        Value::Array(items) => items.iter().all(is_flat),
        Value::Object(members) => members.values().all(is_flat) && members.len() <= 3,
        _ => true,
    };
    let mut text = String::new();
    flow(value, &mut text);
    let has_lines = |value: &Value| value.as_str().is_some_and(|text| text.contains('\n'));
    let holds_lines = match value {
        Value::Array(items) => items.iter().any(has_lines),
        Value::Object(members) => members.values().any(has_lines),
        other => has_lines(other),
    };
    is_shallow && !holds_lines && text.len() <= FLOW_CHARS_MAX
}

fn flow(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(&scalar_text(text)),
        Value::Array(items) => {
            out.push('[');
            for (at, one) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                flow(one, out);
            }
            out.push(']');
        }
        Value::Object(members) if members.is_empty() => out.push_str("{}"),
        Value::Object(members) => {
            out.push_str("{ ");
            for (at, (name, one)) in members.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                out.push_str(&scalar_text(name));
                out.push_str(": ");
                flow(one, out);
            }
            out.push_str(" }");
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Text of several lines that a literal block holds as it is.
fn is_literal(text: &str) -> bool {
    let first_is_plain =
        text.lines().next().is_some_and(|line| !line.starts_with([' ', '\t']) && !line.is_empty());
    let is_plain = |c: char| {
        c == '\n'
            || c == '\t'
            || (!c.is_control()
                && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
    };
    text.trim_end_matches('\n').contains('\n')
        && first_is_plain
        && !text.ends_with("\n\n")
        && text.chars().all(is_plain)
        && text.lines().all(|line| line.is_empty() || !line.trim().is_empty())
}

/// A text on one line: as it is where nothing reads it as something else, else with quotes.
fn scalar_text(text: &str) -> String {
    let is_word = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '$' | '(' | ')' | ' ' | ':')
    };
    let begins = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '$' | '_'));
    // `30s`, `./handlers`: no number, and no other thing of YAML's.
    let is_time = text.strip_suffix(['s', 'm', 'h', 'd']).is_some_and(|number| number.parse::<u32>().is_ok());
    let begins = begins || is_time || text.starts_with("./");
    let is_plain = begins
        && text.chars().all(is_word)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        // What other readers of YAML take for something else than text.
        && !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// JSON's quotes, with every character escaped that a YAML file must not have. Source: YAML 1.2, chapter 5.1.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in Value::from(text).to_string().chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
    use serde_json::{Map, Value, json};

    use super::mapping;

    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[ -~]{0,12}",
            "[a-z:#\\-]{0,6}",
            "[a-z ]{1,4}\n[ \ta-z]{0,4}\n?",
            any::<String>().prop_map(|text| text.chars().filter(|c| *c != '\u{feff}').collect()),
        ];
        let leaf = prop_oneof![
            text.prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            proptest::strategy::Just(Value::Null),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-z\\-: ]{1,8}", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(value in values()) {
            let members = Map::from_iter([("key".to_owned(), value.clone())]);
            let mut text = String::new();
            mapping(&members, 0, &mut text);
            let read = crate::document::read(&text).map_err(|error| format!("{error}\n{text}")).unwrap();
            assert_eq!(read, json!({"key": value}), "{text}");
        }
    }
}
