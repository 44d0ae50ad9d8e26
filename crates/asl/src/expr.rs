//! What stands inside a state and is evaluated: paths, payload templates, intrinsic functions, JSONata, Choice rules.
//!
//! What the machine calls, so that both sides can be written at once:
//! - `jsonpath::Path::{parse(&str), query(&Scope)}`; its cause is AWS's "Invalid path '$.x' : No results for path: ...";
//! - `jsonpath::ReferencePath::{parse(&str), put(&mut Value, Value)}`;
//! - `template::PayloadTemplate::{parse(&Value), render(&Scope)}`, and `template::Dynamic::{parse(field, text), evaluate(&Scope)}`
//!   for one text that is a path or an intrinsic (`ErrorPath`, `CausePath`; `field` goes into AWS's text);
//! - `jsonata::Template::{parse(field, &Value), evaluate(&Scope, Limits)}`; `field` (`Output`, `Items`) begins the location;
//! - `choice::Rule::{parse(&Map), evaluate(&Scope)}`; it skips `Next`, `Assign`, `Output`, `Comment`, which are the machine's;
//! - each of the parsed has `variables() -> Vec<String>`: the variables that it reads (DescribeStateMachine shows them).

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
    /// Where the random functions of this evaluation start.
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
