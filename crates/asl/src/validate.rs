//! What ValidateStateMachineDefinition answers: what is wrong with a definition, and what AWS warns of.

use serde_json::Value;

use crate::definition::MachineType;
use crate::diagnostic::Diagnostic;
use crate::parse::parse;
use crate::{json, lint};

/// What is wrong with a definition, and what is doubtful: what ValidateStateMachineDefinition answers.
pub fn validate(text: &str, kind: MachineType) -> Vec<Diagnostic> {
    let mut diagnostics = parse(text, kind).diagnostics;
    if let Ok(Value::Object(definition)) = json::parse(text) {
        diagnostics.extend(lint::warnings(&definition));
    }
    diagnostics
}
