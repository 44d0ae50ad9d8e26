//! PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, ListLayers, ListLayerVersions, DeleteLayerVersion.

use aws::operation::{parse, print};
use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Read, Tx};

use crate::check::Faults;
use crate::error::of_store;
use crate::function::Code;
use crate::layer::{LAYER_VERSIONS, LAYERS, Layer, LayerName, LayerVersion, arn};
use crate::ops::code::CodeRequest;
use crate::ops::{Change, Item, Nothing, Paging, look, write};
use crate::{Functions, error, limits};

/// What a layer may say it is for. Source: botocore's service model, `Runtime`.
const RUNTIMES: &[&str] = &[
    "nodejs",
    "nodejs4.3",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "java8",
    "java8.al2",
    "java11",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "nodejs4.3-edge",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "provided",
    "provided.al2",
    "nodejs18.x",
    "python3.10",
    "java17",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "python3.11",
    "nodejs20.x",
    "provided.al2023",
    "python3.12",
    "java21",
    "python3.13",
    "nodejs22.x",
    "nodejs24.x",
    "python3.14",
    "java25",
    "dotnet10",
    "ruby4.0",
];
const ARCHITECTURES: &[&str] = &["x86_64", "arm64"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishRequest {
    layer_name: String,
    #[serde(default)]
    content: CodeRequest,
    description: Option<String>,
    license_info: Option<String>,
    #[serde(default)]
    compatible_runtimes: Vec<String>,
    #[serde(default)]
    compatible_architectures: Vec<String>,
}

impl PublishRequest {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        faults.length("description", self.description.as_deref(), limits::DESCRIPTION_LENGTH_MAX);
        faults.length("licenseInfo", self.license_info.as_deref(), limits::LICENSE_LENGTH_MAX);
        let lists = [
            ("compatibleRuntimes", &self.compatible_runtimes, RUNTIMES, 15),
            ("compatibleArchitectures", &self.compatible_architectures, ARCHITECTURES, 2),
        ];
        for (at, values, known, most) in lists {
            let shown = format!("[{}]", values.join(", "));
            if values.len() > most {
                faults.add(&shown, at, &format!("Member must have length less than or equal to {most}"));
            }
            if values.iter().any(|value| !known.contains(&value.as_str())) {
                let set = format!("[Member must satisfy enum value set: [{}]]", known.join(", "));
                faults.add(&shown, at, &format!("Member must satisfy constraint: {set}"));
            }
        }
        faults.result()
    }
}

/// PublishLayerVersion: the first makes the layer.
pub(super) fn publish(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let read = || -> Result<(PublishRequest, LayerName), Error> {
        let request: PublishRequest = parse(body)?;
        let name = LayerName::parse(&request.layer_name, functions.store().scope())?;
        request.check()?;
        Ok((request, name))
    };
    let (request, name) = match read() {
        Ok(read) => read,
        Err(error) => return Reply::Now(Err(error)),
    };
    let functions = functions.clone();
    Reply::Later(Box::pin(async move {
        let (home, change) = (functions.store().scope().clone(), Change::of(call));
        let Code::Zip { digest, sha256, size_bytes } = request.content.keep(&functions).await? else {
            return Err(error::not_served("A folder (S3Bucket hot-reload) as a layer"));
        };
        let record = LayerVersion {
            digest,
            sha256,
            size_bytes,
            description: request.description.unwrap_or_default(),
            license: request.license_info,
            runtimes: request.compatible_runtimes,
            architectures: request.compatible_architectures,
            created: change.now,
            policy: None,
        };
        let ticket = functions.store().write(of_store, move |tx: &mut Tx<'_>| {
            let mut layer = Layer::find(tx, &name.name).unwrap_or(Layer { last_version: 0 });
            layer.last_version += 1;
            tx.put(&LAYERS, &name.name, &layer);
            record.put(tx, &name.name, layer.last_version);
            Ok(record.shown(&home, &name.name, layer.last_version))
        });
        print(&ticket.await?)
    }))
}

/// A version as nearly every request names it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedVersion {
    layer_name: String,
    /// A label of the path: text.
    version_number: String,
}

