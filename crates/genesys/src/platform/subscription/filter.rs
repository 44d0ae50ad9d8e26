//! `attributeFilter`: JSONata over the attributes of an event, bounded, with the place of each mistake.

use aws::Timestamp;
use jlens_core::{Bindings, Error, Expression, Options};
use serde_json::Value;

/// Maximum length of a filter, in characters.
pub(crate) const LENGTH_MAX: usize = 4_096;
/// Limit of one evaluation: steps rather than time, so that a cut-off does not depend on the machine. A step is about
/// a microsecond, and a thousand steps of a regular expression count as one.
const STEPS_MAX: u64 = 2_000;
const DEPTH_MAX: usize = 200;
const STRING_BYTES_MAX: usize = 64 << 10;
const ITEMS_MAX: usize = 10_000;
/// "Evaluation exceeded the step limit".
const CUT_OFF: [&str; 4] = ["U1006", "D1011", "U1001", "U1002"];

/// A compiled filter.
#[derive(Debug)]
pub(crate) struct Filter(Expression);

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong and where, in a sentence.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        Expression::compile(source).map(Self).map_err(|error| describe(&error, source))
    }

    /// Whether the attributes pass: JSONata's `$boolean` of the result.
    ///
    /// # Errors
    /// The evaluation failed or exceeded a limit: a sentence.
    pub(crate) fn passes(&self, attributes: &Value, now: Timestamp) -> Result<bool, String> {
        self.evaluate(attributes, now).map_err(|error| describe(&error, self.0.source()))
    }

    /// Finds, on an example, what is wrong for every event: a call of something that is not a function.
    ///
    /// # Errors
    /// What is wrong and where.
    pub(crate) fn try_on(&self, attributes: &Value, now: Timestamp) -> Result<(), String> {
        match self.evaluate(attributes, now) {
            // T1005 and T1006: "Attempted to invoke a non-function".
            Err(error) if ["T1005", "T1006"].contains(&error.code()) => {
                Err(describe(&error, self.0.source()))
            }
            Err(_) | Ok(_) => Ok(()),
        }
    }

    fn evaluate(&self, attributes: &Value, now: Timestamp) -> Result<bool, Error> {
        let options = Options::new()
            .max_steps(STEPS_MAX)
            .max_depth(DEPTH_MAX)
            .max_string_length(STRING_BYTES_MAX)
            .max_array_length(ITEMS_MAX)
            .max_result_size(STRING_BYTES_MAX)
            .now(i64::try_from(now.unix_ms()).unwrap_or(i64::MAX))
            .seed(0);
        let result = self.0.evaluate_with(Some(attributes), &Bindings::new(), &options)?;
        Ok(result.is_some_and(|value| is_true(&value)))
    }
}

/// JSONata's `$boolean` (its documentation, "Boolean functions").
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(is_true),
        Value::Object(members) => !members.is_empty(),
    }
}

fn describe(error: &Error, source: &str) -> String {
    let message = error.message();
    let what = if CUT_OFF.contains(&error.code()) { "the evaluation was cut off: " } else { "" };
    let before = error.span().and_then(|span| source.get(..span.start));
    match before {
        Some(before) => {
            let character = before.chars().count() + 1;
            format!("{what}{message} (JSONata {}, at character {character})", error.code())
        }
        None => format!("{what}{message} (JSONata {})", error.code()),
    }
}
