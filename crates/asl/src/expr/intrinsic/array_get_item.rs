//! `States.ArrayGetItem(array, index)`: an item, counted from 0.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.ArrayGetItem", arguments_min: 2, arguments_max: 2, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [array, index] = arguments else { return Err("two arguments are needed".to_owned()) };
    let items = array.array("The first argument")?;
    let index = index.rounded("The second argument")?;
    let item = usize::try_from(index).ok().and_then(|index| items.get(index));
    item.cloned().ok_or_else(|| format!("The index {index} is outside the array of {} items", items.len()))
}
