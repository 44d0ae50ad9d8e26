//! The difference between what is wanted and what is there, as steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::change::Change;
use crate::desired::Desired;
use crate::ownership::{OwnedByOther, Ownership};
use crate::resource::{Id, Resource, Settings};
use crate::secrets::Secrets;

/// What is there, of all that is wanted or owned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actual {
    /// Each resource that exists, and how it is.
    pub resources: BTreeMap<Id, Settings>,
}

/// What to do, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Everything wanted, then what goes away.
    pub steps: Vec<Step>,
    /// What is wanted and belongs to another pipeline: nothing is done while there is any.
    pub conflicts: Vec<OwnedByOther>,
    /// What is owned and neither wanted nor there: it is forgotten.
    pub vanished: Vec<Id>,
}

/// One resource and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which.
    pub id: Id,
    /// What.
    pub action: Action,
    /// How the pipeline comes to own it.
    pub claim: Claim,
    /// The secrets that belong into it.
    pub secrets: Secrets,
}

/// How a pipeline comes to own a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It owns it, or is about to make it.
    Own,
    /// It is there, nobody owns it, and the pipeline was never applied before: what an earlier version made is taken over.
    Takeover,
    /// It is there, nobody owns it, and somebody else made it: it is adopted, after asking.
    Adoption,
}

/// What to do about a resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It is as it should be.
    Keep,
    /// It is not there.
    Create(Settings),
    /// It is there and differs.
    Update {
        /// How it should be, all of it.
        settings: Settings,
        /// What differs.
        changes: Vec<Change>,
    },
    /// The pipeline owns it, and no longer wants it.
    Delete,
}

/// Compares what is wanted with what is there and with what the pipeline owns.
pub fn plan(desired: &Desired, actual: &Actual, ownership: &Ownership) -> Plan {
    let mut plan = Plan::default();
    for resource in &desired.resources {
        if let Some(owner) = ownership.other_owner(&resource.id) {
            plan.conflicts.push(OwnedByOther { id: resource.id.clone(), owner: owner.clone() });
        }
        plan.steps.push(Step {
            id: resource.id.clone(),
            action: action(resource, actual),
            claim: claim(&resource.id, actual, ownership),
            secrets: resource.secrets.clone(),
        });
    }
    let wanted: BTreeSet<&Id> = desired.resources.iter().map(|resource| &resource.id).collect();
    let unwanted = ownership.own.iter().rev().filter(|id| !wanted.contains(id));
    let (mut gone, vanished): (Vec<&Id>, Vec<&Id>) =
        unwanted.partition(|id| actual.resources.contains_key(id));
    plan.vanished = vanished.into_iter().cloned().collect();
    // Among queues the later made first, so that a dead-letter queue outlives the queues that name it. The sort is stable.
    gone.sort_by_key(|id| id.removal_rank());
    plan.steps.extend(gone.into_iter().map(|id| Step {
        id: id.clone(),
        action: Action::Delete,
        claim: Claim::Own,
        secrets: Secrets::default(),
    }));
    plan
}

fn claim(id: &Id, actual: &Actual, ownership: &Ownership) -> Claim {
    if ownership.own.contains(id) || !actual.resources.contains_key(id) {
        Claim::Own
    } else if ownership.is_known {
        Claim::Adoption
    } else {
        Claim::Takeover
    }
}

fn action(resource: &Resource, actual: &Actual) -> Action {
    let Some(is) = actual.resources.get(&resource.id) else {
        return Action::Create(resource.settings.clone());
    };
    let fields: BTreeSet<&String> = is.keys().chain(resource.settings.keys()).collect();
    let changes: Vec<Change> = fields
        .into_iter()
        .filter(|field| is.get(*field) != resource.settings.get(*field))
        .map(|field| Change {
            field: field.clone(),
            from: is.get(field).cloned(),
            to: resource.settings.get(field).cloned(),
        })
        .collect();
    if changes.is_empty() {
        Action::Keep
    } else {
        Action::Update { settings: resource.settings.clone(), changes }
    }
}

impl Plan {
    /// The steps that change something.
    pub fn changes(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.is_change())
    }

    /// What somebody else made and the pipeline is about to adopt.
    pub fn adoptions(&self) -> impl Iterator<Item = &Id> {
        self.steps.iter().filter(|step| step.claim == Claim::Adoption).map(|step| &step.id)
    }

    /// How many steps do what.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            match step.action {
                Action::Keep => counts.unchanged += 1,
                Action::Create(_) => counts.create += 1,
                Action::Update { .. } => counts.change += 1,
                Action::Delete => counts.delete += 1,
            }
        }
        counts
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.changes() {
            writeln!(f, "{step}")?;
        }
        let Counts { create, change, delete, unchanged } = self.counts();
        write!(f, "{create} to create, {change} to change, {delete} to delete, {unchanged} unchanged")
    }
}

/// How many steps of a plan do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Resources that are made.
    pub create: usize,
    /// Resources that are changed.
    pub change: usize,
    /// Resources that are deleted.
    pub delete: usize,
    /// Resources that stay as they are.
    pub unchanged: usize,
}

impl Step {
    /// Whether it changes something.
    pub fn is_change(&self) -> bool {
        self.action != Action::Keep || self.claim == Claim::Adoption
    }

    /// Why, in a few words.
    pub fn why(&self) -> &'static str {
        match (&self.action, self.claim) {
            (Action::Create(_), _) => "does not exist",
            (Action::Delete, _) => "is no longer in the file",
            (Action::Update { .. }, Claim::Adoption) => "differs, and was not created by this pipeline",
            (Action::Update { .. }, _) => "differs from the file",
            (Action::Keep, Claim::Adoption) => "was not created by this pipeline",
            (Action::Keep, _) => "is as in the file",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Keep if self.claim == Claim::Adoption => {
                write!(f, "* {} ({}; adopt)", self.id, self.why())
            }
            Action::Keep => write!(f, "  {}", self.id),
            Action::Create(_) => write!(f, "+ {} ({})", self.id, self.why()),
            Action::Delete => write!(f, "- {} ({})", self.id, self.why()),
            Action::Update { changes, .. } => {
                let adopt = if self.claim == Claim::Adoption { "; adopt" } else { "" };
                write!(f, "~ {} ({}{adopt})", self.id, self.why())?;
                for Change { field, from, to } in changes {
                    for (field, from, to) in differences(field, from.as_ref(), to.as_ref()) {
                        write!(f, "\n    {field}: {} -> {}", shown(from), shown(to))?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// What differs in two values, by its path: of two objects or lists of the same length the members that differ.
fn differences<'v>(
    field: &str,
    from: Option<&'v Value>,
    to: Option<&'v Value>,
) -> Vec<(String, Option<&'v Value>, Option<&'v Value>)> {
    match (from, to) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let differ = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
            let path = |name: &str| format!("{field}.{name}");
            differ.flat_map(|name| differences(&path(name), old.get(name), new.get(name))).collect()
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            let pairs = old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new);
            let path = |index: usize| format!("{field}[{index}]");
            pairs.flat_map(|(index, (old, new))| differences(&path(index), Some(old), Some(new))).collect()
        }
        _ => vec![(field.to_owned(), from, to)],
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "(not set)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}
