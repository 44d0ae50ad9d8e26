//! `States.ArrayUnique(array)`: the array without repetitions, the first of each kept.

use std::collections::HashSet;

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.ArrayUnique", arguments_min: 1, arguments_max: 1, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [array] = arguments else { return Err("one argument is needed".to_owned()) };
    let mut seen = HashSet::new();
    let items = array.array("The argument")?;
    Ok(items.iter().filter(|&item| seen.insert(sorted(item).to_string())).cloned().collect())
}

/// The value with its members in order, so that equal objects are written alike.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            members.into_iter().map(|(name, member)| (name.clone(), sorted(member))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
