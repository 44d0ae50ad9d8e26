//! Comparisons in filters: Jayway's rules of what equals what.

use std::{borrow::Cow, cmp::Ordering};

use jlens_core::{Bindings, Options};
use serde_json::{Number, Value};

use crate::expr::jsonpath::{
    Miss,
    filter::{Operator, Pattern},
};

/// Steps that one match of a regular expression may take; each stands for about a thousand of its own.
const PATTERN_STEPS_MAX: u64 = 2_000;

/// One side of a comparison, evaluated.
pub(super) enum Side<'a> {
    Value(Cow<'a, Value>),
    Pattern(&'a Pattern),
    Undefined,
}

impl Side<'_> {
    fn value(&self) -> Option<&Value> {
        match self {
            Side::Value(value) => Some(value),
            Side::Pattern(_) | Side::Undefined => None,
        }
    }
}

/// Whether the sides compare so; nothing compares with what is not there, but for its being different.
pub(super) fn compare(left: &Side<'_>, operator: Operator, right: &Side<'_>) -> Result<bool, Miss> {
    if operator == Operator::Matches {
        return match (left, right) {
            (Side::Value(value), Side::Pattern(pattern)) | (Side::Pattern(pattern), Side::Value(value)) => {
                matches(pattern, value)
            }
            _ => Ok(false),
        };
    }
    let (Some(left), Some(right)) = (left.value(), right.value()) else {
        return Ok(matches!(operator, Operator::NotEqual | Operator::NotSameAs));
    };
    Ok(match operator {
        Operator::Equal => equal(left, right),
        Operator::NotEqual => !equal(left, right),
        Operator::SameAs => is_same_kind(left, right) && equal(left, right),
        Operator::NotSameAs => !is_same_kind(left, right) || !equal(left, right),
        Operator::Less => order(left, right) == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order(left, right) == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(order(left, right), Some(Ordering::Greater | Ordering::Equal)),
        Operator::In => has(right, left),
        Operator::NotIn => !has(right, left),
        Operator::SubsetOf => items(left).is_some_and(|items| items.iter().all(|item| has(right, item))),
        Operator::All => items(right).is_some_and(|items| items.iter().all(|item| has(left, item))),
        Operator::AnyOf => items(left).is_some_and(|items| items.iter().any(|item| has(right, item))),
        Operator::NoneOf => items(left).is_some_and(|items| !items.iter().any(|item| has(right, item))),
        Operator::Contains => match (left, right) {
            (Value::String(text), Value::String(part)) => text.contains(part),
            _ => has(left, right),
        },
        Operator::Size => size(left).is_some_and(|size| right.as_u64() == Some(size)),
        Operator::Empty => size(left).is_some_and(|size| right.as_bool() == Some(size == 0)),
        Operator::Matches => false,
    })
}

fn items(value: &Value) -> Option<&Vec<Value>> {
    value.as_array()
}

fn has(items: &Value, wanted: &Value) -> bool {
    items.as_array().is_some_and(|items| items.iter().any(|item| equal(item, wanted)))
}

fn size(value: &Value) -> Option<u64> {
    match value {
        Value::Array(items) => Some(items.len() as u64),
        Value::String(text) => Some(text.encode_utf16().count() as u64),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn is_same_kind(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

/// A number and a text are equal where the text says the number.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right) == Some(Ordering::Equal),
        (Value::Number(number), Value::String(text)) => {
            text.parse::<f64>().is_ok_and(|read| number.as_f64() == Some(read))
        }
        (Value::String(text), Value::Number(number)) => *text == number.to_string(),
        (left, right) => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => Some(left.encode_utf16().cmp(right.encode_utf16())),
        _ => None,
    }
}

/// Whole numbers exactly, others as doubles.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn matches(pattern: &Pattern, value: &Value) -> Result<bool, Miss> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return Ok(false),
    };
    let options = Options::new().max_steps(PATTERN_STEPS_MAX);
    match pattern.0.evaluate_with(None, &Bindings::new().var("text", text), &options) {
        Ok(result) => Ok(result == Some(Value::Bool(true))),
        Err(_) => Err(Miss::Unusable("the regular expression takes too many steps".to_owned())),
    }
}
