//! AddLayerVersionPermission, RemoveLayerVersionPermission, GetLayerVersionPolicy.

use aws::{Call, Error, Reply, Scope};
use serde::Deserialize;
use serde_json::json;
use store::{Read, Tx};

use crate::check::Faults;
use crate::layer::{LayerVersion, arn};
use crate::ops::layers::{NamedVersion, Wanted};
use crate::ops::{Change, Nothing, check_revision, look, write};
use crate::policy::{Permission, Policy};
use crate::{Functions, error, limits};

const ACTION: &str = "lambda:GetLayerVersion";
const PRINCIPAL_PATTERN: &str = r"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddRequest {
    #[serde(flatten)]
    named: NamedVersion,
    statement_id: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    organization_id: Option<String>,
    revision_id: Option<String>,
}

impl AddRequest {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Faults::default();
        faults.required("statementId", self.statement_id.as_deref());
        faults.required("action", self.action.as_deref());
        faults.required("principal", self.principal.as_deref());
        faults.length("statementId", self.statement_id.as_deref(), limits::STATEMENT_ID_LENGTH_MAX);
        faults.pattern("action", self.action.as_deref(), |text| text == ACTION, ACTION);
        faults.pattern("principal", self.principal.as_deref(), is_principal, PRINCIPAL_PATTERN);
        faults.result()
    }
}

fn is_principal(text: &str) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let root = text.parse::<aws::Arn>().ok();
    text == "*"
        || is_account(text)
        || root.is_some_and(|arn| arn.service == "iam" && is_account(&arn.account) && arn.resource == "root")
}

fn require(read: &mut impl Read, wanted: &Wanted, home: &Scope) -> Result<LayerVersion, Error> {
    let missing = || {
        let arn = arn(home, &wanted.name, Some(wanted.version));
        error::not_found(format!("Layer version {arn} does not exist."))
    };
    LayerVersion::find(read, &wanted.name, wanted.version).ok_or_else(missing)
}

fn no_policy() -> Error {
    error::not_found("No policy is associated with the given resource.")
}

/// AddLayerVersionPermission.
pub(super) fn add(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: AddRequest| {
        request.check()?;
        let wanted = request.named.read(&home)?;
        let permission = Permission {
            id: request.statement_id.unwrap_or_default(),
            action: request.action.unwrap_or_default(),
            principal: request.principal.unwrap_or_default(),
            organization: request.organization_id,
            ..Permission::default()
        };
        let revision = request.revision_id;
        Ok(move |tx: &mut Tx<'_>| {
            let mut version = require(tx, &wanted, &home)?;
            let none = || Policy { statements: Vec::new(), revision_id: String::new() };
            let mut policy = version.policy.take().unwrap_or_else(none);
            check_revision(revision.as_deref(), &policy.revision_id, "GetLayerPolicy")?;
            let statement = policy.add(&permission, &arn(&home, &wanted.name, Some(wanted.version)))?;
            policy.revision_id = change.revision();
            let answer = json!({"Statement": statement, "RevisionId": policy.revision_id});
            version.policy = Some(policy);
            version.put(tx, &wanted.name, wanted.version);
            Ok(answer)
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveRequest {
    #[serde(flatten)]
    named: NamedVersion,
    statement_id: String,
    revision_id: Option<String>,
}

/// RemoveLayerVersionPermission.
pub(super) fn remove(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let (home, change) = (functions.store().scope().clone(), Change::of(call));
    write(functions, body, |request: RemoveRequest| {
        let wanted = request.named.read(&home)?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut version = require(tx, &wanted, &home)?;
            let mut policy = version.policy.take().ok_or_else(no_policy)?;
            check_revision(request.revision_id.as_deref(), &policy.revision_id, "GetLayerPolicy")?;
            let before = policy.statements.len();
            policy.statements.retain(|statement| statement.id != request.statement_id);
            if policy.statements.len() == before {
                let words = format!("Statement {} is not found in resource policy.", request.statement_id);
                return Err(error::not_found(words));
            }
            policy.revision_id = change.revision();
            version.policy = Some(policy).filter(|policy| !policy.statements.is_empty());
            version.put(tx, &wanted.name, wanted.version);
            Ok(Nothing {})
        })
    })
}

/// GetLayerVersionPolicy.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope();
    look(functions, body, |read, request: NamedVersion| {
        let version = require(read, &request.read(home)?, home)?;
        let policy = version.policy.ok_or_else(no_policy)?;
        Ok(json!({"Policy": policy.text(), "RevisionId": policy.revision_id}))
    })
}
