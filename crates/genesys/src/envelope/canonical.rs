//! JSON in a canonical form, whatever the order of its members: for what is compared or stored.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// The value without white space, the members of each object sorted by their names.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::with_capacity(512);
    write(&mut out, value);
    out
}

/// Recursion is bounded by the reader, which refuses what nests deeper than 128 levels.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            for (at, (name, value)) in sorted.into_iter().enumerate() {
                out.push(if at == 0 { '{' } else { ',' });
                aws::envelope::push_quoted(out, name);
                out.push(':');
                write(out, value);
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        leaf => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{leaf}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::text;

    #[test]
    fn members_are_sorted_and_the_rest_stays() {
        for (given, wanted) in [
            (r#"{"b": [{"z": 1, "a": null}], "a": "x\"\n"}"#, r#"{"a":"x\"\n","b":[{"a":null,"z":1}]}"#),
            (r#"{"a": {}, "b": []}"#, r#"{"a":{},"b":[]}"#),
            (" 1.50 ", "1.5"),
        ] {
            let value: Value = serde_json::from_str(given).unwrap();
            assert_eq!(text(&value), wanted);
        }
    }
}
