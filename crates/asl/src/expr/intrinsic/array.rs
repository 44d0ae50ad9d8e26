//! `States.Array(a, b, ...)`: an array of its arguments.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.Array", arguments_min: 0, arguments_max: usize::MAX, call };

#[expect(clippy::unnecessary_wraps, reason = "every function of the table may refuse its arguments")]
fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    Ok(arguments.iter().map(|argument| argument.value.clone()).collect())
}
