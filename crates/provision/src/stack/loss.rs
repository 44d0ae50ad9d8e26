//! Data that a change would lose or leave behind.

use crate::stack::change_set::{ChangeSet, ResourceChange};
use crate::stack::noun;

/// A resource with data that is deleted or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The name in the template.
    pub logical_id: String,
    /// The name that a person knows.
    pub name: String,
    /// What happens, as a sentence without its end.
    pub sentence: String,
}

impl Loss {
    /// Whether a text names it.
    pub fn is_named(&self, text: &str) -> bool {
        text == self.logical_id || text == self.name
    }
}

/// Whether the resource is deleted, replaced, or perhaps replaced.
fn fate(change: &ResourceChange) -> Option<&'static str> {
    match (change.action.as_str(), change.replacement.as_str()) {
        ("Remove", _) => Some("is deleted"),
        (_, "True") => Some("is replaced by an empty one"),
        (_, "Conditional") => Some("may be replaced by an empty one"),
        _ => None,
    }
}

/// What a change loses; `None` where the resource holds nothing, stays, or is merely let go of.
fn loss(change: &ResourceChange) -> Option<Loss> {
    let data = noun::data(&change.kind)?;
    let fate = fate(change)?;
    let is_kept = change.policy_action.ends_with("Retain");
    if change.action == "Remove" && is_kept {
        return None;
    }
    let name = noun::name(&change.logical_id, &change.physical_id);
    let word = noun::word(&change.kind);
    let after = match change.policy_action.as_str() {
        policy if policy.ends_with("Retain") => {
            format!("the old one stays in the account with {data}, outside of the stack")
        }
        "" => format!("{data} are lost unless the template retains it"),
        _ => format!("{data} are lost"),
    };
    Some(Loss {
        logical_id: change.logical_id.clone(),
        name: name.to_owned(),
        sentence: format!("the {word} {name} {fate}: {after}"),
    })
}

/// What a change set loses.
pub fn losses(change_set: &ChangeSet) -> Vec<Loss> {
    change_set.changes.iter().filter_map(loss).collect()
}
