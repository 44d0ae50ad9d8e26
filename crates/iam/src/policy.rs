//! A managed policy and its versions.

use std::collections::BTreeMap;

use aws::{Arn, Error, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::aws_managed::AwsPolicy;
use crate::role::{Role, size_of};
use crate::{aws_managed, error, limits};

/// The managed policies of accounts, by account and name in lower case.
pub(crate) const POLICIES: Table<(String, String), ManagedPolicy> = Table::new(71, "IAM policies");

/// A managed policy as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManagedPolicy {
    /// As it was given, whatever its case.
    pub(crate) name: String,
    /// `ANPA...`.
    pub(crate) id: String,
    /// `/`, or names between slashes.
    pub(crate) path: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Timestamp,
    /// When its versions were changed last.
    pub(crate) updated: Timestamp,
    /// By number: `v1` is 1.
    pub(crate) versions: BTreeMap<u32, Version>,
    /// The one that counts.
    pub(crate) default_version: u32,
    /// The newest number that was given; numbers do not come back.
    pub(crate) newest_version: u32,
    pub(crate) tags: BTreeMap<String, String>,
}

store::record!(ManagedPolicy, version 1);

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// The document's text.
    pub(crate) document: String,
    pub(crate) created: Timestamp,
}

/// A managed policy that an ARN names.
#[derive(Debug)]
pub(crate) enum ManagedPolicyName {
    /// One of the account.
    Own(Box<ManagedPolicy>),
    /// One of AWS's: they all exist.
    Aws(AwsPolicy),
}

/// The number in `v1`.
pub(crate) fn version_number(id: &str) -> Option<u32> {
    id.strip_prefix('v')?.parse().ok()
}

/// The name at the end of a policy's ARN.
pub(crate) fn name_in_arn(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}

impl ManagedPolicy {
    /// Its ARN.
    pub(crate) fn arn(&self, account: &str) -> Arn {
        Arn::new("iam", "", account, format!("policy{}{}", self.path, self.name))
    }

    /// The policy that an ARN names, of the account or of AWS; `None` where there is none.
    ///
    /// # Errors
    /// `ValidationError` where the text is no ARN.
    pub(crate) fn named(
        read: &mut impl Read,
        account: &str,
        text: &str,
    ) -> Result<Option<ManagedPolicyName>, Error> {
        let arn: Arn = text.parse().map_err(|_| error::invalid_arn(text))?;
        let Some(path) = arn.resource.strip_prefix("policy/").filter(|_| arn.service == "iam") else {
            return Err(error::invalid_arn(text));
        };
        if arn.account == "aws" {
            return Ok(Some(ManagedPolicyName::Aws(AwsPolicy::at(path))));
        }
        let found = read.get(&POLICIES, &key(&arn.account, name_in_arn(path)));
        let is_here = |policy: &Self| arn.account == account && policy.arn(account) == arn;
        Ok(found.filter(is_here).map(|policy| ManagedPolicyName::Own(Box::new(policy))))
    }

    /// A policy of the account that must be there; AWS's are refused, for they are not to be changed.
    pub(crate) fn own(read: &mut impl Read, account: &str, arn: &str) -> Result<Self, Error> {
        match Self::named(read, account, arn)? {
            Some(ManagedPolicyName::Own(policy)) => Ok(*policy),
            Some(ManagedPolicyName::Aws(_)) => Err(error::not_ours(arn)),
            None => Err(error::no_policy(arn)),
        }
    }

    /// The policies of an account by name.
    pub(crate) fn all(read: &mut impl Read, account: &str) -> Vec<Self> {
        let range = KeyRange::prefix(&account.to_owned());
        read.list(&POLICIES, &range, limits::POLICIES_MAX).into_iter().map(|(_, policy)| policy).collect()
    }

    /// Writes a policy that is not there yet.
    pub(crate) fn create(&self, tx: &mut Tx<'_>, account: &str) -> Result<(), Error> {
        if tx.contains(&POLICIES, &key(account, &self.name)) {
            return Err(error::policy_exists(&self.name));
        }
        if Self::all(tx, account).len() >= limits::POLICIES_MAX {
            return Err(error::over_quota("PoliciesPerAccount", limits::POLICIES_MAX));
        }
        self.put(tx, account);
        Ok(())
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, account: &str) {
        tx.put(&POLICIES, &key(account, &self.name), self);
    }

    /// Deletes a policy that nobody uses and that has one version only.
    pub(crate) fn delete(&self, tx: &mut Tx<'_>, account: &str) -> Result<(), Error> {
        let arn = self.arn(account).to_string();
        let uses = Uses::of(&Role::all(tx, account), &arn);
        if uses.attachments > 0 || uses.boundaries > 0 {
            return Err(error::is_attached());
        }
        if self.versions.len() > 1 {
            return Err(error::has_versions());
        }
        tx.remove(&POLICIES, &key(account, &self.name));
        Ok(())
    }

    /// Adds a version and gives its number.
    pub(crate) fn add_version(&mut self, document: String, now: Timestamp) -> Result<u32, Error> {
        if self.versions.len() >= limits::VERSIONS_MAX {
            return Err(error::too_many_versions());
        }
        self.newest_version += 1;
        self.versions.insert(self.newest_version, Version { document, created: now });
        self.updated = now;
        Ok(self.newest_version)
    }

    /// The document that counts.
    pub(crate) fn document(&self) -> Option<&str> {
        self.versions.get(&self.default_version).map(|version| version.document.as_str())
    }
}

impl ManagedPolicyName {
    /// The document that counts; `None` where it is AWS's and not known here.
    pub(crate) fn document(&self) -> Option<&str> {
        match self {
            Self::Own(policy) => policy.document(),
            Self::Aws(policy) => policy.known.map(|known| known.document),
        }
    }
}

/// How many roles use a policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uses {
    pub(crate) attachments: usize,
    pub(crate) boundaries: usize,
}

impl Uses {
    /// The uses of a policy by these roles.
    pub(crate) fn of(roles: &[Role], arn: &str) -> Self {
        Self {
            attachments: roles.iter().filter(|role| role.attached.contains(arn)).count(),
            boundaries: roles.iter().filter(|role| role.boundary.as_deref() == Some(arn)).count(),
        }
    }
}

/// Refuses a text that is no managed policy.
pub(crate) fn check_document(text: &str) -> Result<(), Error> {
    crate::role::check_permissions(text)?;
    if size_of(text) > limits::MANAGED_SIZE_MAX {
        return Err(error::over_quota("PolicySize", limits::MANAGED_SIZE_MAX));
    }
    Ok(())
}

/// AWS's policies that are listed: those whose documents are known, and those that a role uses.
pub(crate) fn aws_policies(roles: &[Role]) -> Vec<AwsPolicy> {
    let known = aws_managed::KNOWN.iter().map(|known| known.path.to_owned());
    let used = roles.iter().flat_map(|role| role.attached.iter().chain(&role.boundary));
    let used = used.filter_map(|arn| arn.strip_prefix("arn:aws:iam::aws:policy/")).map(str::to_owned);
    let mut paths: Vec<String> = known.chain(used).collect();
    paths.sort();
    paths.dedup();
    paths.iter().map(|path| AwsPolicy::at(path)).collect()
}
