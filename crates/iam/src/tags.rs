//! Tags of roles and policies.

use std::collections::{BTreeMap, BTreeSet};

use aws::Error;
use serde::{Deserialize, Serialize};

use crate::check::{Bounds, Faults};
use crate::{error, limits};

/// A tag as it is written on the wire.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
}

/// Whether keys that differ in case only are the same: those of roles are, those of policies are not (LocalStack's recordings).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keys {
    IgnoringCase,
    AsWritten,
}

impl Keys {
    fn form(self, key: &str) -> String {
        match self {
            Self::IgnoringCase => key.to_lowercase(),
            Self::AsWritten => key.to_owned(),
        }
    }

    /// Adds tags; one of the same key is replaced.
    pub(crate) fn extend(self, tags: &mut BTreeMap<String, String>, added: BTreeMap<String, String>) {
        for (key, value) in added {
            tags.retain(|other, _| self.form(other) != self.form(&key));
            tags.insert(key, value);
        }
    }
}

const PATTERN: &str = r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]";

fn is_allowed(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
}

/// The tags of a request as a map.
pub(crate) fn read(
    tags: Option<Vec<Tag>>,
    keys: Keys,
    mut faults: Faults,
) -> Result<BTreeMap<String, String>, Error> {
    let tags = tags.unwrap_or_default();
    if tags.len() > limits::TAGS_MAX {
        faults.add("tags", &format!("Member must have length less than or equal to {}", limits::TAGS_MAX));
    }
    for (index, tag) in tags.iter().enumerate() {
        check(&mut faults, index + 1, tag);
    }
    faults.result()?;
    let mut seen = BTreeSet::new();
    let mut read = BTreeMap::new();
    for tag in tags {
        let key = tag.key.unwrap_or_default();
        if !seen.insert(keys.form(&key)) {
            return Err(error::invalid_input(match keys {
                Keys::IgnoringCase => {
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive."
                }
                Keys::AsWritten => "Duplicate tag keys found.",
            }));
        }
        read.insert(key, tag.value.unwrap_or_default());
    }
    Ok(read)
}

fn check(faults: &mut Faults, number: usize, tag: &Tag) {
    let at = format!("tags.{number}.member");
    match &tag.key {
        None => faults.add(&format!("{at}.key"), "Member must not be null"),
        Some(key) => {
            faults.length(&format!("{at}.key"), key, Bounds { min: 1, max: limits::TAG_KEY_LENGTH_MAX });
            if !is_allowed(key) {
                faults.add(&format!("{at}.key"), &format!("{PATTERN}+"));
            }
        }
    }
    match &tag.value {
        None => faults.add(&format!("{at}.value"), "Member must not be null"),
        Some(value) => {
            faults.length(
                &format!("{at}.value"),
                value,
                Bounds { min: 0, max: limits::TAG_VALUE_LENGTH_MAX },
            );
            if !is_allowed(value) {
                faults.add(&format!("{at}.value"), &format!("{PATTERN}*"));
            }
        }
    }
}

/// Refuses more tags than there may be.
pub(crate) fn check_count(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > limits::TAGS_MAX {
        return Err(error::over_quota("TagsPerResource", limits::TAGS_MAX));
    }
    Ok(())
}

/// Tags as they are shown, by their keys.
pub(crate) fn shown(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| Tag { key: Some(key.clone()), value: Some(value.clone()) };
    tags.iter().map(tag).collect()
}
