//! TagResource, UntagResource, ListTags.

use std::collections::BTreeMap;

use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::json;
use store::Tx;

use crate::function::Function;
use crate::name::FunctionName;
use crate::ops::{Nothing, look, write};
use crate::{Functions, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagsRequest {
    resource: String,
    tags: Option<BTreeMap<String, String>>,
    tag_keys: Option<Vec<String>>,
}

impl TagsRequest {
    fn function(&self, home: &Scope) -> Result<String, Error> {
        let name = FunctionName::parse(&self.resource, None, home)?;
        if name.qualifier.is_some() {
            return Err(error::invalid_parameter(
                "Tags on function aliases and versions are not supported. Please specify a function ARN.",
            ));
        }
        Ok(name.name)
    }
}

/// Refuses more tags than there may be.
pub(super) fn check(tags: Option<&BTreeMap<String, String>>) -> Result<(), Error> {
    if tags.is_some_and(|tags| tags.len() > limits::TAGS_MAX) {
        return Err(error::invalid_parameter("Number of tags exceeds resource tag limit."));
    }
    Ok(())
}

/// TagResource.
pub(super) fn tag(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: TagsRequest| {
        let name = request.function(&home)?;
        let tags = request.tags.filter(|tags| !tags.is_empty());
        let tags = tags.ok_or_else(|| {
            error::invalid_parameter("An error occurred and the request cannot be processed.")
        })?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut function = Function::require(tx, &name, &home)?;
            function.tags.extend(tags);
            check(Some(&function.tags))?;
            function.put(tx, &name);
            Ok(Nothing {})
        })
    })
}

/// UntagResource.
pub(super) fn untag(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: TagsRequest| {
        let name = request.function(&home)?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut function = Function::require(tx, &name, &home)?;
            for key in request.tag_keys.iter().flatten() {
                function.tags.remove(key);
            }
            function.put(tx, &name);
            Ok(Nothing {})
        })
    })
}

/// ListTags.
pub(super) fn list(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: TagsRequest| {
        let home = functions.store().scope();
        let name = request.function(home)?;
        Ok(json!({"Tags": Function::require(read, &name, home)?.tags}))
    })
}
