//! TagResource, UntagResource, ListTagsForResource; and the tags that come with CreateEventBus and PutRule.

use std::collections::BTreeMap;

use aws::operation::{answer, commit};
use aws::{Arn, Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{Read, Tx};

use crate::buses::bus::{BUSES, Bus, BusName};
use crate::buses::rule::{RULES, Rule, RuleKey, RuleName};
use crate::error;
use crate::events::Events;
use crate::limits::permits;
use crate::limits::quotas;
use crate::ops::check::{ARN, Faults, Nothing, Shape};

/// A tag on the wire.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    key: Option<String>,
    value: Option<String>,
}

/// The tags of a request by key; what is wrong with them goes to `faults`.
pub(crate) fn parse_tags(tags: &[Tag], faults: &mut Faults) -> BTreeMap<String, String> {
    let mut parsed = BTreeMap::new();
    for (number, tag) in tags.iter().enumerate() {
        let at = format!("tags.{}.member", number + 1);
        faults.required(
            &format!("{at}.key"),
            tag.key.as_deref(),
            &Shape::length(1, quotas::TAG_KEY_LENGTH_MAX),
        );
        let value = Shape::length(0, quotas::TAG_VALUE_LENGTH_MAX);
        faults.required(&format!("{at}.value"), tag.value.as_deref(), &value);
        parsed.insert(tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default());
    }
    parsed
}

/// What has tags.
enum TaggedResource {
    Bus(BusName),
    Rule(BusName, RuleName),
}

impl TaggedResource {
    fn of(events: &Events, text: Option<&str>) -> Result<Self, Error> {
        let mut faults = Faults::default();
        faults.required("resourceARN", text, &ARN);
        faults.result()?;
        let text = text.unwrap_or_default();
        let arn: Arn = text.parse().map_err(|_| error::arn_malformed(text))?;
        if !events.is_here(&arn) {
            return Err(error::not_here("Resource", text));
        }
        match (BusName::of_arn(&arn), RuleKey::of_arn(&arn)) {
            (Some(bus), _) => Ok(Self::Bus(bus)),
            (None, Some(RuleKey { bus, rule })) => Ok(Self::Rule(bus, rule)),
            (None, None) => Err(error::arn_malformed(text)),
        }
    }
}

impl Events {
    fn tags(read: &mut impl Read, tagged: &TaggedResource) -> Result<BTreeMap<String, String>, Error> {
        match tagged {
            TaggedResource::Bus(bus) => Ok(Self::bus(read, bus)?.tags),
            TaggedResource::Rule(bus, rule) if Self::managed_rule(read, bus, rule).is_some() => {
                Err(error::managed_rule_tags(rule))
            }
            TaggedResource::Rule(bus, rule) => Ok(Self::rule(read, bus, rule)?.tags),
        }
    }

    fn change_tags(
        &self,
        tx: &mut Tx<'_>,
        tagged: &TaggedResource,
        change: impl FnOnce(&mut BTreeMap<String, String>),
    ) -> Result<Nothing, Error> {
        let mut tags = Self::tags(tx, tagged)?;
        change(&mut tags);
        if tags.len() > quotas::TAGS_MAX {
            return Err(error::limit_exceeded());
        }
        match tagged {
            TaggedResource::Bus(name) => {
                let bus = Self::bus(tx, name)?;
                tx.put(&BUSES, &name.as_str().to_owned(), &Bus { tags, ..bus });
            }
            TaggedResource::Rule(bus, name) => {
                permits::check(&tags)?;
                let rule = Self::rule(tx, bus, name)?;
                tx.put(&RULES, &Rule::key(bus, name), &Rule { tags, ..rule });
                self.refresh_limits_of_rule(tx, bus, name);
            }
        }
        Ok(Nothing {})
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagRequest {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    tags: Option<Vec<Tag>>,
}

/// TagResource: adds tags, or replaces the values of those that are there.
pub fn tag(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: TagRequest| {
        let tagged = TaggedResource::of(events, request.resource_arn.as_deref())?;
        let mut faults = Faults::default();
        if request.tags.is_none() {
            faults.missing("tags");
        }
        let added = parse_tags(request.tags.as_deref().unwrap_or_default(), &mut faults);
        faults.result()?;
        let service = events.clone();
        Ok(events
            .store()
            .write(error::of_store, move |tx| service.change_tags(tx, &tagged, |tags| tags.extend(added))))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagRequest {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

/// UntagResource.
pub fn untag(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: UntagRequest| {
        let tagged = TaggedResource::of(events, request.resource_arn.as_deref())?;
        let mut faults = Faults::default();
        if request.tag_keys.is_none() {
            faults.missing("tagKeys");
        }
        faults.result()?;
        let keys = request.tag_keys.unwrap_or_default();
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            service.change_tags(tx, &tagged, |tags| tags.retain(|key, _| !keys.contains(key)))
        }))
    })
}

#[derive(Debug, Deserialize)]
struct ListRequest {
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    tags: Vec<Tag>,
}

/// ListTagsForResource.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let tagged = TaggedResource::of(events, request.resource_arn.as_deref())?;
        let tags = events.store().read(|read| Events::tags(read, &tagged)).map_err(error::of_store)??;
        let tags = tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) });
        Ok(ListAnswer { tags: tags.collect() })
    })
}
