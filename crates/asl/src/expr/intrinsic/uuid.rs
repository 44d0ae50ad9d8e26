//! `States.UUID()`: a random UUID, version 4.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.UUID", arguments_min: 0, arguments_max: 0, call };

#[expect(clippy::unnecessary_wraps, reason = "every function of the table may refuse its arguments")]
fn call(_: &[Argument], source: &Source) -> Result<Value, String> {
    Ok(Value::String(source.uuid()))
}
