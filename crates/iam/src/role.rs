//! A role: who may assume it, and what it may then do.

use std::collections::{BTreeMap, BTreeSet};

use aws::policy::{Kind, Policy, PolicyFault};
use aws::{Arn, Error, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::{error, limits};

/// All roles, by account and name; "Names are not distinguished by case", so the key's is in lower case.
pub(crate) const ROLES: Table<(String, String), Role> = Table::new(70, "IAM roles");

/// A role as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    /// As it was given, whatever its case.
    pub(crate) name: String,
    /// `AROA...`.
    pub(crate) id: String,
    /// `/`, or names between slashes.
    pub(crate) path: String,
    pub(crate) created: Timestamp,
    pub(crate) description: Option<String>,
    pub(crate) session_seconds_max: u64,
    /// The trust policy's text.
    pub(crate) trust: String,
    /// Inline policies: name and text.
    pub(crate) inline: BTreeMap<String, String>,
    /// The ARNs of the managed policies that are attached.
    pub(crate) attached: BTreeSet<String>,
    /// The ARN of the policy that bounds what the others allow.
    pub(crate) boundary: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

store::record!(Role, version 1);

/// The name of the role that an ARN names, without its path; `None` where it names no role.
pub fn role_name(arn: &Arn) -> Option<&str> {
    let path = arn.resource.strip_prefix("role/").filter(|_| arn.service == "iam")?;
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

fn key(account: &str, name: &str) -> (String, String) {
    (account.to_owned(), name.to_lowercase())
}

impl Role {
    /// Its ARN.
    pub(crate) fn arn(&self, account: &str) -> Arn {
        Arn::new("iam", "", account, format!("role{}{}", self.path, self.name))
    }

    /// Finds a role.
    pub(crate) fn find(read: &mut impl Read, account: &str, name: &str) -> Option<Self> {
        read.get(&ROLES, &key(account, name))
    }

    /// A role that must be there.
    pub(crate) fn require(read: &mut impl Read, account: &str, name: &str) -> Result<Self, Error> {
        Self::find(read, account, name).ok_or_else(|| error::no_role(name))
    }

    /// The roles of an account by name.
    pub(crate) fn all(read: &mut impl Read, account: &str) -> Vec<Self> {
        let range = KeyRange::prefix(&account.to_owned());
        read.list(&ROLES, &range, limits::ROLES_MAX).into_iter().map(|(_, role)| role).collect()
    }

    /// Writes a role that is not there yet.
    pub(crate) fn create(&self, tx: &mut Tx<'_>, account: &str) -> Result<(), Error> {
        if Self::find(tx, account, &self.name).is_some() {
            return Err(error::role_exists(&self.name));
        }
        if Self::all(tx, account).len() >= limits::ROLES_MAX {
            return Err(error::over_quota("RolesPerAccount", limits::ROLES_MAX));
        }
        self.put(tx, account);
        Ok(())
    }

    pub(crate) fn put(&self, tx: &mut Tx<'_>, account: &str) {
        tx.put(&ROLES, &key(account, &self.name), self);
    }

    /// Deletes a role that has no policies any more.
    pub(crate) fn delete(&self, tx: &mut Tx<'_>, account: &str) -> Result<(), Error> {
        if !self.attached.is_empty() {
            return Err(error::has_attached_policies());
        }
        if !self.inline.is_empty() {
            return Err(error::has_inline_policies());
        }
        tx.remove(&ROLES, &key(account, &self.name));
        Ok(())
    }

    /// Adds an inline policy, or replaces the one of that name.
    pub(crate) fn put_inline(&mut self, name: String, text: String) -> Result<(), Error> {
        self.inline.insert(name, text);
        let size: usize = self.inline.values().map(|text| size_of(text)).sum();
        if size > limits::INLINE_SIZE_MAX {
            return Err(error::inline_policies_too_large(&self.name, limits::INLINE_SIZE_MAX));
        }
        Ok(())
    }

    /// Attaches a managed policy; once more has no effect.
    pub(crate) fn attach(&mut self, arn: &str) -> Result<(), Error> {
        self.attached.insert(arn.to_owned());
        if self.attached.len() > limits::ATTACHED_MAX {
            return Err(error::over_quota("PoliciesPerRole", limits::ATTACHED_MAX));
        }
        Ok(())
    }
}

/// "Policy size calculations do not include white space characters."
pub(crate) fn size_of(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// Refuses a text that is no trust policy.
pub(crate) fn check_trust(text: &str) -> Result<(), Error> {
    Policy::parse(text, Kind::Trust).map_err(PolicyFault::into_iam_error)?;
    if size_of(text) > limits::TRUST_SIZE_MAX {
        return Err(error::over_quota("ACLSizePerRole", limits::TRUST_SIZE_MAX));
    }
    Ok(())
}

/// Refuses a text that is no policy of a role.
pub(crate) fn check_permissions(text: &str) -> Result<(), Error> {
    Policy::parse(text, Kind::Identity).map_err(PolicyFault::into_iam_error).map(|_| ())
}
