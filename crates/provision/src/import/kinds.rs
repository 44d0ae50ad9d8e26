//! What each kind of resource is in the pipeline file.

pub(super) mod buses;
pub(super) mod endpoints;
mod folder;
pub(super) mod functions;
pub(super) mod kept;
pub(super) mod layers;
pub(super) mod machines;
pub(super) mod others;
pub(super) mod queues;
pub(super) mod rules;
pub(super) mod targets;

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::import::stack::Stack;
use crate::import::value::{Noun, Own};

/// What is known when resources become sections.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) stack: &'a Stack,
    /// The resources of all stacks.
    pub(super) own: &'a [Own],
    /// The bus of the file.
    pub(super) bus: &'a str,
    /// The folder that the file will stand in.
    pub(super) folder: &'a Path,
}

impl Known<'_> {
    /// An ARN or URL as it is here; those that AWS gave are known by their resources.
    pub(super) fn here(&self, text: &str) -> String {
        let plain = text.trim_end_matches(":*");
        self.stack.known_as.get(plain).cloned().unwrap_or_else(|| plain.to_owned())
    }

    /// The resource that an ARN or a URL names.
    pub(super) fn named(&self, text: &str) -> Option<&Own> {
        let text = self.here(text);
        self.own.iter().find(|own| own.arn() == text || (own.noun == Noun::Queue && own.url() == text))
    }

    /// A value in which what the file makes is named by the file's references.
    pub(super) fn wired(&self, value: Value) -> Value {
        match value {
            Value::String(text) => json!(self.wired_text(&text).unwrap_or(text)),
            Value::Array(items) => items.into_iter().map(|item| self.wired(item)).collect(),
            Value::Object(members) => Value::Object(
                members.into_iter().map(|(name, value)| (name, self.wired(value))).collect::<Map<_, _>>(),
            ),
            other => other,
        }
    }

    fn wired_text(&self, text: &str) -> Option<String> {
        let own = self.named(text).filter(|own| own.is_made && !text.ends_with(":*"))?;
        let here = self.here(text);
        Some(match own.noun {
            Noun::Function => format!("${{function:{}}}", own.name),
            Noun::StateMachine => format!("${{stateMachine:{}}}", own.name),
            Noun::Queue if here == own.url() => format!("${{queue:{}}}", own.name),
            _ => return (here != text).then_some(here),
        })
    }
}
