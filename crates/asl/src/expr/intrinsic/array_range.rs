//! `States.ArrayRange(first, last, step)`: whole numbers from `first` to `last`, `last` included.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

/// AWS's guide: "the newly generated array can't contain more than 1000 elements".
const ITEMS_MAX: i64 = 1_000;

pub(super) const FUNCTION: Function =
    Function { name: "States.ArrayRange", arguments_min: 3, arguments_max: 3, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [first, last, step] = arguments else { return Err("three arguments are needed".to_owned()) };
    let first = first.rounded("The first argument")?;
    let last = last.rounded("The second argument")?;
    let step = step.rounded("The third argument")?;
    let span = last.checked_sub(first).ok_or_else(too_many)?;
    let count = span.checked_div(step).ok_or_else(|| "The third argument must not be zero".to_owned())?;
    if span.signum() * step.signum() < 0 {
        return Ok(Value::Array(Vec::new()));
    }
    if count >= ITEMS_MAX {
        return Err(too_many());
    }
    Ok((0..=count).map(|nth| Value::from(first.saturating_add(nth.saturating_mul(step)))).collect())
}

fn too_many() -> String {
    format!("The array must not have more than {ITEMS_MAX} items")
}
