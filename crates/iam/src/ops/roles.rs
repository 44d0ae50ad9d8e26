//! CreateRole, GetRole, ListRoles, UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy, DeleteRole,
//! ListInstanceProfilesForRole.

use std::collections::{BTreeMap, BTreeSet};

use aws::operation::answer;
use aws::{Call, Error, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::check::Faults;
use crate::ops::attachments::check_boundary;
use crate::ops::{Nothing, Paging, Rest, encoded, write};
use crate::role::{Role, check_trust};
use crate::tags::{Keys, Tag};
use crate::{Iam, error, identifier, limits, tags};

/// A role as answers have it; what is absent is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleAnswer {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: String,
    assume_role_policy_document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_session_duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Tag>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_last_used: Option<Nothing>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryAnswer {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

/// How much of a role an operation shows: AWS's differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoleDetail {
    /// CreateRole, UpdateRoleDescription.
    Changed,
    /// ListRoles.
    Listed,
    /// GetRole.
    Whole,
}

impl RoleAnswer {
    fn of(role: &Role, account: &str, shown: RoleDetail) -> Self {
        let has_tags = shown != RoleDetail::Listed && !role.tags.is_empty();
        let boundary = |arn: &String| BoundaryAnswer {
            permissions_boundary_type: "Policy",
            permissions_boundary_arn: arn.clone(),
        };
        Self {
            path: role.path.clone(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: role.arn(account).to_string(),
            create_date: role.created.to_iso_seconds(),
            assume_role_policy_document: encoded(&role.trust),
            description: role.description.clone(),
            max_session_duration: (shown != RoleDetail::Changed).then_some(role.session_seconds_max),
            permissions_boundary: role.boundary.as_ref().map(boundary),
            tags: has_tags.then(|| tags::shown(&role.tags)),
            role_last_used: (shown == RoleDetail::Whole).then_some(Nothing {}),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneRole {
    role: RoleAnswer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    path: Option<String>,
    role_name: Option<String>,
    assume_role_policy_document: Option<String>,
    description: Option<String>,
    max_session_duration: Option<i64>,
    permissions_boundary: Option<String>,
    tags: Option<Vec<Tag>>,
}

impl CreateRequest {
    fn into_role(self, id: String, now: Timestamp) -> Result<Role, Error> {
        let mut faults = Faults::default();
        faults.role_path(self.path.as_deref());
        faults.role(self.role_name.as_deref());
        faults.document("assumeRolePolicyDocument", self.assume_role_policy_document.as_deref());
        faults.description(self.description.as_deref());
        let session = session_seconds(&mut faults, self.max_session_duration);
        if let Some(boundary) = &self.permissions_boundary {
            faults.arn("permissionsBoundary", Some(boundary));
        }
        let tags = tags::read(self.tags, Keys::IgnoringCase, faults)?;
        let trust = self.assume_role_policy_document.unwrap_or_default();
        check_trust(&trust)?;
        Ok(Role {
            name: self.role_name.unwrap_or_default(),
            id,
            path: self.path.unwrap_or_else(|| "/".to_owned()),
            created: now,
            description: self.description,
            session_seconds_max: session.unwrap_or(limits::SESSION_SECONDS_MIN),
            trust,
            inline: BTreeMap::new(),
            attached: BTreeSet::new(),
            boundary: self.permissions_boundary,
            tags,
        })
    }
}

fn session_seconds(faults: &mut Faults, seconds: Option<i64>) -> Option<u64> {
    let bounds = (limits::SESSION_SECONDS_MIN, limits::SESSION_SECONDS_MAX);
    faults.within("maxSessionDuration", seconds, bounds)
}

/// CreateRole.
pub(super) fn create(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: CreateRequest| {
        let role = request.into_role(identifier::of_role(&call.ids), call.now)?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            if let Some(arn) = &role.boundary {
                check_boundary(tx, &account, arn)?;
            }
            role.create(tx, &account)?;
            Ok(OneRole { role: RoleAnswer::of(&role, &account, RoleDetail::Changed) })
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamedRequest {
    role_name: Option<String>,
}

impl NamedRequest {
    fn name(self) -> Result<String, Error> {
        let mut faults = Faults::default();
        faults.role(self.role_name.as_deref());
        faults.result()?;
        Ok(self.role_name.unwrap_or_default())
    }
}

/// GetRole.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn get(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NamedRequest| {
        let name = request.name()?;
        let read = iam.store().read(|read| Role::require(read, &call.account, &name));
        let role = read.map_err(error::of_store)??;
        Ok(OneRole { role: RoleAnswer::of(&role, &call.account, RoleDetail::Whole) })
    })
}

/// DeleteRole.
pub(super) fn delete(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: NamedRequest| {
        let name = request.name()?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            Role::require(tx, &account, &name)?.delete(tx, &account)?;
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    path_prefix: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    roles: Vec<RoleAnswer>,
    #[serde(flatten)]
    rest: Rest,
}

/// ListRoles.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn list(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.path_prefix(request.path_prefix.as_deref());
        let read = iam.store().read(|read| Role::all(read, &call.account));
        let mut roles = read.map_err(error::of_store)?;
        let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
        roles.retain(|role| role.path.starts_with(&prefix));
        let page = request.paging.cut(roles, |role| &role.name, faults)?;
        let rest = Rest::after(&page);
        let shown = page.items.iter().map(|role| RoleAnswer::of(role, &call.account, RoleDetail::Listed));
        Ok(ListAnswer { roles: shown.collect(), rest })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateRequest {
    role_name: Option<String>,
    description: Option<String>,
    max_session_duration: Option<i64>,
}

/// UpdateRole: what is not given stays.
pub(super) fn update(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: UpdateRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        faults.description(request.description.as_deref());
        let session = session_seconds(&mut faults, request.max_session_duration);
        faults.result()?;
        let (account, name) = (call.account, request.role_name.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &name)?;
            role.session_seconds_max = session.unwrap_or(role.session_seconds_max);
            role.description = request.description.or(role.description);
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

/// UpdateRoleDescription.
pub(super) fn update_description(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: UpdateRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        match &request.description {
            Some(text) => faults.description(Some(text)),
            None => faults.add("description", "Member must not be null"),
        }
        faults.result()?;
        let (account, name) = (call.account, request.role_name.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &name)?;
            role.description = request.description;
            role.put(tx, &account);
            Ok(OneRole { role: RoleAnswer::of(&role, &account, RoleDetail::Changed) })
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TrustRequest {
    role_name: Option<String>,
    policy_document: Option<String>,
}

/// UpdateAssumeRolePolicy.
pub(super) fn update_trust(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: TrustRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        faults.document("policyDocument", request.policy_document.as_deref());
        faults.result()?;
        let (account, name) = (call.account, request.role_name.unwrap_or_default());
        let trust = request.policy_document.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &name)?;
            check_trust(&trust)?;
            role.trust = trust;
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProfilesAnswer {
    /// There are none; tools ask before they delete a role.
    instance_profiles: Vec<Nothing>,
    is_truncated: bool,
}

/// ListInstanceProfilesForRole.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn instance_profiles(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NamedRequest| {
        let name = request.name()?;
        let read = iam.store().read(|read| Role::require(read, &call.account, &name));
        read.map_err(error::of_store)??;
        Ok(ProfilesAnswer { instance_profiles: Vec::new(), is_truncated: false })
    })
}
