//! Reads a definition: JSON to [`Machine`], with everything that is wrong told at once.

mod fields;
mod graph;
mod iterate;
mod members;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::definition::{Block, BlockId, Machine, MachineType, QueryLanguage, State};
use crate::diagnostic::{Diagnostic, Severity};
use crate::json;
use crate::parse::fields::{Fields, Findings, Range};

/// States in states in states: as deep as a definition may go. The JSON reader stops at 128 levels by itself.
const DEPTH_MAX: usize = 12;
/// How long the name of a state may be, in characters.
const STATE_NAME_MAX: usize = 80;

/// What reading a definition gives.
#[derive(Debug)]
pub struct Reading {
    /// The machine, unless a diagnostic is an error.
    pub machine: Option<Machine>,
    /// Everything that is wrong, in AWS's order as far as it is known.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a definition's text.
pub fn parse(text: &str, kind: MachineType) -> Reading {
    if text.trim().is_empty() {
        return refused(Diagnostic {
            severity: Severity::Error,
            code: "SCHEMA_VALIDATION_FAILED",
            message: "Definition must be a valid JSON object".to_owned(),
            location: None,
        });
    }
    match json::parse(text) {
        Ok(Value::Object(definition)) => parse_object(&definition, kind, text),
        Ok(_) => refused(Diagnostic {
            severity: Severity::Error,
            code: "SCHEMA_VALIDATION_FAILED",
            message: "Definition must be a valid JSON object".to_owned(),
            location: None,
        }),
        Err(error) => {
            let place = error.place(text);
            let message = format!("{}\n at {place}", error.message);
            refused(Diagnostic::error("INVALID_JSON_DESCRIPTION", message, &place))
        }
    }
}

fn refused(found: Diagnostic) -> Reading {
    Reading { machine: None, diagnostics: vec![found] }
}

fn parse_object(definition: &Map<String, Value>, kind: MachineType, text: &str) -> Reading {
    let findings = Findings::default();
    let fields = Fields::new(definition, "", &findings);
    let mut parser = Parser { kind, ..Parser::default() };
    if fields.require(&["States", "StartAt"]) {
        fields.only(&["Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"]);
    }
    let language = language_of(&fields).unwrap_or_default();
    check_language(&fields);
    parser.language = language;
    fields.string("Comment");
    fields.string("Version");
    let timeout = fields.number("TimeoutSeconds", Range::whole(1.0, 99_999_999.0));
    let root = parser.block(&fields, 0);
    let blocks = parser.finish();
    let diagnostics = findings.into_list();
    let broken = root.is_none() || diagnostics.iter().any(|found| found.severity == Severity::Error);
    let machine = (!broken).then_some(Machine {
        kind,
        query_language: language,
        timeout_seconds: timeout.map(whole_number),
        blocks,
        reads_context: reads_context(text),
    });
    Reading { machine, diagnostics }
}

/// Whether a definition can read the context object: `$$`, `$states.context`, or `$states` as a whole.
fn reads_context(text: &str) -> bool {
    let whole = text.split("$states").skip(1).any(|after| !after.starts_with('.'));
    ["$$", "context", "\\u"].iter().any(|sign| text.contains(sign)) || whole
}

/// A number that has been found to be whole and in its range.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked by the range it was read with"
)]
pub(crate) fn whole_number(number: f64) -> u64 {
    number as u64
}

/// `QueryLanguage`; None if it is absent. Anything else than JSONPath counts as JSONata.
fn language_of(fields: &Fields<'_>) -> Option<QueryLanguage> {
    let value = fields.get("QueryLanguage")?;
    Some(if value == "JSONPath" { QueryLanguage::JsonPath } else { QueryLanguage::Jsonata })
}

/// Tells a `QueryLanguage` that is neither of the two.
fn check_language(fields: &Fields<'_>) {
    match fields.get("QueryLanguage").map(Value::as_str) {
        None | Some(Some("JSONPath" | "JSONata")) => {}
        Some(Some(_)) => {
            fields.refuse_field("QueryLanguage", "Value should be one of the following: [JSONPath, JSONata]");
        }
        Some(None) => fields.refuse_field("QueryLanguage", "Expected value of type [STRING]"),
    }
}

/// What the parts of the parser share.
#[derive(Debug, Default)]
struct Parser {
    kind: MachineType,
    language: QueryLanguage,
    /// By number; a block is None while its states are read.
    blocks: Vec<Option<Block>>,
    names: BTreeSet<String>,
    labels: BTreeSet<String>,
}

impl Parser {
    /// A `States` block with its `StartAt`; the caller has told what is required.
    fn block(&mut self, fields: &Fields<'_>, depth: usize) -> Option<BlockId> {
        if depth > DEPTH_MAX {
            let message = format!("States are nested more than {DEPTH_MAX} levels deep");
            fields.tell(Diagnostic::error("TOO_DEEPLY_NESTED", message, fields.place()));
            return None;
        }
        let id = self.blocks.len();
        self.blocks.push(None);
        let start_at = fields.string("StartAt");
        let listed = fields.object("States")?;
        fields.refuse_empty("States");
        let mut states: Vec<State> = Vec::new();
        let mut complete = true;
        for name in listed.object.keys() {
            self.name(&listed, name);
            match listed.object(name).and_then(|state| self.state(name, &state, depth)) {
                Some(state) => states.push(state),
                None => complete = false,
            }
        }
        let start_at = start_at?;
        if complete {
            graph::check(&graph::Block {
                start_at: &start_at,
                states: &states,
                fields,
                outermost: depth == 0,
            });
        }
        let index: BTreeMap<String, usize> =
            states.iter().enumerate().map(|(place, state)| (state.name.clone(), place)).collect();
        if let Some(slot) = self.blocks.get_mut(id) {
            *slot = Some(Block { start_at, states, index });
        }
        Some(id)
    }

    /// A state's name must be of the right form, and unique in the machine.
    fn name(&mut self, states: &Fields<'_>, name: &str) {
        let at = states.place_of(name);
        if name.is_empty() || name.chars().count() > STATE_NAME_MAX {
            let message = format!("State name must have 1 to {STATE_NAME_MAX} characters");
            states.tell(Diagnostic::error("INVALID_STATE_NAME", message, &at));
        }
        if !self.names.insert(name.to_owned()) {
            states.tell(Diagnostic::error(
                "DUPLICATE_STATE_NAME",
                format!("Duplicate State name: {name}"),
                &at,
            ));
        }
    }

    /// The blocks, outermost first. Where one could not be read there is a finding, and no machine is made.
    fn finish(self) -> Vec<Block> {
        self.blocks.into_iter().flatten().collect()
    }
}
