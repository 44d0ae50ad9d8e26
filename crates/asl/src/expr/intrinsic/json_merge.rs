//! `States.JsonMerge(a, b, false)`: the members of both objects, those of the second where both have them.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.JsonMerge", arguments_min: 3, arguments_max: 3, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [first, second, deep] = arguments else { return Err("three arguments are needed".to_owned()) };
    match deep.value {
        Value::Bool(false) => {}
        // AWS's guide: "Step Functions currently only supports the shallow merging mode".
        Value::Bool(true) => {
            return Err("The third argument must be false: deep merging is not supported".to_owned());
        }
        _ => return Err(format!("The third argument must be a boolean but was: {}", deep.value)),
    }
    let (Value::Object(first), Value::Object(second)) = (&first.value, &second.value) else {
        return Err("The first and the second argument must be objects".to_owned());
    };
    let mut merged = first.clone();
    merged.extend(second.iter().map(|(name, member)| (name.clone(), member.clone())));
    Ok(Value::Object(merged))
}
