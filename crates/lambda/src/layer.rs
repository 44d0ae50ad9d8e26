//! A layer: zips that functions lay over each other at /opt, each a numbered version that never changes.
//!
//! A function keeps the digests of its layers' zips itself: a version that was deleted still runs where it is used, as on AWS.

use std::collections::HashSet;

use aws::{Arn, Error, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::policy::Policy;
use crate::{error, limits, moment};

pub(crate) const LAYERS: Table<String, Layer> = Table::new(79, "Lambda layers");
pub(crate) const LAYER_VERSIONS: Table<(String, u64), LayerVersion> = Table::new(81, "Lambda layer versions");

/// What a layer's versions share. It stays when they are all deleted: a number is never given twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layer {
    pub(crate) last_version: u64,
}

store::record!(Layer, version 1);

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerVersion {
    /// SHA-256 of the zip in hexadecimal digits.
    pub(crate) digest: String,
    /// The same in base64.
    pub(crate) sha256: String,
    pub(crate) size_bytes: u64,
    pub(crate) description: String,
    pub(crate) license: Option<String>,
    pub(crate) runtimes: Vec<String>,
    pub(crate) architectures: Vec<String>,
    pub(crate) created: Timestamp,
    pub(crate) policy: Option<Policy>,
}

store::record!(LayerVersion, version 1);

/// A layer of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerUse {
    /// Of the version.
    pub(crate) arn: String,
    pub(crate) digest: String,
    pub(crate) size_bytes: u64,
}

/// Which layer a request means, and which version of it, if it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerName {
    pub(crate) name: String,
    pub(crate) version: Option<u64>,
}

/// The pattern of the service's model, which its errors quote.
const PATTERN: &str = r"(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";
const VERSION_PATTERN: &str = r"arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+";

/// The ARN of a layer, or of one of its versions.
pub(crate) fn arn(home: &Scope, name: &str, version: Option<u64>) -> Arn {
    let version = version.map(|version| format!(":{version}")).unwrap_or_default();
    home.arn("lambda", format!("layer:{name}{version}"))
}

impl LayerName {
    /// Reads `LayerName`: a name, or the ARN of a layer of this account and region.
    pub(crate) fn parse(text: &str, home: &Scope) -> Result<Self, Error> {
        if is_name(text) {
            return Ok(Self { name: text.to_owned(), version: None });
        }
        let malformed = || {
            Error::validation(format!(
                "1 validation error detected: Value '{text}' at 'layerName' failed to satisfy constraint: Member must satisfy regular expression pattern: {PATTERN}"
            ))
        };
        let arn = text.parse::<Arn>().map_err(|_| malformed())?;
        let found = of_arn(&arn).filter(|found| found.version.is_none()).ok_or_else(malformed)?;
        if is_of(&arn, home) { Ok(found) } else { Err(error::no_resource()) }
    }

    /// Reads the ARN of a version; `at` is the member that it is in.
    pub(crate) fn parse_version(text: &str, at: &str) -> Result<(Arn, Self), Error> {
        let arn = text.parse::<Arn>().ok();
        let found = arn.as_ref().and_then(of_arn).filter(|found| found.version.is_some());
        arn.zip(found).ok_or_else(|| {
            Error::validation(format!(
                "1 validation error detected: Value '{text}' at '{at}' failed to satisfy constraint: Member must satisfy regular expression pattern: {VERSION_PATTERN}"
            ))
        })
    }
}

fn of_arn(arn: &Arn) -> Option<LayerName> {
    let rest = arn.resource.strip_prefix("layer:").filter(|_| arn.service == "lambda")?;
    let (name, version) = match rest.split_once(':') {
        Some((name, version)) => (name, Some(version.parse().ok()?)),
        None => (rest, None),
    };
    is_name(name).then(|| LayerName { name: name.to_owned(), version })
}

fn is_of(arn: &Arn, home: &Scope) -> bool {
    arn.account == *home.account && arn.region == *home.region
}

