//! Reading the operations' answers: members by their names, and nothing where they are not.

use aws::Error;
use serde_json::Value;

/// A text; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The members of a list.
pub(crate) fn items<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A number, also one that is written as a text; 0 where there is none.
pub(crate) fn number(value: &Value, name: &str) -> u64 {
    match value.get(name) {
        Some(Value::String(text)) => text.parse().unwrap_or_default(),
        Some(other) => other.as_u64().unwrap_or_default(),
        None => 0,
    }
}

/// Whether a member is true.
pub(crate) fn is(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// What stands behind the last colon of an ARN.
pub(crate) fn last_part(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or_default()
}

/// Reads an answer.
///
/// # Errors
/// `InternalFailure`: an operation that answers in JSON did not.
pub(crate) fn read(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|e| {
        Error::receiver("InternalFailure", 500, format!("The console cannot read the answer: {e}."))
    })
}
