//! One resource of a template.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Whether a resource outlives the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// It holds data: it stays when it is taken out of the template, when it is replaced, and when the stack is deleted.
    Data,
    /// Nothing that could not be made again.
    Nothing,
}

/// A resource.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// `AWS::SQS::Queue`.
    pub(super) kind: &'static str,
    pub(super) properties: Map<String, Value>,
    /// Logical ids.
    pub(super) depends_on: BTreeSet<String>,
    pub(super) holds: Holds,
    /// What of it is Trunkline's own.
    pub(super) metadata: Map<String, Value>,
}

impl Block {
    pub(super) fn new(kind: &'static str, properties: Map<String, Value>) -> Self {
        let (depends_on, metadata) = (BTreeSet::new(), Map::new());
        Self { kind, properties, depends_on, holds: Holds::Nothing, metadata }
    }

    pub(super) fn json(self) -> Value {
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
        put("Type", json!(self.kind));
        if !self.depends_on.is_empty() {
            put("DependsOn", json!(self.depends_on));
        }
        if self.holds == Holds::Data {
            put("DeletionPolicy", json!("Retain"));
            put("UpdateReplacePolicy", json!("Retain"));
        }
        if !self.metadata.is_empty() {
            put("Metadata", json!({"Trunkline": self.metadata}));
        }
        if !self.properties.is_empty() {
            put("Properties", Value::Object(self.properties));
        }
        Value::Object(out)
    }
}
