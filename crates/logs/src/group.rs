//! A log group: a name, how long its events are kept, how much they take.

use std::collections::BTreeMap;

use aws::{Arn, Error, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

use crate::Logs;
use crate::error;
use crate::limits;

/// All log groups, by name.
pub(crate) const GROUPS: Table<String, Group> = Table::new(51, "log groups");

/// A log group as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) created: Timestamp,
    /// None: as long as there is room.
    pub(crate) retention_days: Option<u32>,
    pub(crate) tags: BTreeMap<String, String>,
    /// `STANDARD` or `INFREQUENT_ACCESS`, which makes no difference here.
    pub(crate) class: String,
    pub(crate) is_protected: bool,
    /// Its events, each with [`limits::EVENT_OVERHEAD_BYTES`].
    pub(crate) size_bytes: u64,
}

store::record!(Group, version 1);

/// The name of the log group that an ARN names, with or without `:*` at its end; `None` where it is none of this place.
pub fn name_in_arn(arn: &Arn, account: &str, region: &str) -> Option<String> {
    let is_here = arn.service == "logs" && arn.account == account && arn.region == region;
    let name = arn.resource.strip_prefix("log-group:").filter(|_| is_here)?;
    Some(name.strip_suffix(":*").unwrap_or(name).to_owned())
}

impl Logs {
    /// The ARN of a log group, without `:*`.
    pub(crate) fn group_arn(&self, name: &str) -> String {
        self.scope().arn("logs", format!("log-group:{name}")).to_string()
    }

    /// A log group's record.
    pub(crate) fn group(read: &mut impl Read, name: &str) -> Result<Group, Error> {
        read.get(&GROUPS, &name.to_owned()).ok_or_else(error::no_group)
    }

    /// Makes a log group where it is missing, for what writes into one of its own. Nothing is made where there are as many as
    /// there may be: what is recorded is refused then.
    pub fn ensure_group(&self, tx: &mut Tx<'_>, name: &str, now: Timestamp) {
        let group = Group {
            created: now,
            retention_days: None,
            tags: BTreeMap::new(),
            class: "STANDARD".to_owned(),
            is_protected: false,
            size_bytes: 0,
        };
        // That it exists already is as well.
        let _ = Self::create_group(tx, name, &group);
    }

    pub(crate) fn create_group(tx: &mut Tx<'_>, name: &str, group: &Group) -> Result<(), Error> {
        let key = name.to_owned();
        if tx.contains(&GROUPS, &key) {
            return Err(error::group_exists());
        }
        if tx.list(&GROUPS, &KeyRange::all(), limits::GROUPS_MAX).len() >= limits::GROUPS_MAX {
            return Err(error::limit_exceeded());
        }
        tx.put(&GROUPS, &key, group);
        Ok(())
    }
}
