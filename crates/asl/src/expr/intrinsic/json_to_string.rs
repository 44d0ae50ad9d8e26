//! `States.JsonToString(value)`: a value as compact JSON.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.JsonToString", arguments_min: 1, arguments_max: 1, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [value] = arguments else { return Err("one argument is needed".to_owned()) };
    Ok(Value::String(value.value.to_string()))
}
