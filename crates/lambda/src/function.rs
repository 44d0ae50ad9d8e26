//! A function: its versions, of which `$LATEST` can be edited, and what all of them share.

use std::collections::{BTreeMap, HashSet};

use aws::{Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::layer::LayerUse;
use crate::name::{self, FunctionName, LATEST};
use crate::{error, limits, moment};

pub(crate) const FUNCTIONS: Table<String, Function> = Table::new(72, "Lambda functions");
pub(crate) const VERSIONS: Table<(String, String), Version> = Table::new(73, "Lambda versions");

/// What a function's versions share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) tags: BTreeMap<String, String>,
    /// Reserved concurrency.
    pub(crate) reserved: Option<u64>,
    /// The number of the last version that was published.
    pub(crate) last_version: u64,
}

store::record!(Function, version 1);

/// Where code is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Code {
    /// Kept under its digest.
    Zip {
        /// SHA-256 in hexadecimal digits.
        digest: String,
        /// The same in base64.
        sha256: String,
        size_bytes: u64,
    },
    /// A folder of the user's, whose edits run at the next invocation.
    Folder(String),
}

/// How a function is to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub runtime: String,
    pub role: String,
    pub handler: String,
    pub description: String,
    pub timeout_seconds: u64,
    pub memory_mb: u64,
    pub ephemeral_mb: u64,
    pub variables: BTreeMap<String, String>,
    /// The ARN of a dead-letter queue.
    pub dead_letter_target: Option<String>,
    /// `PassThrough` or `Active`.
    pub tracing_mode: String,
    pub architecture: String,
    /// `Text` or `JSON`.
    pub log_format: String,
    pub application_log_level: Option<String>,
    pub system_log_level: Option<String>,
    pub log_group: Option<String>,
    pub code: Code,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) configuration: Configuration,
    pub(crate) revision_id: String,
    pub(crate) modified: Timestamp,
    /// Laid over each other at /opt, the last one on top.
    pub(crate) layers: Vec<LayerUse>,
}

/// A version before there were layers.
#[derive(Deserialize)]
struct VersionOfVersion1 {
    configuration: Configuration,
    revision_id: String,
    modified: Timestamp,
}

impl store::Record for Version {
    const VERSION: u8 = 2;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        store::record::to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            1 => {
                let VersionOfVersion1 { configuration, revision_id, modified } =
                    store::record::from_postcard(bytes)?;
                Some(Self { configuration, revision_id, modified, layers: Vec::new() })
            }
            Self::VERSION => store::record::from_postcard(bytes),
            _ => None,
        }
    }
}

impl Function {
    pub(crate) fn find(read: &mut impl Read, name: &str) -> Option<Self> {
        read.get(&FUNCTIONS, &name.to_owned())
    }

    /// A function that must be there.
    pub(crate) fn require(read: &mut impl Read, name: &str, home: &Scope) -> Result<Self, Error> {
        Self::find(read, name).ok_or_else(|| error::no_function(&name::arn(home, name, None)))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, name: &str) {
        tx.put(&FUNCTIONS, &name.to_owned(), self);
    }

    /// The names of all.
    pub(crate) fn names(read: &mut impl Read) -> Vec<String> {
        let all = read.list(&FUNCTIONS, &KeyRange::all(), limits::LISTED_MAX);
        all.into_iter().map(|(name, _)| name).collect()
    }
}

impl Version {
    pub(crate) fn find(read: &mut impl Read, name: &str, version: &str) -> Option<Self> {
        read.get(&VERSIONS, &(name.to_owned(), version.to_owned()))
    }

    /// A version that must be there; `asked` is what the error names.
    pub(crate) fn require(
        read: &mut impl Read,
        asked: &FunctionName,
        version: &str,
        home: &Scope,
    ) -> Result<Self, Error> {
        Self::find(read, &asked.name, version).ok_or_else(|| error::no_function(&asked.arn(home)))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, name: &str, version: &str) {
        tx.put(&VERSIONS, &(name.to_owned(), version.to_owned()), self);
    }

