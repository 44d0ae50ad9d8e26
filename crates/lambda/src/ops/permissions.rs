//! AddPermission, RemovePermission, GetPolicy.

use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::json;
use store::{Read, Tx};

use crate::alias::Alias;
use crate::check::Faults;
use crate::function::{Function, Version};
use crate::name::{FunctionName, LATEST, is_number};
use crate::ops::{Change, Named, Nothing, check_revision, look, write};
use crate::policy::{Permission, Policy};
use crate::{Functions, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddRequest {
    function_name: String,
    qualifier: Option<String>,
    statement_id: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    function_url_auth_type: Option<String>,
    revision_id: Option<String>,
}

/// The function, version or alias whose policy is meant must be there.
fn require(read: &mut impl Read, asked: &FunctionName, home: &Scope) -> Result<(), Error> {
    Function::require(read, &asked.name, home)?;
    match asked.qualifier.as_deref() {
        None => Ok(()),
        Some(LATEST) => {
            Err(error::invalid_parameter("We currently do not support adding policies for $LATEST."))
        }
        Some(number) if is_number(number) => Version::require(read, asked, number, home).map(drop),
        Some(alias) => Alias::require(read, &asked.name, alias, home).map(drop),
    }
}

impl AddRequest {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        faults.required("statementId", self.statement_id.as_deref());
        faults.required("action", self.action.as_deref());
        faults.required("principal", self.principal.as_deref());
        faults.length("statementId", self.statement_id.as_deref(), limits::STATEMENT_ID_LENGTH_MAX);
        let is_id = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        faults.pattern("statementId", self.statement_id.as_deref(), is_id, "([a-zA-Z0-9-_]+)");
        let is_action = |text: &str| {
            text == "*"
                || text.strip_prefix("lambda:").is_some_and(|name| {
                    name == "*" || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic())
                })
        };
        faults.pattern("action", self.action.as_deref(), is_action, "(lambda:[*]|lambda:[a-zA-Z]+|[*])");
        faults.result()
    }
}

/// AddPermission.
pub(super) fn add(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: AddRequest| {
        request.check()?;
        let name = FunctionName::parse(&request.function_name, request.qualifier.as_deref(), &home)?;
        let permission = Permission {
            id: request.statement_id.unwrap_or_default(),
            action: request.action.unwrap_or_default(),
            principal: request.principal.unwrap_or_default(),
            source_arn: request.source_arn,
            source_account: request.source_account,
            event_source_token: request.event_source_token,
            organization: request.principal_org_id,
            url_auth_type: request.function_url_auth_type,
        };
        let revision = request.revision_id;
        Ok(move |tx: &mut Tx<'_>| {
            require(tx, &name, &home)?;
            let qualifier = name.qualifier.as_deref();
            let none = || Policy { statements: Vec::new(), revision_id: String::new() };
            let mut policy = Policy::find(tx, &name.name, qualifier).unwrap_or_else(none);
            check_revision(revision.as_deref(), &policy.revision_id, "GetPolicy")?;
            let statement = policy.add(&permission, &name.arn(&home))?;
            policy.revision_id = change.revision();
            policy.put(tx, &name.name, qualifier);
            Ok(json!({"Statement": statement}))
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveRequest {
    function_name: String,
    qualifier: Option<String>,
    statement_id: String,
    revision_id: Option<String>,
}

/// RemovePermission.
pub(super) fn remove(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: RemoveRequest| {
        let name = FunctionName::parse(&request.function_name, request.qualifier.as_deref(), &home)?;
        Ok(move |tx: &mut Tx<'_>| {
            require(tx, &name, &home)?;
            let qualifier = name.qualifier.as_deref();
            let none = || error::not_found("No policy is associated with the given resource.");
            let mut policy = Policy::find(tx, &name.name, qualifier).ok_or_else(none)?;
            check_revision(request.revision_id.as_deref(), &policy.revision_id, "GetPolicy")?;
            let before = policy.statements.len();
            policy.statements.retain(|statement| statement.id != request.statement_id);
            if policy.statements.len() == before {
                let words = format!("Statement {} is not found in resource policy.", request.statement_id);
                return Err(error::not_found(words));
            }
            policy.revision_id = change.revision();
            if policy.statements.is_empty() {
                Policy::remove(tx, &name.name, qualifier);
            } else {
                policy.put(tx, &name.name, qualifier);
            }
            Ok(Nothing {})
        })
    })
}

/// GetPolicy.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: Named| {
        let (home, name) = (functions.store().scope(), request.read(functions)?);
        Function::require(read, &name.name, home)?;
        let policy = Policy::find(read, &name.name, name.qualifier.as_deref());
        let policy = policy.ok_or_else(error::no_resource)?;
        Ok(json!({"Policy": policy.text(), "RevisionId": policy.revision_id}))
    })
}
