//! CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias.

use std::collections::BTreeMap;

use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use store::{Read, Tx};

use crate::alias::{ALIASES, Alias, SecondVersion};
use crate::check::Faults;
use crate::function::{Function, Version};
use crate::name::{FunctionName, LATEST, is_number};
use crate::ops::{Change, Item, Nothing, Paging, check_revision, look, write};
use crate::policy::Policy;
use crate::{Functions, error, limits, name};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AliasRequest {
    function_name: String,
    name: String,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<RoutingConfig>,
    revision_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoutingConfig {
    #[serde(default)]
    additional_version_weights: Option<BTreeMap<String, f64>>,
}

impl RoutingConfig {
    fn second(self) -> Result<Option<SecondVersion>, Error> {
        let mut weights = self.additional_version_weights.unwrap_or_default().into_iter();
        let second = weights.next().map(|(version, weight)| SecondVersion { version, weight });
        if weights.next().is_some() {
            return Err(error::invalid_parameter(
                "Number of items in AdditionalVersionWeights cannot be greater than 1",
            ));
        }
        if second.as_ref().is_some_and(|second| !(0.0..=1.0).contains(&second.weight)) {
            let words = "1 validation error detected: Value at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0]";
            return Err(Error::validation(words));
        }
        Ok(second)
    }
}

/// Refuses an alias of versions that are not there.
fn check_versions(
    read: &mut impl Read,
    function: &FunctionName,
    alias: &Alias,
    home: &Scope,
) -> Result<(), Error> {
    let versions = [Some(&alias.version), alias.second.as_ref().map(|second| &second.version)];
    for version in versions.into_iter().flatten() {
        if Version::find(read, &function.name, version).is_none() {
            return Err(error::no_function(&name::arn(home, &function.name, Some(version))));
        }
    }
    let is_latest = |version: &str| version == LATEST;
    if alias.second.as_ref().is_some_and(|second| is_latest(&alias.version) || is_latest(&second.version)) {
        return Err(error::invalid_parameter(
            "$LATEST is not supported for an alias pointing to more than 1 version",
        ));
    }
    Ok(())
}

/// CreateAlias.
pub(super) fn create(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: AliasRequest| {
        let function = FunctionName::parse(&request.function_name, None, &home)?;
        let mut faults = Faults::default();
        faults.length("name", Some(&request.name), limits::ALIAS_LENGTH_MAX);
        faults.pattern("name", Some(&request.name), is_alias, "(?!^[0-9]+$)([a-zA-Z0-9-_]+)");
        faults.required("functionVersion", request.function_version.as_deref());
        faults.result()?;
        let alias = Alias {
            version: request.function_version.unwrap_or_default(),
            description: request.description.unwrap_or_default(),
            second: request.routing_config.map(RoutingConfig::second).transpose()?.flatten(),
            revision_id: change.revision(),
        };
        let name = request.name;
        Ok(move |tx: &mut Tx<'_>| {
            Function::require(tx, &function.name, &home)?;
            check_versions(tx, &function, &alias, &home)?;
            if Alias::find(tx, &function.name, &name).is_some() {
                let arn = name::arn(&home, &function.name, Some(&name));
                return Err(error::conflict(format!("Alias already exists: {arn}")));
            }
            alias.put(tx, &function.name, &name);
            Ok(alias.shown(&home, &function.name, &name))
        })
    })
}

fn is_alias(name: &str) -> bool {
    !is_number(name) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// GetAlias.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: AliasRequest| {
        let home = functions.store().scope();
        let function = FunctionName::parse(&request.function_name, None, home)?;
        let alias = Alias::require(read, &function.name, &request.name, home)?;
        Ok(alias.shown(home, &function.name, &request.name))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    function_name: String,
    function_version: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// ListAliases.
pub(super) fn list(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: ListRequest| {
        let home = functions.store().scope();
        let function = FunctionName::parse(&request.function_name, None, home)?;
        Function::require(read, &function.name, home)?;
        let wanted = request.function_version.as_deref();
        let all = Alias::all(read, &function.name).into_iter();
        let all = all.filter(|(_, alias)| wanted.is_none_or(|version| alias.version == version));
        let items = all.map(|(name, alias)| Item { shown: alias.shown(home, &function.name, &name), name });
        request.paging.answer("Aliases", items.collect())
    })
}

/// UpdateAlias.
pub(super) fn update(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: AliasRequest| {
        let function = FunctionName::parse(&request.function_name, None, &home)?;
        let second = request.routing_config.map(RoutingConfig::second).transpose()?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut alias = Alias::require(tx, &function.name, &request.name, &home)?;
            check_revision(request.revision_id.as_deref(), &alias.revision_id, "GetAlias")?;
            alias.version = request.function_version.unwrap_or(alias.version);
            alias.description = request.description.unwrap_or(alias.description);
            alias.second = second.unwrap_or(alias.second);
            alias.revision_id = change.revision();
            check_versions(tx, &function, &alias, &home)?;
            alias.put(tx, &function.name, &request.name);
            Ok(alias.shown(&home, &function.name, &request.name))
        })
    })
}

/// DeleteAlias: one that is not there is deleted already.
pub(super) fn delete(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: AliasRequest| {
        let function = FunctionName::parse(&request.function_name, None, &home)?;
        Ok(move |tx: &mut Tx<'_>| {
            Function::require(tx, &function.name, &home)?;
            Policy::remove(tx, &function.name, Some(&request.name));
            tx.remove(&ALIASES, &(function.name, request.name));
            Ok(Nothing {})
        })
    })
}
