//! `States.StringSplit(text, characters)`: the pieces between any of the characters; empty pieces vanish.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.StringSplit", arguments_min: 2, arguments_max: 2, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [text, characters] = arguments else { return Err("two arguments are needed".to_owned()) };
    let text = text.text("The first argument")?;
    let characters = characters.text("The second argument")?;
    let pieces = text.split(|c: char| characters.contains(c)).filter(|piece| !piece.is_empty());
    Ok(pieces.map(Value::from).collect())
}
