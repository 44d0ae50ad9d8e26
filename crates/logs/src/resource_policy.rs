//! A resource policy: who else may write to the log groups of an account and region. Kept and shown; nobody is refused by it here.

use aws::Error;
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::{Logs, error, limits};

/// All resource policies, by name.
pub(crate) const RESOURCE_POLICIES: Table<String, ResourcePolicy> = Table::new(55, "log resource policies");

/// A resource policy as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourcePolicy {
    /// A policy document, as it was given.
    pub(crate) document: String,
    /// When it was last put, in ms since 1970.
    pub(crate) updated_ms: u64,
}

store::record!(ResourcePolicy, version 1);

impl Logs {
    /// Keeps a policy, in place of one with its name.
    pub(crate) fn put_resource_policy(
        tx: &mut Tx<'_>,
        name: &str,
        policy: &ResourcePolicy,
    ) -> Result<(), Error> {
        let key = name.to_owned();
        let count = tx.list(&RESOURCE_POLICIES, &KeyRange::all(), limits::RESOURCE_POLICIES_MAX).len();
        if count >= limits::RESOURCE_POLICIES_MAX && !tx.contains(&RESOURCE_POLICIES, &key) {
            return Err(error::limit_exceeded());
        }
        tx.put(&RESOURCE_POLICIES, &key, policy);
        Ok(())
    }

    pub(crate) fn delete_resource_policy(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
        let key = name.to_owned();
        if !tx.contains(&RESOURCE_POLICIES, &key) {
            return Err(error::no_resource_policy(name));
        }
        tx.remove(&RESOURCE_POLICIES, &key);
        Ok(())
    }
}
