//! `States.MathRandom(start, end[, seed])`: a whole number from `start`, without `end`; the same for the same seed.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::{JavaRandom, Source},
};

pub(super) const FUNCTION: Function =
    Function { name: "States.MathRandom", arguments_min: 2, arguments_max: 3, call };

fn call(arguments: &[Argument], source: &Source) -> Result<Value, String> {
    let [start, end, seed @ ..] = arguments else { return Err("two arguments are needed".to_owned()) };
    let start = start.rounded_int("The first argument")?;
    let end = end.rounded_int("The second argument")?;
    let bound = end.checked_sub(start).filter(|bound| *bound > 0);
    let bound = bound.ok_or_else(|| "The second argument must be greater than the first".to_owned())?;
    let mut random = match seed.first() {
        Some(seed) => JavaRandom::new(seed.rounded("The third argument")?),
        None => JavaRandom::new(source.next().cast_signed()),
    };
    Ok(Value::from(start.saturating_add(random.next_below(bound))))
}
