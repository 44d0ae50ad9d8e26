//! An event pattern in words, a line for each field.

use serde_json::Value;

/// Values of a list that are named.
const NAMED_MAX: usize = 6;
/// Lines of a pattern.
const LINES_MAX: usize = 40;

/// A field and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// `detail.routing.queueId`.
    pub(crate) path: String,
    /// `is "q-1" or "q-2"`.
    pub(crate) is: String,
}

/// What a pattern asks for.
pub(crate) fn conditions(pattern: &str) -> Vec<Condition> {
    let mut found = Vec::new();
    if let Ok(pattern) = serde_json::from_str::<Value>(pattern) {
        visit(&pattern, "", &mut found);
    }
    found.truncate(LINES_MAX);
    found
}

fn visit(pattern: &Value, path: &str, found: &mut Vec<Condition>) {
    let Some(members) = pattern.as_object() else { return };
    for (name, wanted) in members {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match wanted {
            Value::Array(alternatives) if name == "$or" => {
                for (at, alternative) in alternatives.iter().enumerate() {
                    let before = found.len();
                    visit(alternative, path, found);
                    for condition in found.iter_mut().skip(before) {
                        condition.is = format!("{} (alternative {})", condition.is, at + 1);
                    }
                }
            }
            Value::Array(values) => found.push(Condition { path: below, is: any_of(values) }),
            other => visit(other, &below, found),
        }
    }
}

fn any_of(values: &[Value]) -> String {
    let mut parts: Vec<String> = values.iter().take(NAMED_MAX).map(one).collect();
    if values.len() > NAMED_MAX {
        parts.push(format!("one of {} more", values.len() - NAMED_MAX));
    }
    parts.join(", or ")
}

fn one(value: &Value) -> String {
    let Some((operator, operand)) = value.as_object().and_then(|members| members.iter().next()) else {
        return format!("is {value}");
    };
    let listed = match operand {
        Value::Array(values) if operator != "numeric" => {
            let values: Vec<String> = values.iter().take(NAMED_MAX).map(Value::to_string).collect();
            values.join(" or ")
        }
        other => other.to_string(),
    };
    match operator.as_str() {
        "prefix" => format!("begins with {listed}"),
        "suffix" => format!("ends with {listed}"),
        "equals-ignore-case" => format!("is {listed} in any case"),
        "anything-but" => format!("is anything but {listed}"),
        "wildcard" => format!("is like {listed}"),
        "cidr" => format!("is an address in {listed}"),
        "exists" => if operand.as_bool() == Some(true) { "is there" } else { "is not there" }.to_owned(),
        "numeric" => {
            let texts = operand.as_array().into_iter().flatten();
            let words = texts.map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned));
            format!("is a number {}", words.collect::<Vec<_>>().join(" "))
        }
        other => format!("{other} {listed}"),
    }
}

#[cfg(test)]
mod tests {
    use super::conditions;

    #[test]
    fn a_pattern_in_words() {
        let pattern = r#"{"source":["a","b"],"detail":{"n":[{"numeric":[">",0,"<=",5]}],"x":[{"exists":false}],
            "p":[{"anything-but":{"prefix":"z"}}],"$or":[{"q":[1]},{"r":[{"prefix":"s"}]}]}}"#;
        let lines: Vec<String> = conditions(pattern).iter().map(|c| format!("{} {}", c.path, c.is)).collect();
        assert_eq!(
            lines,
            [
                r#"source is "a", or is "b""#,
                "detail.n is a number > 0 <= 5",
                "detail.x is not there",
                r#"detail.p is anything but {"prefix":"z"}"#,
                "detail.q is 1 (alternative 1)",
                r#"detail.r begins with "s" (alternative 2)"#,
            ]
        );
        assert!(conditions("no JSON").is_empty());
    }
}
