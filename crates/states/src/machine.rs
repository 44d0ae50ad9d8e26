//! A state machine: what it runs now, and every definition that an execution was started with.

use std::collections::BTreeMap;

use asl::MachineType;
use aws::{Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::{error, limits, name};

pub(crate) const MACHINES: Table<String, Machine> = Table::new(110, "state machines");
pub(crate) const REVISIONS: Table<String, Revision> = Table::new(111, "state machine revisions");
pub(crate) const VERSIONS: Table<(String, u64), Version> = Table::new(112, "state machine versions");
pub(crate) const ALIASES: Table<(String, String), Alias> = Table::new(113, "state machine aliases");

/// What stays the same of a state machine while its definition changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The revision that an unqualified ARN starts.
    pub(crate) revision: String,
    pub(crate) created: Timestamp,
    /// The number of the last version that was published.
    pub(crate) last_version: u64,
    pub(crate) tags: BTreeMap<String, String>,
}

store::record!(Machine, version 1);

/// A definition and what belongs to it; never changed, because executions go on with theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) machine: String,
    pub(crate) definition: String,
    pub(crate) role_arn: String,
    pub(crate) kind: MachineType,
    pub(crate) logging: Logging,
    pub(crate) tracing: bool,
    pub(crate) made: Timestamp,
    /// Whether it is the one that the machine was created with.
    pub(crate) is_first: bool,
}

store::record!(Revision, version 1);

/// `loggingConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Logging {
    pub(crate) level: Level,
    pub(crate) includes_data: bool,
    /// The ARN of a log group, as it was given.
    pub(crate) group_arn: Option<String>,
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Level {
    #[default]
    Off,
    Fatal,
    Error,
    All,
}

/// A revision with a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) revision: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Timestamp,
}

store::record!(Version, version 1);

/// A name for one version, or for two of which each gets a part of the executions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) routes: Vec<Route>,
    pub(crate) description: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

store::record!(Alias, version 1);

/// A version and its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Route {
    pub(crate) version: u64,
    /// 0 to 100; all of an alias add up to 100.
    pub(crate) weight: u8,
}

impl Level {
    /// As AWS writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::All => "ALL",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Off, Self::Fatal, Self::Error, Self::All].into_iter().find(|level| level.name() == text)
    }
}

impl Logging {
    pub(crate) fn shown(&self) -> Value {
        let mut shown = json!({"level": self.level.name(), "includeExecutionData": self.includes_data});
        if let (Some(group), Some(members)) = (&self.group_arn, shown.as_object_mut()) {
            let destination = json!([{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]);
            members.insert("destinations".to_owned(), destination);
        }
        shown
    }
}

/// `STANDARD` or `EXPRESS`.
pub(crate) fn type_name(kind: MachineType) -> &'static str {
    match kind {
        MachineType::Standard => "STANDARD",
        MachineType::Express => "EXPRESS",
    }
}

impl Machine {
    pub(crate) fn find(read: &mut impl Read, name: &str) -> Option<Self> {
        read.get(&MACHINES, &name.to_owned())
    }

    pub(crate) fn require(read: &mut impl Read, name: &str, arn: &str) -> Result<Self, Error> {
        Self::find(read, name).ok_or_else(|| error::no_machine(arn))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, name: &str) {
        tx.put(&MACHINES, &name.to_owned(), self);
    }

    /// The names of all.
    pub(crate) fn all(read: &mut impl Read) -> Vec<(String, Self)> {
        read.list(&MACHINES, &KeyRange::all(), limits::LISTED_MAX)
    }
}

impl Revision {
    pub(crate) fn find(read: &mut impl Read, id: &str) -> Option<Self> {
        read.get(&REVISIONS, &id.to_owned())
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, id: &str) {
        tx.put(&REVISIONS, &id.to_owned(), self);
    }

    /// Members of both describing operations.
    pub(crate) fn shown(&self, id: &str, machine_arn: &str) -> Map<String, Value> {
        let mut shown = Map::new();
        shown.insert("stateMachineArn".to_owned(), json!(machine_arn));
        shown.insert("name".to_owned(), json!(self.machine));
        shown.insert("definition".to_owned(), json!(self.definition));
        shown.insert("roleArn".to_owned(), json!(self.role_arn));
        shown.insert("loggingConfiguration".to_owned(), self.logging.shown());
        shown.insert("tracingConfiguration".to_owned(), json!({"enabled": self.tracing}));
        if !self.is_first {
            shown.insert("revisionId".to_owned(), json!(id));
        }
        shown
    }
}

impl Version {
    pub(crate) fn find(read: &mut impl Read, machine: &str, number: u64) -> Option<Self> {
        read.get(&VERSIONS, &(machine.to_owned(), number))
    }

    /// The versions of a machine, by number.
    pub(crate) fn all(read: &mut impl Read, machine: &str) -> Vec<(u64, Self)> {
        let all = read.list(&VERSIONS, &KeyRange::prefix(&machine.to_owned()), limits::LISTED_MAX);
        all.into_iter().map(|((_, number), version)| (number, version)).collect()
    }
}

impl Alias {
    pub(crate) fn find(read: &mut impl Read, machine: &str, alias: &str) -> Option<Self> {
        read.get(&ALIASES, &(machine.to_owned(), alias.to_owned()))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, machine: &str, alias: &str) {
        tx.put(&ALIASES, &(machine.to_owned(), alias.to_owned()), self);
    }

    /// The aliases of a machine, by name.
    pub(crate) fn all(read: &mut impl Read, machine: &str) -> Vec<(String, Self)> {
        let all = read.list(&ALIASES, &KeyRange::prefix(&machine.to_owned()), limits::LISTED_MAX);
        all.into_iter().map(|((_, alias), record)| (alias, record)).collect()
    }

    /// The version that an execution gets; `chance` is a random number.
    pub(crate) fn version_for(&self, chance: u64) -> Option<u64> {
        let mut share = chance % 100;
        for route in &self.routes {
            if share < u64::from(route.weight) {
                return Some(route.version);
            }
            share -= u64::from(route.weight);
        }
        self.routes.last().map(|route| route.version)
    }
}

/// What is to be started: a revision, and the ARNs of the version and the alias that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) revision_id: String,
    pub(crate) revision: Revision,
    pub(crate) version_arn: Option<String>,
    pub(crate) alias_arn: Option<String>,
}

/// The revision that an ARN stands for; `chance` decides between the two of an alias.
///
/// # Errors
/// `StateMachineDoesNotExist`.
pub(crate) fn choose(
    read: &mut impl Read,
    asked: &name::MachineName,
    home: &Scope,
    chance: u64,
) -> Result<Chosen, Error> {
    let missing = || error::no_machine(&asked.arn);
    let machine = Machine::find(read, asked.machine()).ok_or_else(missing)?;
    let (mut version_arn, mut alias_arn) = (None, None);
    let number = match (asked.version(), &asked.qualifier) {
        (Some(number), _) => Some(number),
        (None, Some(alias)) => {
            let found = Alias::find(read, asked.machine(), alias).ok_or_else(missing)?;
            alias_arn = Some(name::machine_arn(home, asked.machine(), Some(alias)));
            found.version_for(chance)
        }
        (None, None) => None,
    };
    let revision_id = match number {
        Some(number) => {
            version_arn = Some(name::machine_arn(home, asked.machine(), Some(&number.to_string())));
            Version::find(read, asked.machine(), number).ok_or_else(missing)?.revision
        }
        None => machine.revision,
    };
    let revision = Revision::find(read, &revision_id).ok_or_else(missing)?;
    Ok(Chosen { revision_id, revision, version_arn, alias_arn })
}
