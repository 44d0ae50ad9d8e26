//! `States.StringToJson(text)`: the JSON value that a text says; a blank text says null.

use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.StringToJson", arguments_min: 1, arguments_max: 1, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [text] = arguments else { return Err("one argument is needed".to_owned()) };
    let text = text.text("The argument")?.trim();
    match text {
        "" => Ok(Value::Null),
        // A whole number at AWS; to `serde_json` it is the double -0.0.
        "-0" => Ok(Value::from(0)),
        text => {
            serde_json::from_str(text).map_err(|error| format!("The argument is not valid JSON: {error}"))
        }
    }
}
