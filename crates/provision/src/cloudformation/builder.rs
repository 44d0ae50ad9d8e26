//! A template that is being made.

use std::collections::{BTreeMap, BTreeSet};

use aws::Arn;
use aws::secret::Secret;
use serde_json::{Map, Value, json};

use crate::cloudformation::block::Block;
use crate::cloudformation::granted::Granted;
use crate::cloudformation::logical::{self, LogicalIds};
use crate::cloudformation::marks;
use crate::resource::{Id, Resource};

/// The resources that are wanted, and the template so far.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    pub(super) wanted: &'a [Resource],
    /// The file as it is written.
    pub(super) written: &'a Value,
    pub(super) ids: LogicalIds,
    pub(super) granted: Granted,
    blocks: BTreeMap<String, Block>,
    /// Parameters that whoever deploys the template gives, besides ids of queues.
    given: BTreeMap<String, Value>,
    /// The secrets among them, which the file has from here.
    pub(super) known: BTreeMap<String, Secret>,
    /// What stands in the file for parameters that are secret.
    references: Map<String, Value>,
    rendered: BTreeSet<Id>,
    notes: BTreeSet<String>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(wanted: &'a [Resource], written: &'a Value) -> Self {
        Self {
            wanted,
            written,
            ids: LogicalIds::default(),
            granted: Granted::default(),
            blocks: BTreeMap::new(),
            given: BTreeMap::new(),
            known: BTreeMap::new(),
            references: Map::new(),
            rendered: BTreeSet::new(),
            notes: BTreeSet::new(),
        }
    }

    /// Adds what a wanted resource is on AWS.
    pub(super) fn add_wanted(&mut self, wanted: &Resource, logical_id: String, block: Block) {
        self.rendered.insert(wanted.id.clone());
        self.blocks.insert(logical_id, block);
    }

    /// Notes that a wanted resource is part of another block.
    pub(super) fn is_within(&mut self, wanted: &Resource) {
        self.rendered.insert(wanted.id.clone());
    }

    /// Adds what AWS needs besides.
    pub(super) fn add(&mut self, logical_id: String, block: Block) {
        self.blocks.insert(logical_id, block);
    }

    /// A parameter for a secret: `Ref` of it. `written` is the reference to the environment that the file has.
    pub(super) fn secret(
        &mut self,
        name: String,
        about: &str,
        (secret, written): (Option<&Secret>, Option<Value>),
    ) -> Value {
        let reference = json!({"Ref": name});
        if let Some(written) = written {
            self.references.insert(name.clone(), written);
        }
        if let Some(secret) = secret {
            self.known.insert(name.clone(), secret.clone());
        }
        self.given.insert(name, json!({"Type": "String", "NoEcho": true, "Description": about}));
        reference
    }

    /// A parameter: `Ref` of it.
    pub(super) fn parameter(&mut self, name: String, about: &str) -> Value {
        let reference = json!({"Ref": name});
        self.given.insert(name, json!({"Type": "String", "MinLength": 1, "Description": about}));
        reference
    }

    /// What stands in the file for parameters that are secret.
    pub(super) fn references(&self) -> &Map<String, Value> {
        &self.references
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.insert(note);
    }

    /// The resource of the file that an ARN names.
    pub(super) fn own(&self, arn: &Arn) -> Option<&'a Id> {
        let is_here = arn.account == marks::mark(marks::ACCOUNT);
        let (kind, name) = arn.resource.split_once(':').unwrap_or(("", &arn.resource));
        let mut ids = self.wanted.iter().map(|resource| &resource.id);
        ids.find(|id| match (id, arn.service.as_str(), kind) {
            (Id::Queue(queue), "sqs", "") => is_here && queue.name == name,
            (Id::Function(function), "lambda", "function") => is_here && function.name == name,
            (Id::StateMachine(machine), "states", "stateMachine") => is_here && machine.name == name,
            (Id::LogGroup(group), "logs", "log-group") => {
                is_here && group.name == name.trim_end_matches(":*")
            }
            _ => false,
        })
    }

    /// The name of the queue that an ARN names, where the file makes it.
    pub(super) fn own_queue(&self, arn: &Arn) -> Option<&'a str> {
        match self.own(arn) {
            Some(Id::Queue(queue)) => Some(&queue.name),
            _ => None,
        }
    }

    /// Whether the file makes a queue of this name.
    pub(super) fn own_queue_named(&self, name: &str) -> bool {
        self.wanted.iter().any(|resource| matches!(&resource.id, Id::Queue(queue) if queue.name == name))
    }

    /// What a person must know, and the resources that nothing renders.
    pub(super) fn notes(&self) -> Vec<String> {
        let left = self.wanted.iter().filter(|resource| !self.rendered.contains(&resource.id));
        let left = left.map(|resource| format!("the {} is not made on AWS by this version", resource.id));
        self.notes.iter().cloned().chain(left).collect()
    }

    /// The parameters: ids of Genesys queues that something names, secrets, places of code.
    pub(super) fn parameters<'n>(&self, queues: impl Iterator<Item = &'n str>) -> Map<String, Value> {
        let mut used = Vec::new();
        self.blocks
            .values()
            .for_each(|block| block.properties.values().for_each(|value| marks::names(value, &mut used)));
        let queues = queues.map(|name| (logical::queue_parameter(name), name));
        let queues = queues.filter(|(parameter, _)| used.contains(parameter)).map(|(parameter, name)| {
            (parameter, json!({"Type": "String", "MinLength": 1, "Description": format!("The id of the Genesys queue {name}")}))
        });
        let given = self.given.iter().map(|(name, parameter)| (name.clone(), parameter.clone()));
        let all: BTreeMap<String, Value> = queues.chain(given).collect();
        all.into_iter().collect()
    }

    pub(super) fn resources(self) -> Value {
        let blocks = self.blocks.into_iter().map(|(id, block)| (id, marks::settled(block.json())));
        Value::Object(blocks.collect())
    }
}
