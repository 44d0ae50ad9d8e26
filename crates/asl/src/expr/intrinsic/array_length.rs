//! `States.ArrayLength(array)`: how many items there are.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.ArrayLength", arguments_min: 1, arguments_max: 1, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [array] = arguments else { return Err("one argument is needed".to_owned()) };
    array.array("The argument").map(|items| Value::from(items.len()))
}
