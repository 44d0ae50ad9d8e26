//! CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode, UpdateFunctionConfiguration,
//! DeleteFunction.

use std::collections::BTreeMap;

use aws::operation::{parse, print};
use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::json;
use store::{KeyRange, Read, Tx};

use crate::alias::{ALIASES, Alias};
use crate::check::Faults;
use crate::error::of_store;
use crate::event_invoke::EventInvokeConfig;
use crate::function::{Code, FUNCTIONS, Function, VERSIONS, Version};
use crate::name::{FunctionName, LATEST, is_number};
use crate::ops::code::CodeRequest;
use crate::ops::configuration::Settings;
use crate::ops::versions::publish_latest;
use crate::ops::{Change, Item, Named, Nothing, Paging, check_revision, look, number_of, tags, write};
use crate::policy::Policy;
use crate::url::FunctionUrl;
use crate::{Functions, error, function, layer, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    function_name: String,
    #[serde(default)]
    code: CodeRequest,
    #[serde(default)]
    publish: bool,
    package_type: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    architectures: Option<Vec<String>>,
    #[serde(flatten)]
    settings: Settings,
}

/// CreateFunction.
pub(super) fn create(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let read = || -> Result<(CreateRequest, FunctionName), Error> {
        let request: CreateRequest = parse(body)?;
        let name = FunctionName::parse(&request.function_name, None, functions.store().scope())?;
        let mut faults = Faults::default();
        faults.length("functionName", Some(&name.name), limits::NAME_LENGTH_MAX);
        faults.result()?;
        if request.package_type.as_deref().is_some_and(|kind| kind != "Zip") {
            return Err(error::not_served("PackageType Image"));
        }
        request.settings.check()?;
        tags::check(request.tags.as_ref())?;
        Ok((request, name))
    };
    let (request, name) = match read() {
        Ok(read) => read,
        Err(error) => return Reply::Now(Err(error)),
    };
    let functions = functions.clone();
    Reply::Later(Box::pin(async move {
        // What exists is said before a zip is kept for nothing.
        let wanted = name.name.clone();
        let known =
            functions.store().read(|read| Function::find(read, &wanted).is_some()).map_err(of_store)?;
        if known {
            return Err(error::function_exists(&name.name));
        }
        if let Some(runtime) = request.settings.runtime() {
            (functions.hands.can_run)(runtime.to_owned()).await?;
        }
        let code = request.code.keep(&functions).await?;
        let architecture = request.architectures.and_then(|all| all.into_iter().next());
        let asked = request.settings.layers().map(<[String]>::to_vec).unwrap_or_default();
        let configuration = request.settings.create(code, architecture)?;
        let change = Change::of(call);
        let (revision_id, modified) = (change.revision(), change.now);
        let mut latest = Version { configuration, revision_id, modified, layers: Vec::new() };
        let (tags, is_published) = (request.tags.unwrap_or_default(), request.publish);
        let home = functions.store().scope().clone();
        let ticket = functions.store().write(of_store, move |tx: &mut Tx<'_>| {
            latest.layers = layer::resolve(tx, &asked, &home)?;
            function::create(tx, &name.name, tags, &latest)?;
            if !is_published {
                return Ok(latest.shown(&home, &name.name, LATEST, None));
            }
            let version = publish_latest(tx, &name, None, &change, &home)?;
            Ok(version)
        });
        print(&ticket.await?)
    }))
}

/// The version that a request asks for, and how it is shown.
fn find(read: &mut impl Read, asked: &FunctionName, home: &Scope) -> Result<(String, Version), Error> {
    let version = match asked.qualifier() {
        LATEST => LATEST.to_owned(),
        number if is_number(number) => number.to_owned(),
        alias => {
            let alias = Alias::find(read, &asked.name, alias);
            alias.ok_or_else(|| error::no_function(&asked.arn(home)))?.version
        }
    };
    let record = Version::require(read, asked, &version, home)?;
    Ok((version, record))
}

/// GetFunctionConfiguration.
pub(super) fn get_configuration(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: Named| {
        let (home, asked) = (functions.store().scope(), request.read(functions)?);
        let (version, record) = find(read, &asked, home)?;
        Ok(record.shown(home, &asked.name, &version, asked.qualifier.as_deref()))
    })
}

/// GetFunction.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: Named| {
        let (home, asked) = (functions.store().scope(), request.read(functions)?);
        let (version, record) = find(read, &asked, home)?;
        let function = Function::require(read, &asked.name, home)?;
        let location = match &record.configuration.code {
            Code::Folder(folder) => json!({"RepositoryType": "S3", "Location": format!("file://{folder}")}),
            Code::Zip { .. } => json!({"RepositoryType": "S3"}),
        };
        let mut answer = json!({
            "Configuration": record.shown(home, &asked.name, &version, asked.qualifier.as_deref()),
            "Code": location,
        });
        if let Some(answer) = answer.as_object_mut() {
            if !function.tags.is_empty() {
                answer.insert("Tags".to_owned(), json!(function.tags));
            }
            if let Some(reserved) = function.reserved {
                answer.insert("Concurrency".to_owned(), json!({"ReservedConcurrentExecutions": reserved}));
            }
        }
        Ok(answer)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    function_version: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// ListFunctions.
