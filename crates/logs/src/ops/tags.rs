//! TagResource, UntagResource, ListTagsForResource.

use std::collections::BTreeMap;

use aws::operation::answer;
use aws::{Error, Reply};
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::check::Faults;
use crate::group::GROUPS;
use crate::ops::{Nothing, of_identifier, write};
use crate::{Logs, error, limits};

/// What a tag may be.
pub(super) fn check_tags(tags: &BTreeMap<String, String>, faults: &mut Faults) {
    for (key, value) in tags {
        faults.length("tags", key, 1..=128);
        faults.length("tags", value, 0..=256);
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    resource_arn: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    tag_keys: Option<Vec<String>>,
}

impl Request {
    /// The group that is named.
    fn group(&self, logs: &Logs, mut faults: Faults) -> Result<String, Error> {
        match &self.resource_arn {
            None => faults.add("resourceArn", None, "Member must not be null"),
            Some(arn) => faults.length("resourceArn", arn, 1..=1011),
        }
        faults.result()?;
        of_identifier(logs, self.resource_arn.as_deref().unwrap_or_default())
    }
}

/// TagResource.
pub(super) fn tag(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: Request| {
        let mut faults = Faults::default();
        if request.tags.is_none() {
            faults.add("tags", None, "Member must not be null");
        }
        check_tags(request.tags.as_ref().unwrap_or(&BTreeMap::new()), &mut faults);
        let group = request.group(logs, faults)?;
        let added = request.tags.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| change(tx, &group, |tags| tags.extend(added)))
    })
}

/// UntagResource.
pub(super) fn untag(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: Request| {
        let mut faults = Faults::default();
        if request.tag_keys.is_none() {
            faults.add("tagKeys", None, "Member must not be null");
        }
        let group = request.group(logs, faults)?;
        let keys = request.tag_keys.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| change(tx, &group, |tags| tags.retain(|key, _| !keys.contains(key))))
    })
}

fn change(
    tx: &mut Tx<'_>,
    name: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> Result<Nothing, Error> {
    let mut group = Logs::group(tx, name)?;
    change(&mut group.tags);
    if group.tags.len() > limits::TAGS_MAX {
        let sentence = format!("A log group has at most {} tags.", limits::TAGS_MAX);
        return Err(Error::sender("TooManyTagsException", sentence));
    }
    tx.put(&GROUPS, &name.to_owned(), &group);
    Ok(Nothing {})
}

#[derive(Debug, Serialize)]
struct ListAnswer {
    tags: BTreeMap<String, String>,
}

/// ListTagsForResource.
pub(super) fn list(logs: &Logs, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let group = request.group(logs, Faults::default())?;
        let group = logs.store().read(|read| Logs::group(read, &group)).map_err(error::of_store)??;
        Ok(ListAnswer { tags: group.tags })
    })
}
