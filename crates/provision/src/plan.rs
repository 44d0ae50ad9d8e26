//! The difference between what is wanted and what is there, as steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desired::{Desired, Id, Resource, Settings};
use crate::secrets::Secrets;

/// What earlier applies of a pipeline made, in the order in which they made it: only this is ever deleted. The caller
/// keeps it from one apply to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Made(pub Vec<Id>);

/// What is there, of all that is wanted or was made.
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
}

/// One resource and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which.
    pub id: Id,
    /// What.
    pub action: Action,
    /// The secrets that belong into it.
    pub secrets: Secrets,
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
    /// An earlier apply made it, and it is no longer wanted.
    Delete,
}

/// A setting that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// AWS's name of it.
    pub field: String,
    /// How it is; `None`: not set.
    pub from: Option<Value>,
    /// How it should be; `None`: not set.
    pub to: Option<Value>,
}

/// Compares what is wanted with what is there.
pub fn plan(desired: &Desired, actual: &Actual, made: &Made) -> Plan {
    let mut steps: Vec<Step> = desired
        .resources
        .iter()
        .map(|resource| Step {
            id: resource.id.clone(),
            action: action(resource, actual),
            secrets: resource.secrets.clone(),
        })
        .collect();
    let wanted: BTreeSet<&Id> = desired.resources.iter().map(|resource| &resource.id).collect();
    let gone = made.0.iter().rev().filter(|id| !wanted.contains(id) && actual.resources.contains_key(id));
    let mut gone: Vec<&Id> = gone.collect();
    // A target before its rule, a rule before its bus, an API destination before its connection; among queues the later made first, so that a dead-letter queue
    // outlives the queues that name it. The sort is stable.
    gone.sort_by_key(|id| match id {
        Id::Target { .. } => 0,
        Id::Rule { .. } => 1,
        Id::ApiDestination { .. } => 2,
        Id::Connection { .. } => 3,
        Id::Bus { .. } => 4,
        Id::Queue { .. } => 5,
    });
    steps.extend(gone.into_iter().map(|id| Step {
        id: id.clone(),
        action: Action::Delete,
        secrets: Secrets::default(),
    }));
    Plan { steps }
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
        self.steps.iter().filter(|step| step.action != Action::Keep)
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
        let count =
            |wanted: fn(&Action) -> bool| self.steps.iter().filter(|step| wanted(&step.action)).count();
        write!(
            f,
            "{} to create, {} to change, {} to delete, {} unchanged",
            count(|action| matches!(action, Action::Create(_))),
            count(|action| matches!(action, Action::Update { .. })),
            count(|action| matches!(action, Action::Delete)),
            count(|action| matches!(action, Action::Keep)),
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Keep => write!(f, "  {}", self.id),
            Action::Create(_) => write!(f, "+ {}", self.id),
            Action::Delete => write!(f, "- {}", self.id),
            Action::Update { changes, .. } => {
                write!(f, "~ {}", self.id)?;
                for change in changes {
                    write!(f, "\n    {}: {} -> {}", change.field, shown(&change.from), shown(&change.to))?;
                }
                Ok(())
            }
        }
    }
}

fn shown(value: &Option<Value>) -> String {
    match value {
        None => "(not set)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}
