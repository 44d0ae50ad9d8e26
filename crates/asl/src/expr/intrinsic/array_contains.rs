//! `States.ArrayContains(array, value)`: whether an item equals the value, deeply.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.ArrayContains", arguments_min: 2, arguments_max: 2, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [array, wanted] = arguments else { return Err("two arguments are needed".to_owned()) };
    Ok(Value::Bool(array.array("The first argument")?.contains(&wanted.value)))
}
