//! What is imported: the resources of one template, whatever it was written in, with CloudFormation's types and properties.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde_json::{Map, Value};

/// Where something stands, for the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// Its line, from 1; 0 where it is not known.
    pub line: usize,
}

/// A resource.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    /// Its logical id, or Terraform's address.
    pub(super) id: String,
    /// `AWS::SQS::Queue`.
    pub(super) kind: String,
    pub(super) place: Place,
    pub(super) properties: Map<String, Value>,
    /// What Trunkline wrote beside it.
    pub(super) ours: Map<String, Value>,
    /// CDK's path of it, which reads better than the id.
    pub(super) path: Option<String>,
    /// The folder with its code or the file with its definition, where the template names one of this machine.
    pub(super) local: Option<PathBuf>,
    pub(super) condition: Option<String>,
    /// Lines of its properties.
    pub(super) lines: HashMap<String, usize>,
}

impl Item {
    /// Where a property stands.
    pub(super) fn at(&self, property: &str) -> Place {
        let line = self.lines.get(property).copied().unwrap_or(self.place.line);
        Place { line, ..self.place.clone() }
    }
}

/// One template.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    pub(super) name: String,
    pub(super) items: Vec<Item>,
    pub(super) parameters: Map<String, Value>,
    pub(super) mappings: Map<String, Value>,
    pub(super) conditions: Map<String, Value>,
    pub(super) outputs: Map<String, Value>,
    /// `Metadata.Trunkline` of the template.
    pub(super) ours: Map<String, Value>,
    /// The lines of what is not a resource, by logical name.
    pub(super) lines: HashMap<String, usize>,
    /// Topics that the org was asked to send, where the files say that.
    pub(super) topics: Vec<String>,
    /// ARNs and queue URLs as they are on AWS, and as they are here.
    pub(super) known_as: BTreeMap<String, String>,
    pub(super) file: String,
}

impl Stack {
    pub(super) fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }
}

/// The object in a member; empty where there is none.
pub(super) fn object(value: &Value, name: &str) -> Map<String, Value> {
    value.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}
