//! The value is of another type: `5` against `"5"`, an object against a value, JSON in a string.

use crate::event::Scalar;
use crate::explain::found::{Hollow, show, to_json};
use crate::explain::hint::{Case, Hint, HintKind};
use crate::matcher::Matcher;
use crate::matcher::number::Number;

pub(super) fn hints(case: &Case<'_>) -> Vec<Hint> {
    let path = &case.field.path;
    let mut hints: Vec<Hint> = vec![];
    for occurrence in case.found.scalars(path).iter().take(100) {
        hints.extend(
            case.field.leaves.iter().filter_map(|leaf| twin(&leaf.matcher, occurrence.value)).take(1),
        );
    }
    hints.truncate(2);
    hints.extend(case.found.hollow(path).iter().take(1).map(hollow_hint));
    hints.extend(value_above(case));
    hints
}

/// The same value in another type.
fn twin(matcher: &Matcher, found: &Scalar<'_>) -> Option<Hint> {
    let (wanted, found_type) = match (matcher, found) {
        (Matcher::Number(wanted), Scalar::String(text)) if is_number(text) => {
            if !wanted.equals(&Number::new(text.trim().to_owned())) {
                return None;
            }
            ("a number", "a string")
        }
        (Matcher::Numeric(range), Scalar::String(text)) if is_number(text) => {
            let value = Number::new(text.trim().to_owned()).value();
            if !value.is_some_and(|value| range.contains(value)) {
                return None;
            }
            ("a number", "a string")
        }
        (Matcher::String(wanted), Scalar::Number(number))
            if is_number(wanted) && number.equals(&Number::new(wanted.trim().to_owned())) =>
        {
            ("a string", "a number")
        }
        (Matcher::String(wanted), Scalar::Boolean(_)) if *wanted == to_json(found) => {
            ("a string", "a boolean")
        }
        (Matcher::String(wanted), Scalar::Null) if wanted == "null" => ("a string", "null"),
        (Matcher::Boolean(wanted), Scalar::String(text)) if text == &wanted.to_string() => {
            ("a boolean", "a string")
        }
        (Matcher::Null, Scalar::String(text)) if text == "null" => ("null", "a string"),
        _ => return None,
    };
    // Of null the type says all.
    let value = if matches!(found, Scalar::Null) { String::new() } else { format!(": {}", show(found)) };
    let text = format!("the pattern wants {wanted} and the event has {found_type}{value}");
    Some(Case::hint(HintKind::ValueType, text))
}

fn is_number(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

fn hollow_hint(hollow: &Hollow) -> Hint {
    match hollow {
        Hollow::EmptyArray => Case::hint(
            HintKind::EmptyArray,
            "the event has an empty array there: it has no value, not even null".to_owned(),
        ),
        Hollow::Object { keys, in_array } => {
            let what = if *in_array { "objects in an array" } else { "an object" };
            let keys: Vec<&str> = keys.iter().take(6).map(String::as_str).collect();
            let text =
                format!("the event has {what} there: write one of its keys below it ({})", keys.join(", "));
            Case::hint(HintKind::ObjectNotValue, text)
        }
    }
}

/// A field below a value: nothing can be there, and AWS does not look into a string that is JSON itself.
fn value_above(case: &Case<'_>) -> Option<Hint> {
    if !case.is_absent() {
        return None;
    }
    let mut path = case.field.path.as_str();
    while let Some((above, _)) = path.rsplit_once('.') {
        path = above;
        let Some(value) = case.found.scalars(path).first().map(|o| o.value) else { continue };
        let json = matches!(value, Scalar::String(text) if text.trim_start().starts_with(['{', '[']));
        if json {
            let text = format!("`{path}` is a string with JSON in it: patterns do not look into strings");
            return Some(Case::hint(HintKind::JsonInString, text));
        }
        let text = format!("`{path}` is {}, a value and no object: no key can be below it", show(value));
        return Some(Case::hint(HintKind::ValueNotObject, text));
    }
    None
}
