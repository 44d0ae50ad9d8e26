//! AttachRolePolicy, DetachRolePolicy, ListAttachedRolePolicies, ListEntitiesForPolicy, PutRolePermissionsBoundary,
//! DeleteRolePermissionsBoundary: which managed policies a role has.

use aws::operation::answer;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{Read, Tx};

use crate::check::Faults;
use crate::ops::{Nothing, Paging, Rest, write};
use crate::policy::{ManagedPolicy, name_in_arn};
use crate::role::Role;
use crate::{Iam, error};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    role_name: Option<String>,
    policy_arn: Option<String>,
}

/// A role and a policy's ARN.
struct Attachment {
    role: String,
    arn: String,
}

impl Request {
    fn attachment(self) -> Result<Attachment, Error> {
        let mut faults = Faults::default();
        faults.role(self.role_name.as_deref());
        if self.policy_arn.is_none() {
            faults.add("policyArn", "Member must not be null");
        }
        faults.result()?;
        let (role, arn) = (self.role_name.unwrap_or_default(), self.policy_arn.unwrap_or_default());
        Ok(Attachment { role, arn })
    }
}

/// AttachRolePolicy.
pub(super) fn attach(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: Request| {
        let Attachment { role, arn } = request.attachment()?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &role)?;
            check_boundary(tx, &account, &arn)?;
            role.attach(&arn)?;
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

/// DetachRolePolicy.
pub(super) fn detach(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: Request| {
        let Attachment { role, arn } = request.attachment()?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &role)?;
            // Asked first: a text that is no ARN is told as such.
            ManagedPolicy::named(tx, &account, &arn)?;
            if !role.attached.remove(&arn) {
                return Err(error::no_policy(&arn));
            }
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

/// Refuses a policy that is not there to be attached.
pub(super) fn check_boundary(read: &mut impl Read, account: &str, arn: &str) -> Result<(), Error> {
    match ManagedPolicy::named(read, account, arn)? {
        Some(_) => Ok(()),
        None => Err(error::not_attachable(arn)),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryRequest {
    role_name: Option<String>,
    permissions_boundary: Option<String>,
}

/// PutRolePermissionsBoundary.
pub(super) fn put_boundary(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: BoundaryRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        faults.arn("permissionsBoundary", request.permissions_boundary.as_deref());
        faults.result()?;
        let (account, role) = (call.account, request.role_name.unwrap_or_default());
        let arn = request.permissions_boundary.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &role)?;
            check_boundary(tx, &account, &arn)?;
            role.boundary = Some(arn);
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

/// DeleteRolePermissionsBoundary.
pub(super) fn delete_boundary(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: BoundaryRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        faults.result()?;
        let (account, role) = (call.account, request.role_name.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &role)?;
            if role.boundary.take().is_none() {
                return Err(error::no_boundary(&role.name));
            }
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    role_name: Option<String>,
    path_prefix: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    attached_policies: Vec<AttachedPolicy>,
    #[serde(flatten)]
    rest: Rest,
}

/// ListAttachedRolePolicies.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn list(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        faults.policy_path("pathPrefix", request.path_prefix.as_deref());
        faults.result()?;
        let name = request.role_name.unwrap_or_default();
        let read = iam.store().read(|read| Role::require(read, &call.account, &name));
        let role = read.map_err(error::of_store)??;
        let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
        let is_within =
            |arn: &&String| arn.split_once(":policy").is_some_and(|(_, path)| path.starts_with(&prefix));
        let arns: Vec<String> = role.attached.iter().filter(is_within).cloned().collect();
        let page = request.paging.cut(arns, |arn: &String| arn, Faults::default())?;
        let rest = Rest::after(&page);
        let attached = page
            .items
            .into_iter()
            .map(|arn| AttachedPolicy { policy_name: name_in_arn(&arn).to_owned(), policy_arn: arn });
        Ok(ListAnswer { attached_policies: attached.collect(), rest })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EntitiesRequest {
    policy_arn: Option<String>,
    entity_filter: Option<String>,
    policy_usage_filter: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntityRole {
    role_name: String,
    role_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntitiesAnswer {
    policy_groups: Vec<Nothing>,
    policy_users: Vec<Nothing>,
    policy_roles: Vec<EntityRole>,
    #[serde(flatten)]
    rest: Rest,
}

/// ListEntitiesForPolicy.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn entities(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: EntitiesRequest| {
        let mut faults = Faults::default();
        faults.arn("policyArn", request.policy_arn.as_deref());
        faults.result()?;
        let arn = request.policy_arn.unwrap_or_default();
        let read = iam.store().read(|read| {
            let named = ManagedPolicy::named(read, &call.account, &arn)?;
            named.map(|_| Role::all(read, &call.account)).ok_or_else(|| error::no_policy(&arn))
        });
        let mut roles = read.map_err(error::of_store)??;
        let usage = request.policy_usage_filter.as_deref();
        roles.retain(|role| {
            let is_attached = usage != Some("PermissionsBoundary") && role.attached.contains(&arn);
            let is_bounded = usage != Some("PermissionsPolicy") && role.boundary.as_ref() == Some(&arn);
            is_attached || is_bounded
        });
        if !matches!(request.entity_filter.as_deref(), None | Some("Role")) {
            roles.clear();
        }
        let page = request.paging.cut(roles, |role| &role.name, Faults::default())?;
        let rest = Rest::after(&page);
        let shown = page.items.into_iter().map(|role| EntityRole { role_name: role.name, role_id: role.id });
        Ok(EntitiesAnswer {
            policy_groups: Vec::new(),
            policy_users: Vec::new(),
            policy_roles: shown.collect(),
            rest,
        })
    })
}
