//! Marks: what is known only where the template is deployed, within texts until they become `Ref` and `Fn::Sub`.

use serde_json::{Map, Value, json};

/// Stands on both sides of a mark's name: a character that a YAML file must not have (chapter 5.1), and that JSON does not escape.
const SIDE: char = '\u{fffe}';

/// The mark of the stack's region.
pub(super) const REGION: &str = "Region";
/// The mark of the stack's account.
pub(super) const ACCOUNT: &str = "AccountId";

/// A mark for a parameter, or for one of the two above. It has no colon, so that an ARN with it is still an ARN.
pub(super) fn mark(name: &str) -> String {
    format!("{SIDE}{name}{SIDE}")
}

/// A value with every mark as an intrinsic function.
pub(super) fn settled(value: Value) -> Value {
    match value {
        Value::String(text) => of_text(&text),
        Value::Array(items) => items.into_iter().map(settled).collect(),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (name, settled(value))).collect::<Map<_, _>>(),
        ),
        other => other,
    }
}

/// The names of the marks in a value.
pub(super) fn names(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.extend(text.split(SIDE).skip(1).step_by(2).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| names(item, out)),
        Value::Object(members) => members.values().for_each(|item| names(item, out)),
        _ => {}
    }
}

fn of_text(text: &str) -> Value {
    let pieces: Vec<&str> = text.split(SIDE).collect();
    match pieces.as_slice() {
        [_] => json!(text),
        ["", name, ""] => json!({"Ref": name_of(name)}),
        [_, ..] => {
            let sub = pieces.iter().enumerate().map(|(at, piece)| match pieces.get(at + 1) {
                _ if at % 2 == 1 => format!("${{{}}}", name_of(piece)),
                Some(name) if *name == REGION => in_any_partition(&piece.replace("${", "${!")),
                _ => piece.replace("${", "${!"),
            });
            json!({"Fn::Sub": sub.collect::<String>()})
        }
        [] => json!(""),
    }
}

/// The beginning of an ARN, before its region, in whichever partition the stack is.
fn in_any_partition(text: &str) -> String {
    match text.rsplit_once("arn:aws:") {
        Some((before, service)) if service.ends_with(':') => {
            format!("{before}arn:${{AWS::Partition}}:{service}")
        }
        _ => text.to_owned(),
    }
}

fn name_of(mark: &str) -> String {
    if [REGION, ACCOUNT].contains(&mark) { format!("AWS::{mark}") } else { mark.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ACCOUNT, REGION, mark, names, settled};

    #[test]
    fn marks_become_functions() {
        let (region, account, queue) = (mark(REGION), mark(ACCOUNT), mark("Q"));
        let value = json!({
            "arn": format!("arn:aws:sqs:{region}:{account}:q"), "alone": queue, "within": format!("${{x}} {queue}"), "none": "${x}",
        });
        let mut found = Vec::new();
        names(&value, &mut found);
        assert_eq!(found, [REGION, ACCOUNT, "Q", "Q"]);
        let wanted = json!({
            "arn": {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q"},
            "alone": {"Ref": "Q"}, "within": {"Fn::Sub": "${!x} ${Q}"}, "none": "${x}",
        });
        assert_eq!(settled(value), wanted);
    }
}
