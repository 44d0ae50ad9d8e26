//! `States.MathAdd(a, b)`: the sum of two whole numbers; others are rounded first.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.MathAdd", arguments_min: 2, arguments_max: 2, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [first, second] = arguments else { return Err("two arguments are needed".to_owned()) };
    let first = first.rounded_int("The first argument")?;
    let second = second.rounded_int("The second argument")?;
    // Java's int arithmetic wraps.
    Ok(Value::from(first.wrapping_add(second)))
}