    /// The versions of a function, `$LATEST` first, then by number.
    pub(crate) fn all(read: &mut impl Read, name: &str) -> Vec<(String, Self)> {
        let all = read.list(&VERSIONS, &KeyRange::prefix(&name.to_owned()), limits::LISTED_MAX);
        let mut all: Vec<_> = all.into_iter().map(|((_, version), record)| (version, record)).collect();
        all.sort_by_key(|(version, _)| version.parse::<u64>().unwrap_or_default());
        all
    }

    /// As answers have it: of the version itself, or of whatever name it was asked by.
    pub(crate) fn shown(&self, home: &Scope, name: &str, version: &str, qualifier: Option<&str>) -> Value {
        let configuration = &self.configuration;
        let group = configuration.log_group.clone().unwrap_or_else(|| format!("/aws/lambda/{name}"));
        let mut logging = json!({"LogFormat": configuration.log_format, "LogGroup": group});
        let mut shown = json!({
            "FunctionName": name,
            "FunctionArn": name::arn(home, name, qualifier).to_string(),
            "Runtime": configuration.runtime,
            "Role": configuration.role,
            "Handler": configuration.handler,
            "CodeSize": configuration.code.size_bytes(),
            "Description": configuration.description,
            "Timeout": configuration.timeout_seconds,
            "MemorySize": configuration.memory_mb,
            "LastModified": moment::shown(self.modified),
            "CodeSha256": configuration.code.sha256(),
            "Version": version,
            "TracingConfig": {"Mode": configuration.tracing_mode},
            "RevisionId": self.revision_id,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "Architectures": [configuration.architecture],
            "EphemeralStorage": {"Size": configuration.ephemeral_mb},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        });
        let set = |of: &mut Value, member: &str, value: Value| {
            if let Some(of) = of.as_object_mut() {
                of.insert(member.to_owned(), value);
            }
        };
        if let Some(level) = &configuration.application_log_level {
            set(&mut logging, "ApplicationLogLevel", json!(level));
        }
        if let Some(level) = &configuration.system_log_level {
            set(&mut logging, "SystemLogLevel", json!(level));
        }
        set(&mut shown, "LoggingConfig", logging);
        if !configuration.variables.is_empty() {
            set(&mut shown, "Environment", json!({"Variables": configuration.variables}));
        }
        if let Some(target) = &configuration.dead_letter_target {
            set(&mut shown, "DeadLetterConfig", json!({"TargetArn": target}));
        }
        if !self.layers.is_empty() {
            let layers: Vec<Value> = self
                .layers
                .iter()
                .map(|layer| json!({"Arn": layer.arn, "CodeSize": layer.size_bytes}))
                .collect();
            set(&mut shown, "Layers", json!(layers));
        }
        shown
    }
}

impl Code {
    pub(crate) fn sha256(&self) -> &str {
        match self {
            Self::Zip { sha256, .. } => sha256,
            // LocalStack's convention, which tools know.
            Self::Folder(_) => "hot-reloading-hash-not-available",
        }
    }

    pub(crate) const fn size_bytes(&self) -> u64 {
        match self {
            Self::Zip { size_bytes, .. } => *size_bytes,
            Self::Folder(_) => 0,
        }
    }
}

/// The digests of the zips of all versions, their layers' too: a layer that is deleted stays where it is used.
pub(crate) fn zips(read: &mut impl Read) -> HashSet<String> {
    let all = read.list(&VERSIONS, &KeyRange::all(), limits::LISTED_MAX);
    let digests = |version: Version| {
        let own = match version.configuration.code {
            Code::Zip { digest, .. } => Some(digest),
            Code::Folder(_) => None,
        };
        own.into_iter().chain(version.layers.into_iter().map(|layer| layer.digest))
    };
    all.into_iter().flat_map(|(_, version)| digests(version)).collect()
}

/// Writes a function and its `$LATEST`.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    name: &str,
    tags: BTreeMap<String, String>,
    latest: &Version,
) -> Result<(), Error> {
    if Function::find(tx, name).is_some() {
        return Err(error::function_exists(name));
    }
    Function { tags, reserved: None, last_version: 0 }.put(tx, name);
    latest.put(tx, name, LATEST);
    Ok(())
}
