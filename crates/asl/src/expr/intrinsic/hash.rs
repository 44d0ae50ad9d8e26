//! `States.Hash(data, algorithm)`: the digest of a text, or of a value's JSON, in lower-case hexadecimal.

use serde_json::Value;

use crate::expr::{
    digest::hex_digest,
    intrinsic::{Argument, Function, LENGTH_MAX},
    random::Source,
};

pub(super) const FUNCTION: Function =
    Function { name: "States.Hash", arguments_min: 2, arguments_max: 2, call };

fn call(arguments: &[Argument], _: &Source) -> Result<Value, String> {
    let [data, algorithm] = arguments else { return Err("two arguments are needed".to_owned()) };
    let text = match &data.value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > LENGTH_MAX {
        return Err(format!("The first argument must not be longer than {LENGTH_MAX} characters"));
    }
    let algorithm = algorithm.text("The second argument")?;
    let digest = hex_digest(&text, algorithm);
    digest.map(Value::String).ok_or_else(|| {
        format!("The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512 but was: {algorithm}")
    })
}