fn is_name(text: &str) -> bool {
    (1..=limits::LAYER_NAME_LENGTH_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl Layer {
    pub(crate) fn find(read: &mut impl Read, name: &str) -> Option<Self> {
        read.get(&LAYERS, &name.to_owned())
    }

    /// The names of all that were ever published.
    pub(crate) fn names(read: &mut impl Read) -> Vec<String> {
        let all = read.list(&LAYERS, &KeyRange::all(), limits::LISTED_MAX);
        all.into_iter().map(|(name, _)| name).collect()
    }
}

impl LayerVersion {
    pub(crate) fn find(read: &mut impl Read, name: &str, version: u64) -> Option<Self> {
        read.get(&LAYER_VERSIONS, &(name.to_owned(), version))
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, name: &str, version: u64) {
        tx.put(&LAYER_VERSIONS, &(name.to_owned(), version), self);
    }

    /// The versions of a layer, by number.
    pub(crate) fn all(read: &mut impl Read, name: &str) -> Vec<(u64, Self)> {
        let all = read.list(&LAYER_VERSIONS, &KeyRange::prefix(&name.to_owned()), limits::LISTED_MAX);
        all.into_iter().map(|((_, version), record)| (version, record)).collect()
    }

    /// As lists have it.
    pub(crate) fn listed(&self, home: &Scope, name: &str, version: u64) -> Map<String, Value> {
        let mut shown = Map::new();
        let mut set = |member: &str, value: Value| shown.insert(member.to_owned(), value);
        set("LayerVersionArn", json!(arn(home, name, Some(version)).to_string()));
        set("Version", json!(version));
        set("Description", json!(self.description));
        set("CreatedDate", json!(moment::shown(self.created)));
        if !self.runtimes.is_empty() {
            set("CompatibleRuntimes", json!(self.runtimes));
        }
        if !self.architectures.is_empty() {
            set("CompatibleArchitectures", json!(self.architectures));
        }
        if let Some(license) = &self.license {
            set("LicenseInfo", json!(license));
        }
        shown
    }

    /// As it is shown by itself.
    pub(crate) fn shown(&self, home: &Scope, name: &str, version: u64) -> Value {
        let mut shown = self.listed(home, name, version);
        shown.insert("LayerArn".to_owned(), json!(arn(home, name, None).to_string()));
        let content = json!({"CodeSha256": self.sha256, "CodeSize": self.size_bytes});
        shown.insert("Content".to_owned(), content);
        Value::Object(shown)
    }
}

/// The layers that a function names, found. Source of the words: LocalStack's recordings (`test_lambda_api`,
/// `test_layer_function_exceptions`).
pub(crate) fn resolve(read: &mut impl Read, arns: &[String], home: &Scope) -> Result<Vec<LayerUse>, Error> {
    if arns.len() > limits::LAYERS_MAX {
        let most = limits::LAYERS_MAX;
        return Err(error::invalid_parameter(format!("Cannot reference more than {most} layers.")));
    }
    let mut uses: Vec<LayerUse> = Vec::new();
    let mut names: Vec<LayerName> = Vec::new();
    for text in arns {
        let (arn, layer) = LayerName::parse_version(text, "layers")?;
        if arn.region != *home.region {
            return Err(error::invalid_parameter(format!(
                "Layers are not in the same region as the function. Layers are expected to be in region {}.",
                home.region
            )));
        }
        if !is_of(&arn, home) {
            return Err(error::foreign_layer(text));
        }
        let version = layer.version.unwrap_or_default();
        let missing = || error::invalid_parameter(format!("Layer version {text} does not exist."));
        let record = LayerVersion::find(read, &layer.name, version).ok_or_else(missing)?;
        let known = names.iter().zip(&uses).find(|(known, _)| known.name == layer.name);
        if let Some((_, known)) = known {
            return Err(error::invalid_parameter(format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. {} and {text} are versions of the same layer.",
                known.arn
            )));
        }
        names.push(layer);
        uses.push(LayerUse { arn: text.clone(), digest: record.digest, size_bytes: record.size_bytes });
    }
    Ok(uses)
}

/// The digests of the zips of all versions.
pub(crate) fn zips(read: &mut impl Read) -> HashSet<String> {
    let all = read.list(&LAYER_VERSIONS, &KeyRange::all(), limits::LISTED_MAX);
    all.into_iter().map(|(_, version)| version.digest).collect()
}
