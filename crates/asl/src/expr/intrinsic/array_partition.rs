//! `States.ArrayPartition(array, size)`: the array in pieces of `size` items, the last one shorter.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.ArrayPartition", arguments_min: 2, arguments_max: 2, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [array, size] = arguments else { return Err("two arguments are needed".to_owned()) };
    let items = array.array("The first argument")?;
    let size = size.rounded("The second argument")?;
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| "The second argument must be a positive integer".to_owned())?;
    Ok(items.chunks(size).map(|piece| Value::Array(piece.to_vec())).collect())
}
