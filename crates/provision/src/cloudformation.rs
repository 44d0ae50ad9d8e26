//! A pipeline as one CloudFormation template.
//!
//! [`export`] renders what the file wants to exist. Who may call whom follows from the rules' targets alone ([`grants`]): a target
//! cannot be written without the policy, permission or role that its delivery needs, its rule waits for these (`DependsOn`), and
//! they name the rule by its ARN as text, never by `GetAtt`, so that no rule is live before its permissions. What a template cannot carry
//! is in its `Metadata`.

mod api_destinations;
mod block;
mod builder;
mod bus;
mod functions;
mod granted;
mod grants;
mod kept;
mod layers;
mod logical;
mod marks;
pub mod partner;
mod queues;
mod rules;
mod sam;
mod state_machines;
mod tables;
mod terraform;
pub mod workers;
mod written;

use std::collections::BTreeMap;

use aws::secret::Secret;
use serde_json::{Map, Value, json};

use crate::api::Place;
use crate::cloudformation::builder::Builder;
use crate::desired::desired;
use crate::mistake::Mistake;
use crate::owner::Owner;
use crate::pipeline::Pipeline;

/// What a template may have, in bytes, where it is sent as it is. Source: CreateChangeSet in the CloudFormation API reference.
pub const TEMPLATE_BYTES_MAX: usize = 51_200;
/// What a template may have, in bytes, where CloudFormation reads it from a bucket. Source: CloudFormation quotas.
pub const TEMPLATE_BYTES_IN_BUCKET_MAX: usize = 1_000_000;
/// Resources of a stack. Source: CloudFormation quotas.
pub const RESOURCES_MAX: usize = 500;

/// A template, and what a person must know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    template: Value,
    /// What is not in it or not as it was here, a sentence each.
    pub notes: Vec<String>,
    /// Values of parameters that are known here, and no part of the template: secrets of the file and of the environment.
    pub known: BTreeMap<String, Secret>,
}

impl Exported {
    /// The template itself.
    pub fn template(&self) -> &Value {
        &self.template
    }

    /// The template, indented.
    pub fn pretty(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.template).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The template in as few bytes as possible.
    pub fn minified(&self) -> String {
        self.template.to_string()
    }

    /// How many resources it has.
    pub fn resources(&self) -> usize {
        self.template.get("Resources").and_then(Value::as_object).map_or(0, Map::len)
    }
}

/// The template of a pipeline. `text` is its file: what the template cannot carry is taken from there as it is written, its references
/// included, so that no secret gets into the template.
///
/// # Errors
/// The mistakes that [`desired`] finds.
pub fn export(text: &str, pipeline: &Pipeline) -> Result<Exported, Vec<Mistake>> {
    let (region, account) = (marks::mark(marks::REGION), marks::mark(marks::ACCOUNT));
    let place = Place { endpoint: format!("https://sqs.{region}.amazonaws.com"), region, account };
    let marked = tables::marked(pipeline).map_err(|mistake| vec![*mistake])?;
    let wanted = desired(&marked, &place, &|name| Some(marks::mark(&logical::queue_parameter(name))))?;
    let written = crate::document::read(text).unwrap_or_default();
    let mut builder = Builder::new(&wanted.resources, &written);
    queues::render(&mut builder);
    bus::render(&mut builder);
    api_destinations::render(&mut builder);
    kept::render(&mut builder);
    layers::render(&mut builder, pipeline);
    functions::render(&mut builder, pipeline);
    state_machines::render(&mut builder, pipeline);
    rules::render(&mut builder, pipeline);
    let mut outputs = partner::render(&mut builder, pipeline);
    grants::render(&mut builder);
    outputs.extend(workers::render(&mut builder, pipeline));
    let notes = builder.notes();
    let mut template = Map::new();
    template.insert("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09"));
    template.insert("Description".to_owned(), json!(description(&pipeline.owner)));
    template.insert("Metadata".to_owned(), json!({"Trunkline": carried(&builder, pipeline)}));
    let names = pipeline.genesys.iter().flat_map(|genesys| &genesys.queues);
    let parameters = builder.parameters(names.map(|name| name.value.as_str()));
    if !parameters.is_empty() {
        template.insert("Parameters".to_owned(), Value::Object(parameters));
    }
    let known = std::mem::take(&mut builder.known);
    template.insert("Resources".to_owned(), builder.resources());
    if !outputs.is_empty() {
        template.insert("Outputs".to_owned(), marks::settled(Value::Object(outputs)));
    }
    Ok(Exported { template: Value::Object(template), notes, known })
}

/// The description of a pipeline's template, and so of its stack: whose it is.
pub fn description(owner: &Owner) -> String {
    format!("Trunkline pipeline {}", owner.0)
}

/// The sections of the file that become resources.
const RENDERED: &[&str] = &[
    "version",
    // What is included and what a profile changes is rendered.
    "include",
    "profiles",
    "queues",
    "tables",
    "logGroups",
    "layers",
    "functions",
    "stateMachines",
    "archives",
    "connections",
    "apiDestinations",
    "rules",
];

/// What travels in `Metadata`: the sections that are nothing on AWS, as they are written, and what stands for the parameters in the
/// file: names of queues, references to the environment.
fn carried(builder: &Builder<'_>, pipeline: &Pipeline) -> Value {
    let members = builder.written.as_object().into_iter().flatten();
    let sections: Map<String, Value> = members
        .filter(|(name, _)| !RENDERED.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let queues = pipeline.genesys.iter().flat_map(|genesys| &genesys.queues);
    let queues: Map<String, Value> =
        queues.map(|queue| (logical::queue_parameter(&queue.value), json!(queue.value))).collect();
    let mut metadata = json!({"Version": 1, "Sections": sections});
    for (name, value) in [("GenesysQueues", queues), ("Secrets", builder.references().clone())] {
        if let (false, Some(members)) = (value.is_empty(), metadata.as_object_mut()) {
            members.insert(name.to_owned(), Value::Object(value));
        }
    }
    metadata
}
