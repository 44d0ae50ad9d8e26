//! CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion, DeletePolicyVersion.

use aws::operation::answer;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::check::Faults;
use crate::ops::{Nothing, Paging, Rest, encoded, write};
use crate::policy::{ManagedPolicy, ManagedPolicyName, check_document, version_number};
use crate::{Iam, error};

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    version_id: String,
    is_default_version: bool,
    create_date: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneVersion {
    policy_version: VersionAnswer,
}

impl VersionAnswer {
    /// A version without its document, as lists have it.
    fn of(policy: &ManagedPolicy, number: u32) -> Option<Self> {
        let version = policy.versions.get(&number)?;
        Some(Self {
            document: None,
            version_id: format!("v{number}"),
            is_default_version: number == policy.default_version,
            create_date: version.created.to_iso_seconds(),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    policy_arn: Option<String>,
    policy_document: Option<String>,
    set_as_default: Option<bool>,
}

/// CreatePolicyVersion.
pub(super) fn create(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: CreateRequest| {
        let mut faults = Faults::default();
        faults.arn("policyArn", request.policy_arn.as_deref());
        faults.document("policyDocument", request.policy_document.as_deref());
        faults.result()?;
        let document = request.policy_document.unwrap_or_default();
        check_document(&document)?;
        let (account, arn) = (call.account, request.policy_arn.unwrap_or_default());
        Ok(move |tx: &mut Tx<'_>| {
            let mut policy = ManagedPolicy::own(tx, &account, &arn)?;
            let number = policy.add_version(document, call.now)?;
            if request.set_as_default == Some(true) {
                policy.default_version = number;
            }
            policy.put(tx, &account);
            let version = VersionAnswer::of(&policy, number);
            let policy_version = version.ok_or_else(|| error::no_version(&arn, &format!("v{number}")))?;
            Ok(OneVersion { policy_version })
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionRequest {
    policy_arn: Option<String>,
    version_id: Option<String>,
}

/// A policy's ARN and the name of one of its versions.
struct VersionName {
    arn: String,
    id: String,
}

impl VersionRequest {
    fn names(self) -> Result<VersionName, Error> {
        let mut faults = Faults::default();
        faults.arn("policyArn", self.policy_arn.as_deref());
        faults.version(self.version_id.as_deref());
        faults.result()?;
        let (arn, id) = (self.policy_arn.unwrap_or_default(), self.version_id.unwrap_or_default());
        Ok(VersionName { arn, id })
    }
}

impl VersionName {
    fn absent(&self) -> Error {
        error::no_version(&self.arn, &self.id)
    }

    /// The number of a version that the policy has.
    fn number(&self, policy: &ManagedPolicy) -> Result<u32, Error> {
        let number = version_number(&self.id).filter(|number| policy.versions.contains_key(number));
        number.ok_or_else(|| self.absent())
    }

    /// The policy of the account, for a change of its versions.
    fn policy(&self, tx: &mut Tx<'_>, account: &str) -> Result<ManagedPolicy, Error> {
        ManagedPolicy::own(tx, account, &self.arn)
            .map_err(|error| if error.code == "NoSuchEntity" { self.absent() } else { error })
    }
}

/// GetPolicyVersion.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn get(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: VersionRequest| {
        let name = request.names()?;
        let read = iam.store().read(|read| ManagedPolicy::named(read, &call.account, &name.arn));
        let named = read.map_err(error::of_store)??.ok_or_else(|| name.absent())?;
        let policy_version = match &named {
            ManagedPolicyName::Own(policy) => {
                let number = name.number(policy)?;
                let document = policy.versions.get(&number).map(|version| encoded(&version.document));
                let version = VersionAnswer::of(policy, number).ok_or_else(|| name.absent())?;
                VersionAnswer { document, ..version }
            }
            ManagedPolicyName::Aws(policy) => {
                let known = policy.known.ok_or_else(|| error::no_document(&name.arn))?;
                if name.id != "v1" {
                    return Err(name.absent());
                }
                VersionAnswer {
                    document: Some(encoded(known.document)),
                    version_id: "v1".to_owned(),
                    is_default_version: true,
                    create_date: call.now.to_iso_seconds(),
                }
            }
        };
        Ok(OneVersion { policy_version })
    })
}

/// SetDefaultPolicyVersion.
pub(super) fn set_default(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: VersionRequest| {
        let name = request.names()?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            let mut policy = name.policy(tx, &account)?;
            policy.default_version = name.number(&policy)?;
            policy.updated = call.now;
            policy.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

/// DeletePolicyVersion.
pub(super) fn delete(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    write(iam, body, |request: VersionRequest| {
        let name = request.names()?;
        let account = call.account;
        Ok(move |tx: &mut Tx<'_>| {
            let mut policy = name.policy(tx, &account)?;
            let number = name.number(&policy)?;
            if number == policy.default_version {
                return Err(error::is_default_version());
            }
            policy.versions.remove(&number);
            policy.updated = call.now;
            policy.put(tx, &account);
            Ok(Nothing {})
        })
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    policy_arn: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    versions: Vec<VersionAnswer>,
    #[serde(flatten)]
    rest: Rest,
}

/// A version in the order of the list: newest first.
struct VersionItem {
    place: String,
    version: VersionAnswer,
}

/// ListPolicyVersions.
#[expect(clippy::needless_pass_by_value, reason = "the table of operations wants functions of this form")]
pub(super) fn list(iam: &Iam, call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.arn("policyArn", request.policy_arn.as_deref());
        faults.result()?;
        let arn = request.policy_arn.unwrap_or_default();
        let read = iam.store().read(|read| ManagedPolicy::named(read, &call.account, &arn));
        let versions: Vec<VersionItem> = match read.map_err(error::of_store)?? {
            Some(ManagedPolicyName::Own(policy)) => {
                let listed = policy.versions.keys().filter_map(|number| {
                    let version = VersionAnswer::of(&policy, *number)?;
                    Some(VersionItem { place: format!("{:010}", u32::MAX - number), version })
                });
                listed.collect()
            }
            Some(ManagedPolicyName::Aws(_)) => vec![VersionItem {
                place: "1".to_owned(),
                version: VersionAnswer {
                    document: None,
                    version_id: "v1".to_owned(),
                    is_default_version: true,
                    create_date: call.now.to_iso_seconds(),
                },
            }],
            None => return Err(error::no_policy(&arn)),
        };
        let page = request.paging.cut(versions, |listed| &listed.place, Faults::default())?;
        let rest = Rest::after(&page);
        Ok(ListAnswer { versions: page.items.into_iter().map(|listed| listed.version).collect(), rest })
    })
}
