//! ListTagsForResource, TagResource, UntagResource: of state machines and activities.

use std::collections::BTreeMap;

use aws::{Call, Error, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Read, Tx};

use crate::activity::Activity;
use crate::machine::Machine;
use crate::ops::{Nothing, Tag, look, write};
use crate::{States, error, limits, name};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    resource_arn: String,
    #[serde(default, deserialize_with = "aws::operation::null_is_absent")]
    tags: Vec<Tag>,
    #[serde(default, deserialize_with = "aws::operation::null_is_absent")]
    tag_keys: Vec<String>,
}

/// Something that has tags.
enum Tagged {
    Machine(String, Machine),
    Activity(String, Activity),
}

impl Tagged {
    fn require(read: &mut impl Read, named: &(String, String), arn: &str) -> Result<Self, Error> {
        let (kind, name) = named;
        let found = match kind.as_str() {
            "activity" => Activity::find(read, name).map(|activity| Self::Activity(name.clone(), activity)),
            _ => Machine::find(read, name).map(|machine| Self::Machine(name.clone(), machine)),
        };
        found.ok_or_else(|| error::no_resource(arn))
    }

    fn tags(&mut self) -> &mut BTreeMap<String, String> {
        match self {
            Self::Machine(_, machine) => &mut machine.tags,
            Self::Activity(_, activity) => &mut activity.tags,
        }
    }

    fn put(&self, tx: &mut Tx<'_>) {
        match self {
            Self::Machine(name, machine) => machine.put(tx, name),
            Self::Activity(name, activity) => activity.put(tx, name),
        }
    }
}

/// ListTagsForResource.
pub(super) fn list(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: Request| {
        let named = name::tagged(&request.resource_arn, states.home())?;
        let mut tagged = Tagged::require(read, &named, &request.resource_arn)?;
        let tags: Vec<Value> =
            tagged.tags().iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        Ok(json!({"tags": tags}))
    })
}

/// TagResource.
pub(super) fn tag(states: &States, _: Call, body: &[u8]) -> Reply {
    change(states, body, |tags, request| {
        tags.extend(request.tags.into_iter().map(|tag| (tag.key, tag.value)));
        if tags.len() > limits::TAGS_MAX {
            return Err(Error::sender("TooManyTags", "A resource has at most 50 tags."));
        }
        Ok(())
    })
}

/// UntagResource.
pub(super) fn untag(states: &States, _: Call, body: &[u8]) -> Reply {
    change(states, body, |tags, request| {
        tags.retain(|key, _| !request.tag_keys.contains(key));
        Ok(())
    })
}

fn change(
    states: &States,
    body: &[u8],
    act: fn(&mut BTreeMap<String, String>, Request) -> Result<(), Error>,
) -> Reply {
    write(states, body, |request: Request| {
        let named = name::tagged(&request.resource_arn, states.home())?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut tagged = Tagged::require(tx, &named, &request.resource_arn)?;
            act(tagged.tags(), request)?;
            tagged.put(tx);
            Ok(Nothing {})
        })
    })
}
