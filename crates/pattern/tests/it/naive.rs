//! A matcher that tries every combination: slow, and short enough to be believed.

use std::borrow::Cow;

use pattern::EventPattern;
use pattern::event::Scalar;
use pattern::matcher::Matcher;
use pattern::matcher::number::Number;
use pattern::pattern::Field;
use serde_json::Value;

/// A scalar, its path, and the elements of arrays that it lies in.
struct Leaf {
    path: String,
    value: Scalar<'static>,
    elements: Vec<(usize, usize)>,
}

pub(crate) fn matches(pattern: &EventPattern, event: &Value) -> bool {
    let mut leaves = vec![];
    let mut arrays = 0;
    flatten(event, "", &[], &mut arrays, &mut leaves);
    pattern.alternatives().iter().any(|alternative| {
        let mut fields: Vec<&Field> = alternative.fields.iter().map(AsRef::as_ref).collect();
        fields.sort_by(|a, b| a.path.cmp(&b.path));
        choose(&fields, &leaves, &[])
    })
}

/// Whether the fields can have values that agree with what was chosen before.
fn choose(fields: &[&Field], leaves: &[Leaf], chosen: &[(usize, usize)]) -> bool {
    let Some((field, rest)) = fields.split_first() else { return true };
    let agrees = |leaf: &&Leaf| {
        leaf.path == field.path
            && leaf.elements.iter().all(|(array, index)| chosen.iter().all(|(a, i)| a != array || i == index))
    };
    let valued = leaves.iter().filter(agrees).any(|leaf| {
        let accepted = field.leaves.iter().any(|l| l.matcher.accepts(&leaf.value));
        let chosen: Vec<_> = chosen.iter().chain(&leaf.elements).copied().collect();
        accepted && choose(rest, leaves, &chosen)
    });
    let may_be_absent = field.leaves.iter().any(|leaf| leaf.matcher == Matcher::Exists(false));
    valued || (may_be_absent && leaves.iter().filter(agrees).count() == 0 && choose(rest, leaves, chosen))
}

fn flatten(
    value: &Value,
    path: &str,
    elements: &[(usize, usize)],
    arrays: &mut usize,
    leaves: &mut Vec<Leaf>,
) {
    let scalar = match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(value, &path, elements, arrays, leaves);
            }
            return;
        }
        Value::Array(list) => {
            let array = *arrays;
            *arrays += 1;
            for (index, value) in list.iter().enumerate() {
                let mut inner = elements.to_vec();
                inner.extend((value.is_object() || value.is_array()).then_some((array, index)));
                flatten(value, path, &inner, arrays, leaves);
            }
            return;
        }
        Value::String(text) => Scalar::String(Cow::Owned(text.clone())),
        Value::Number(number) => Scalar::Number(Number::new(number.to_string())),
        Value::Bool(value) => Scalar::Boolean(*value),
        Value::Null => Scalar::Null,
    };
    leaves.push(Leaf { path: path.to_owned(), value: scalar, elements: elements.to_vec() });
}