pub(super) fn list(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: ListRequest| {
        let home = functions.store().scope();
        let all = request.function_version.as_deref() == Some("ALL");
        let mut items = Vec::new();
        for name in Function::names(read) {
            for (version, record) in Version::all(read, &name) {
                if all || version == LATEST {
                    // AWS lists each version under its own ARN, $LATEST among them where all are asked for.
                    let qualifier = all.then_some(version.as_str());
                    let shown = record.shown(home, &name, &version, qualifier);
                    items.push(Item { name: format!("{name}:{version}"), shown });
                }
            }
        }
        request.paging.answer("Functions", items)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateConfigurationRequest {
    function_name: String,
    revision_id: Option<String>,
    #[serde(flatten)]
    settings: Settings,
}

/// UpdateFunctionConfiguration.
pub(super) fn update_configuration(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let read = || -> Result<(UpdateConfigurationRequest, FunctionName), Error> {
        let request: UpdateConfigurationRequest = parse(body)?;
        let name = FunctionName::parse(&request.function_name, None, functions.store().scope())?;
        request.settings.check()?;
        Ok((request, name))
    };
    let (request, name) = match read() {
        Ok(read) => read,
        Err(error) => return Reply::Now(Err(error)),
    };
    let functions = functions.clone();
    Reply::Later(Box::pin(async move {
        if let Some(runtime) = request.settings.runtime() {
            (functions.hands.can_run)(runtime.to_owned()).await?;
        }
        let (change, home) = (Change::of(call), functions.store().scope().clone());
        let ticket = functions.store().write(of_store, move |tx: &mut Tx<'_>| {
            let mut latest = Version::require(tx, &name, LATEST, &home)?;
            check_revision(request.revision_id.as_deref(), &latest.revision_id, "GetFunction")?;
            if let Some(asked) = request.settings.layers() {
                latest.layers = layer::resolve(tx, asked, &home)?;
            }
            request.settings.put_over(&mut latest.configuration);
            (latest.revision_id, latest.modified) = (change.revision(), change.now);
            latest.put(tx, &name.name, LATEST);
            Ok(latest.shown(&home, &name.name, LATEST, None))
        });
        print(&ticket.await?)
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateCodeRequest {
    function_name: String,
    revision_id: Option<String>,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    dry_run: bool,
    architectures: Option<Vec<String>>,
    #[serde(flatten)]
    code: CodeRequest,
}

/// UpdateFunctionCode.
pub(super) fn update_code(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let read = || -> Result<(UpdateCodeRequest, FunctionName), Error> {
        let request: UpdateCodeRequest = parse(body)?;
        let name = FunctionName::parse(&request.function_name, None, functions.store().scope())?;
        Ok((request, name))
    };
    let (request, name) = match read() {
        Ok(read) => read,
        Err(error) => return Reply::Now(Err(error)),
    };
    let functions = functions.clone();
    Reply::Later(Box::pin(async move {
        let home = functions.store().scope().clone();
        let (wanted, place) = (name.clone(), home.clone());
        let known =
            functions.store().read(move |read| Version::require(read, &wanted, LATEST, &place).map(drop));
        known.map_err(of_store)??;
        let code = request.code.keep(&functions).await?;
        let change = Change::of(call);
        let ticket = functions.store().write(of_store, move |tx: &mut Tx<'_>| {
            let mut latest = Version::require(tx, &name, LATEST, &home)?;
            check_revision(request.revision_id.as_deref(), &latest.revision_id, "GetFunction")?;
            latest.configuration.code = code;
            if let Some(architecture) = request.architectures.and_then(|all| all.into_iter().next()) {
                latest.configuration.architecture = architecture;
            }
            (latest.revision_id, latest.modified) = (change.revision(), change.now);
            if request.dry_run {
                return Ok(latest.shown(&home, &name.name, LATEST, None));
            }
            latest.put(tx, &name.name, LATEST);
            if request.publish {
                return publish_latest(tx, &name, None, &change, &home);
            }
            Ok(latest.shown(&home, &name.name, LATEST, None))
        });
        print(&ticket.await?)
    }))
}

/// DeleteFunction: all of it, or one version.
pub(super) fn delete(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: Named| {
        let name = request.read(functions)?;
        let functions = functions.clone();
        Ok(move |tx: &mut Tx<'_>| {
            match name.qualifier.as_deref() {
                None => {
                    delete_all(tx, &name, &home)?;
                    functions.drop_queue(tx, &name.name);
                }
                Some(LATEST) => {
                    return Err(error::invalid_parameter(
                        "$LATEST version cannot be deleted without deleting the function.",
                    ));
                }
                Some(version) => delete_version(tx, &name, version, &home)?,
            }
            Ok(Nothing {})
        })
    })
}

fn delete_all(tx: &mut Tx<'_>, name: &FunctionName, home: &Scope) -> Result<(), Error> {
    Function::require(tx, &name.name, home)?;
    let name = name.name.clone();
    for (version, _) in Version::all(tx, &name) {
        tx.remove(&VERSIONS, &(name.clone(), version));
    }
    for (key, _) in tx.list(&ALIASES, &KeyRange::prefix(&name), limits::LISTED_MAX) {
        tx.remove(&ALIASES, &key);
    }
    Policy::remove_all(tx, &name);
    EventInvokeConfig::remove_all(tx, &name);
    FunctionUrl::remove_all(tx, &name);
    tx.remove(&FUNCTIONS, &name);
    Ok(())
}

fn delete_version(tx: &mut Tx<'_>, name: &FunctionName, version: &str, home: &Scope) -> Result<(), Error> {
    Version::require(tx, name, version, home)?;
    let users: Vec<String> = Alias::all(tx, &name.name)
        .into_iter()
        .filter(|(_, alias)| {
            alias.version == version || alias.second.as_ref().is_some_and(|second| second.version == version)
        })
        .map(|(alias, _)| alias)
        .collect();
    if !users.is_empty() {
        return Err(error::conflict(format!(
            "Function version is currently referenced by alias: {}",
            users.join(", ")
        )));
    }
    tx.remove(&VERSIONS, &(name.name.clone(), version.to_owned()));
    Policy::remove(tx, &name.name, number_of(version));
    Ok(())
}