/// A layer and the number of one of its versions.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) version: u64,
}

impl NamedVersion {
    pub(super) fn read(&self, home: &Scope) -> Result<Wanted, Error> {
        let name = LayerName::parse(&self.layer_name, home)?.name;
        let version = self.version_number.parse().unwrap_or_default();
        if version < 1 {
            return Err(error::invalid_parameter("Layer Version Cannot be less than 1"));
        }
        Ok(Wanted { name, version })
    }
}

fn show(read: &mut impl Read, wanted: &Wanted, home: &Scope) -> Result<Value, Error> {
    let record = LayerVersion::find(read, &wanted.name, wanted.version).ok_or_else(error::no_resource)?;
    Ok(record.shown(home, &wanted.name, wanted.version))
}

/// GetLayerVersion.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope();
    look(functions, body, |read, request: NamedVersion| show(read, &request.read(home)?, home))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ByArn {
    arn: String,
}

/// GetLayerVersionByArn.
pub(super) fn get_by_arn(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope();
    look(functions, body, |read, request: ByArn| {
        let (asked, layer) = LayerName::parse_version(&request.arn, "arn")?;
        let version = layer.version.unwrap_or_default();
        if asked != arn(home, &layer.name, Some(version)) {
            return Err(error::no_resource());
        }
        show(read, &Wanted { name: layer.name, version }, home)
    })
}

/// Which versions a list has.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    compatible_runtime: Option<String>,
    compatible_architecture: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Filter {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        let members = [
            ("compatibleRuntime", &self.compatible_runtime, RUNTIMES),
            ("compatibleArchitecture", &self.compatible_architecture, ARCHITECTURES),
        ];
        for (at, value, known) in members {
            if let Some(value) = value.as_deref().filter(|value| !known.contains(value)) {
                faults.add(value, at, &format!("Member must satisfy enum value set: [{}]", known.join(", ")));
            }
        }
        faults.result()
    }

    fn takes(&self, version: &LayerVersion) -> bool {
        let has = |wanted: &Option<String>, all: &[String]| {
            wanted.as_ref().is_none_or(|wanted| all.contains(wanted))
        };
        has(&self.compatible_runtime, &version.runtimes)
            && has(&self.compatible_architecture, &version.architectures)
    }
}

/// ListLayers: each with the last of its versions that matches.
pub(super) fn list(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope();
    look(functions, body, |read, request: Filter| {
        request.check()?;
        let mut items = Vec::new();
        for name in Layer::names(read) {
            let all = LayerVersion::all(read, &name);
            let Some((number, version)) = all.into_iter().rfind(|(_, version)| request.takes(version)) else {
                continue;
            };
            let latest = version.listed(home, &name, number);
            let shown = json!({"LayerName": name, "LayerArn": arn(home, &name, None).to_string(),
                "LatestMatchingVersion": latest});
            items.push(Item { name, shown });
        }
        request.paging.answer("Layers", items)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListVersionsRequest {
    layer_name: String,
    #[serde(flatten)]
    filter: Filter,
}

/// ListLayerVersions, the last one first; of a layer that is not there there are none.
pub(super) fn list_versions(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope();
    look(functions, body, |read, request: ListVersionsRequest| {
        request.filter.check()?;
        let name = LayerName::parse(&request.layer_name, home)?.name;
        let all = LayerVersion::all(read, &name).into_iter();
        let items = all.filter(|(_, version)| request.filter.takes(version)).map(|(number, version)| Item {
            name: format!("{:020}", u64::MAX - number),
            shown: Value::Object(version.listed(home, &name, number)),
        });
        request.filter.paging.answer("LayerVersions", items.collect())
    })
}

/// DeleteLayerVersion: functions that use it keep it. One that is not there is deleted already.
pub(super) fn delete(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: NamedVersion| {
        let wanted = request.read(&home)?;
        Ok(move |tx: &mut Tx<'_>| {
            tx.remove(&LAYER_VERSIONS, &(wanted.name, wanted.version));
            Ok(Nothing {})
        })
    })
}
