//! What stands inside a state and is evaluated: paths, payload templates, intrinsic functions, JSONata, Choice rules.
//!
//! - [`jsonpath`]: `InputPath`, `OutputPath`, `ResultPath` and all that is a path;
//! - [`template`]: `Parameters`, `ResultSelector`, `ItemSelector`, `Assign`, and `ErrorPath`, `CausePath`, with the
//!   [`intrinsic`] functions;
//! - [`jsonata`]: texts in `{% %}`;
//! - [`choice`]: the rules of a Choice in JSONPath, and why each said no.
//!
//! Everything is read once (`parse`) and evaluated on a [`Scope`]; each of the parsed tells the `variables` that it reads,
//! which DescribeStateMachine shows.

pub mod choice;
pub mod intrinsic;
pub mod jsonata;
pub mod jsonpath;
pub mod template;
pub mod timestamp;

mod cursor;
mod digest;
mod random;

use serde_json::{Map, Value};

/// Why an expression could not be evaluated, or is none: AWS's error name and AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// The error name that Retry and Catch match: `States.Runtime`, `States.QueryEvaluationError`.
    pub error: String,
    /// AWS's text, without the frame "An error occurred while executing the state ...".
    pub cause: String,
    /// Where in the state, as `EvaluationFailed` tells it: `Output/result`. JSONata only.
    pub location: Option<String>,
}

/// What an expression can see.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `$`; in JSONata `$states.input`.
    pub input: &'a Value,
    /// `$$`; in JSONata `$states.context`.
    pub context: &'a Value,
    /// `$name`, by name without the dollar.
    pub variables: &'a Map<String, Value>,
    /// `$states.result`, where the field may see it.
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`, in a catcher.
    pub error_output: Option<&'a Value>,
    /// Where the random functions of this evaluation start; another one for each evaluation, or their UUIDs repeat.
    pub seed: u64,
    /// The moment of this evaluation, in milliseconds since 1970.
    pub now_ms: u64,
}

/// How much an expression may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of evaluation.
    pub steps_max: u64,
    /// Bytes of the result, written as JSON.
    pub result_bytes_max: usize,
}

/// The deepest value that an expression may make: deeper JSON would not be read back (`serde_json` reads 128 levels).
pub(crate) const NESTING_MAX: usize = 100;

impl ExprError {
    pub(crate) fn new(error: &str, cause: String) -> Self {
        Self { error: error.to_owned(), cause, location: None }
    }

    /// An error that no Retry and no Catch matches.
    pub(crate) fn runtime(cause: String) -> Self {
        Self::new("States.Runtime", cause)
    }
}

/// A value as compact JSON, the form in which AWS's texts show it.
pub(crate) fn json_text(value: &Value) -> String {
    value.to_string()
}

/// Whether a value nests no deeper than what can be read back.
pub(crate) fn nests_within(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else { return !value.is_array() && !value.is_object() };
    match value {
        Value::Array(items) => items.iter().all(|item| nests_within(item, below)),
        Value::Object(members) => members.values().all(|member| nests_within(member, below)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Fails where a made value nests too deep.
pub(crate) fn check_nesting(value: Value) -> Result<Value, ExprError> {
    if nests_within(&value, NESTING_MAX) {
        return Ok(value);
    }
    Err(ExprError::runtime(format!("The result nests deeper than {NESTING_MAX} levels")))
}
