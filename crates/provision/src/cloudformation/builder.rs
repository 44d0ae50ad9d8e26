//! A template that is being made.

use std::collections::{BTreeMap, BTreeSet};

use aws::Arn;
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
    pub(super) ids: LogicalIds,
    pub(super) granted: Granted,
    blocks: BTreeMap<String, Block>,
    /// Secrets that whoever deploys the template gives, with what they are.
    secrets: BTreeMap<String, String>,
    rendered: BTreeSet<Id>,
    notes: BTreeSet<String>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(wanted: &'a [Resource]) -> Self {
        Self {
            wanted,
            ids: LogicalIds::default(),
            granted: Granted::default(),
            blocks: BTreeMap::new(),
            secrets: BTreeMap::new(),
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

    /// A parameter for a secret: `Ref` of it.
    pub(super) fn secret(&mut self, name: String, about: String) -> Value {
        let reference = json!({"Ref": name});
        self.secrets.insert(name, about);
        reference
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.insert(note);
    }

    /// The name of the queue that an ARN names, where the file makes it.
    pub(super) fn own_queue(&self, arn: &Arn) -> Option<&'a str> {
        let is_here = arn.service == "sqs" && arn.account == marks::mark(marks::ACCOUNT);
        let names = self.wanted.iter().filter_map(|resource| match &resource.id {
            Id::Queue(queue) => Some(queue.name.as_str()),
            _ => None,
        });
        names.into_iter().find(|name| is_here && *name == arn.resource)
    }

    /// What a person must know, and the resources that nothing renders.
    pub(super) fn notes(&self) -> Vec<String> {
        let left = self.wanted.iter().filter(|resource| !self.rendered.contains(&resource.id));
        let left = left.map(|resource| format!("the {} is not made on AWS by this version", resource.id));
        self.notes.iter().cloned().chain(left).collect()
    }

    /// The parameters: ids of Genesys queues that something names, and secrets.
    pub(super) fn parameters<'n>(&self, queues: impl Iterator<Item = &'n str>) -> Map<String, Value> {
        let mut used = Vec::new();
        self.blocks
            .values()
            .for_each(|block| block.properties.values().for_each(|value| marks::names(value, &mut used)));
        let queues = queues.map(|name| (logical::queue_parameter(name), name));
        let queues = queues.filter(|(parameter, _)| used.contains(parameter)).map(|(parameter, name)| {
            (parameter, json!({"Type": "String", "MinLength": 1, "Description": format!("The id of the Genesys queue {name}")}))
        });
        let secrets = self.secrets.iter().map(|(parameter, about)| {
            (parameter.clone(), json!({"Type": "String", "NoEcho": true, "Description": about}))
        });
        let all: BTreeMap<String, Value> = queues.chain(secrets).collect();
        all.into_iter().collect()
    }

    pub(super) fn resources(self) -> Value {
        let blocks = self.blocks.into_iter().map(|(id, block)| (id, marks::settled(block.json())));
        Value::Object(blocks.collect())
    }
}
