//! TagRole, UntagRole, ListRoleTags, TagPolicy, UntagPolicy, ListPolicyTags.

use std::collections::BTreeMap;

use aws::operation::answer;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::check::Faults;
use crate::ops::{Nothing, Paging, Rest, write};
use crate::policy::{ManagedPolicy, ManagedPolicyName};
use crate::role::Role;
use crate::tags::{Keys, Tag, check_count, read, shown};
use crate::{Iam, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagRequest {
    role_name: Option<String>,
    policy_arn: Option<String>,
    tags: Option<Vec<Tag>>,
}

impl TagRequest {
    fn tags(&mut self, keys: Keys, mut faults: Faults) -> Result<BTreeMap<String, String>, Error> {
        if self.tags.is_none() {
            faults.add("tags", "Member must not be null");
        }
        read(self.tags.take(), keys, faults)
    }
}

/// TagRole.
pub(super) fn tag_role(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |mut request: TagRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        let added = request.tags(Keys::IgnoringCase, faults)?;
        let (account, name) = (call.account, request.role_name.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &name)?;
            Keys::IgnoringCase.extend(&mut role.tags, added);
            check_count(&role.tags)?;
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

/// TagPolicy.
pub(super) fn tag_policy(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |mut request: TagRequest| {
        let mut faults = Faults::default();
        faults.arn("policyArn", request.policy_arn.as_deref());
        let added = request.tags(Keys::AsWritten, faults)?;
        let (account, arn) = (call.account, request.policy_arn.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut policy = ManagedPolicy::own(tx, &account, &arn)?;
            Keys::AsWritten.extend(&mut policy.tags, added);
            check_count(&policy.tags)?;
            policy.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagRequest {
    role_name: Option<String>,
    policy_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl UntagRequest {
    fn keys(&mut self, mut faults: Faults) -> Result<Vec<String>, Error> {
        let keys = self.tag_keys.take();
        match &keys {
            None => faults.add("tagKeys", "Member must not be null"),
            Some(keys) if keys.len() > limits::TAGS_MAX => {
                let max = limits::TAGS_MAX;
                faults.add("tagKeys", &format!("Member must have length less than or equal to {max}"));
            }
            Some(_) => {}
        }
        faults.result()?;
        Ok(keys.unwrap_or_default())
    }
}

/// UntagRole.
pub(super) fn untag_role(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |mut request: UntagRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        let keys = request.keys(faults)?;
        let (account, name) = (call.account, request.role_name.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut role = Role::require(tx, &account, &name)?;
            role.tags.retain(|key, _| !keys.iter().any(|gone| gone.to_lowercase() == key.to_lowercase()));
            role.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

/// UntagPolicy.
pub(super) fn untag_policy(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |mut request: UntagRequest| {
        let mut faults = Faults::default();
        faults.arn("policyArn", request.policy_arn.as_deref());
        let keys = request.keys(faults)?;
        let (account, arn) = (call.account, request.policy_arn.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut policy = ManagedPolicy::own(tx, &account, &arn)?;
            policy.tags.retain(|key, _| !keys.contains(key));
            policy.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    role_name: Option<String>,
    policy_arn: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    tags: Vec<Tag>,
    #[serde(flatten)]
    rest: Rest,
}

impl ListAnswer {
    fn of(paging: &Paging, tags: &BTreeMap<String, String>) -> Result<Self, Error> {
        let page =
            paging.cut(shown(tags), |tag| tag.key.as_deref().unwrap_or_default(), Faults::default())?;
        let rest = Rest::after(&page);
        Ok(Self { tags: page.items, rest })
    }
}

/// ListRoleTags.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn list_of_role(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.role(request.role_name.as_deref());
        faults.result()?;
        let name = request.role_name.unwrap_or_default();
        let read = iam.store().read(|read| Role::require(read, &call.account, &name));
        let role = read.map_err(error::of_store)??;
        ListAnswer::of(&request.paging, &role.tags)
    })
}

/// ListPolicyTags.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn list_of_policy(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.arn("policyArn", request.policy_arn.as_deref());
        faults.result()?;
        let arn = request.policy_arn.unwrap_or_default();
        let read = iam.store().read(|read| ManagedPolicy::named(read, &call.account, &arn));
        match read.map_err(error::of_store)?? {
            Some(ManagedPolicyName::Own(policy)) => ListAnswer::of(&request.paging, &policy.tags),
            Some(ManagedPolicyName::Aws(_)) => ListAnswer::of(&request.paging, &BTreeMap::new()),
            None => Err(error::no_policy(&arn)),
        }
    })
}
