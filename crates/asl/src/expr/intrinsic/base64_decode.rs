//! `States.Base64Decode(text)`: the UTF-8 text that was encoded.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function, LENGTH_MAX},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.Base64Decode", arguments_min: 1, arguments_max: 1, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [text] = arguments else { return Err("one argument is needed".to_owned()) };
    let text = text.text("The argument")?;
    if text.chars().count() > LENGTH_MAX {
        return Err(format!("The argument must not be longer than {LENGTH_MAX} characters"));
    }
    let bytes = STANDARD.decode(text).map_err(|_| "The argument is not valid Base64".to_owned())?;
    // Java's decoder of UTF-8 puts a mark where the bytes are no text.
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}
