//! PublishVersion, ListVersionsByFunction.

use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::Value;
use store::Tx;

use crate::function::{Function, Version};
use crate::name::{FunctionName, LATEST};
use crate::ops::{Change, Item, Paging, check_revision, look, write};
use crate::{Functions, error};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublishRequest {
    function_name: String,
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

/// PublishVersion.
pub(super) fn publish(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: PublishRequest| {
        let name = FunctionName::parse(&request.function_name, None, &home)?;
        Ok(move |tx: &mut Tx<'_>| {
            let latest = Version::require(tx, &name, LATEST, &home)?;
            check_revision(request.revision_id.as_deref(), &latest.revision_id, "GetFunction")?;
            let is = latest.configuration.code.sha256();
            if let Some(asked) = request.code_sha256.filter(|asked| asked != is) {
                return Err(error::invalid_parameter(format!(
                    "CodeSHA256 ({asked}) is different from current CodeSHA256 in $LATEST ({is}). Please try again with the CodeSHA256 in $LATEST."
                )));
            }
            publish_latest(tx, &name, request.description, &change, &home)
        })
    })
}

/// Publishes `$LATEST`. Where nothing has changed since the last version that one is the answer, as on AWS.
pub(super) fn publish_latest(
    tx: &mut Tx<'_>,
    name: &FunctionName,
    description: Option<String>,
    change: &Change,
    home: &Scope,
) -> Result<Value, Error> {
    let mut function = Function::require(tx, &name.name, home)?;
    let mut version = Version::require(tx, name, LATEST, home)?;
    let last = function.last_version.to_string();
    if let Some(published) = Version::find(tx, &name.name, &last) {
        let mut same = version.configuration.clone();
        same.description.clone_from(&published.configuration.description);
        if same == published.configuration && version.layers == published.layers {
            return Ok(published.shown(home, &name.name, &last, Some(&last)));
        }
    }
    if let Some(description) = description.filter(|text| !text.is_empty()) {
        version.configuration.description = description;
    }
    function.last_version += 1;
    let number = function.last_version.to_string();
    (version.revision_id, version.modified) = (change.revision(), change.now);
    version.put(tx, &name.name, &number);
    function.put(tx, &name.name);
    Ok(version.shown(home, &name.name, &number, Some(&number)))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    function_name: String,
    #[serde(flatten)]
    paging: Paging,
}

/// ListVersionsByFunction.
pub(super) fn list(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: ListRequest| {
        let home = functions.store().scope();
        let name = FunctionName::parse(&request.function_name, None, home)?;
        Function::require(read, &name.name, home)?;
        let all = Version::all(read, &name.name);
        let items = all.into_iter().map(|(version, record)| {
            let shown = record.shown(home, &name.name, &version, Some(&version));
            // By number, $LATEST first.
            Item { name: format!("{:020}", version.parse::<u64>().unwrap_or_default()), shown }
        });
        request.paging.answer("Versions", items.collect())
    })
}
