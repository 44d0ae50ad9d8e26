//! What is wrong with a definition: AWS's codes, words and places.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The definition is refused.
    Error,
    /// The definition is accepted, and may not do what it seems to.
    Warning,
}

/// One finding of ValidateStateMachineDefinition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// AWS's code: `SCHEMA_VALIDATION_FAILED`, `MISSING_END_STATE`.
    pub code: &'static str,
    /// AWS's words, as far as they are known.
    pub message: String,
    /// A slash path: `/States/Pay/Next`; Jackson's place for JSON that cannot be read; none where AWS gives none.
    pub location: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(code: &'static str, message: impl Into<String>, location: &str) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), location: Some(location.to_owned()) }
    }

    pub(crate) fn schema(message: impl Into<String>, location: &str) -> Self {
        Self::error("SCHEMA_VALIDATION_FAILED", message, location)
    }
}

/// As CreateStateMachine joins it into its answer: `CODE: MESSAGE at LOCATION`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self.location.as_deref().unwrap_or("null");
        write!(f, "{}: {} at {location}", self.code, self.message)
    }
}

/// The message of `InvalidDefinition`: every error, as CreateStateMachine and UpdateStateMachine say them.
pub fn refusal(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    (!errors.is_empty()).then(|| format!("Invalid State Machine Definition: '{}'", errors.join(", ")))
}
