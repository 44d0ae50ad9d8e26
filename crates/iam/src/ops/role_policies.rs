//! PutRolePolicy, GetRolePolicy, ListRolePolicies, DeleteRolePolicy: a role's inline policies.

use aws::operation::answer;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::check::Faults;
use crate::ops::{Nothing, Paging, Rest, encoded, write};
use crate::role::{Role, check_permissions};
use crate::{Iam, error};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    role_name: Option<String>,
    policy_name: Option<String>,
    policy_document: Option<String>,
}

/// PutRolePolicy.
pub(super) fn put(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: PutRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        faults.policy(request.policy_name.as_deref());
        faults.document("policyDocument", request.policy_document.as_deref());
        faults.result()?;
        let (account, role) = (call.account, request.role_name.unwrap_or_default());
        let (name, text) =
            (request.policy_name.unwrap_or_default(), request.policy_document.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &role)?;
            check_permissions(&text)?;
            role.put_inline(name, text)?;
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamedRequest {
    role_name: Option<String>,
    policy_name: Option<String>,
}

/// A role and one of its policies.
struct RolePolicy {
    role: String,
    policy: String,
}

impl NamedRequest {
    fn names(self) -> Result<RolePolicy, Error> {
        let mut faults = Faults::default();
        faults.role(self.role_name.as_deref());
        faults.policy(self.policy_name.as_deref());
        faults.result()?;
        let (role, policy) = (self.role_name.unwrap_or_default(), self.policy_name.unwrap_or_default());
        Ok(RolePolicy { role, policy })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetAnswer {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

/// GetRolePolicy.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn get(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NamedRequest| {
        let names = request.names()?;
        let read = iam.store().read(|read| Role::require(read, &call.account, &names.role));
        let role = read.map_err(error::of_store)??;
        let text = role.inline.get(&names.policy).ok_or_else(|| error::no_role_policy(&names.policy))?;
        Ok(GetAnswer { role_name: role.name, policy_name: names.policy, policy_document: encoded(text) })
    })
}

/// DeleteRolePolicy.
pub(super) fn delete(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: NamedRequest| {
        let names = request.names()?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &names.role)?;
            if role.inline.remove(&names.policy).is_none() {
                return Err(error::no_role_policy(&names.policy));
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
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    policy_names: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

/// ListRolePolicies.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn list(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        let name = request.role_name.unwrap_or_default();
        let read = iam.store().read(|read| Role::require(read, &call.account, &name));
        let names = match read.map_err(error::of_store)? {
            Ok(role) => role.inline.into_keys().collect(),
            Err(absent) => {
                faults.result()?;
                return Err(absent);
            }
        };
        let page = request.paging.cut(names, |name: &String| name, faults)?;
        let rest = Rest::after(&page);
        Ok(ListAnswer { policy_names: page.items, rest })
    })
}
