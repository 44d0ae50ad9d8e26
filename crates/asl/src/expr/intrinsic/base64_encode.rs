//! `States.Base64Encode(text)`: MIME Base64 of the text's UTF-8.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::expr::{
    intrinsic::{Argument, Function, LENGTH_MAX},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.Base64Encode", arguments_min: 1, arguments_max: 1, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [text] = arguments else { return Err("one argument is needed".to_owned()) };
    let text = text.text("The argument")?;
    if text.chars().count() > LENGTH_MAX {
        return Err(format!("The argument must not be longer than {LENGTH_MAX} characters"));
    }
    Ok(Value::String(STANDARD.encode(text)))
}
