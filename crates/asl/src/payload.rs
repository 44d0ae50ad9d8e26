//! How the values of a state's fields come about, in both languages.

use serde_json::{Value, json};

use crate::definition::{Payload, Placement, Selection};
use crate::expr::{ExprError, Limits, Scope};

/// How large a payload may be, in bytes of UTF-8.
pub const PAYLOAD_BYTES_MAX: usize = 262_144;

/// How much one JSONata expression may cost.
pub(crate) const LIMITS: Limits = Limits { steps_max: 5_000_000, result_bytes_max: 4 * PAYLOAD_BYTES_MAX };

/// A payload, evaluated.
pub(crate) fn render(payload: &Payload, scope: &Scope<'_>) -> Result<Value, ExprError> {
    match payload {
        Payload::Paths(template) => template.render(scope),
        Payload::Jsonata(template) => template.evaluate(scope, LIMITS),
    }
}

/// What a path field chooses; `$` is the scope's input.
pub(crate) fn select(selection: &Selection, scope: &Scope<'_>) -> Result<Value, ExprError> {
    match selection {
        Selection::All => Ok(scope.input.clone()),
        Selection::Nothing => Ok(json!({})),
        Selection::Path(field) => field.path.query(scope),
    }
}

/// A result, put where `ResultPath` says.
pub(crate) fn place(placement: &Placement, input: &Value, result: Value) -> Result<Value, ExprError> {
    match placement {
        Placement::Whole => Ok(result),
        Placement::Discard => Ok(input.clone()),
        Placement::At(path) => {
            let mut into = input.clone();
            path.put(&mut into, result)?;
            Ok(into)
        }
    }
}
