//! CreateLogGroup, DescribeLogGroups, DeleteLogGroup, PutRetentionPolicy, DeleteRetentionPolicy, PutLogGroupDeletionProtection.

use std::collections::BTreeMap;

use aws::operation::answer;
use aws::page::page;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Tx};

use crate::check::Faults;
use crate::group::{GROUPS, Group};
use crate::ops::tags::check_tags;
use crate::ops::{Nothing, of_identifier, write};
use crate::{Logs, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateRequest {
    log_group_name: Option<String>,
    kms_key_id: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    log_group_class: Option<String>,
    deletion_protection_enabled: Option<bool>,
}

/// CreateLogGroup.
pub(super) fn create(logs: &Logs, call: &Call, body: &[u8]) -> Reply {
    let now = call.now;
    write(logs, body, |request: CreateRequest| {
        let mut faults = Faults::default();
        faults.group(request.log_group_name.as_deref());
        let class = request.log_group_class.unwrap_or_else(|| "STANDARD".to_owned());
        if !["STANDARD", "INFREQUENT_ACCESS"].contains(&class.as_str()) {
            let constraint = "Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS]";
            faults.add("logGroupClass", Some(&class), constraint);
        }
        let tags = request.tags.unwrap_or_default();
        check_tags(&tags, &mut faults);
        faults.result()?;
        if let Some(key) = request.kms_key_id {
            return Err(error::invalid_parameter(format!(
                "The KMS key {key} does not exist: there are no keys here."
            )));
        }
        let name = request.log_group_name.unwrap_or_default();
        let group = Group {
            created: now,
            retention_days: None,
            tags,
            class,
            is_protected: request.deletion_protection_enabled.unwrap_or_default(),
            size_bytes: 0,
        };
        Ok(move |tx: &mut Tx<'_>| Logs::create_group(tx, &name, &group).map(|()| Nothing {}))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedRequest {
    log_group_name: Option<String>,
}

impl NamedRequest {
    fn name(self) -> Result<String, Error> {
        let mut faults = Faults::default();
        faults.group(self.log_group_name.as_deref());
        faults.result()?;
        Ok(self.log_group_name.unwrap_or_default())
    }
}

/// DeleteLogGroup.
pub(super) fn delete(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: NamedRequest| {
        let name = request.name()?;
        Ok(move |tx: &mut Tx<'_>| Logs::delete_group(tx, &name).map(|()| Nothing {}))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RetentionRequest {
    log_group_name: Option<String>,
    retention_in_days: Option<i64>,
}

/// PutRetentionPolicy.
pub(super) fn put_retention(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: RetentionRequest| {
        let mut faults = Faults::default();
        faults.group(request.log_group_name.as_deref());
        let days = request.retention_in_days;
        let known = days.and_then(|days| u32::try_from(days).ok());
        let known = known.filter(|days| limits::RETENTION_DAYS.contains(days));
        if known.is_none() {
            let days = days.map(|days| days.to_string());
            let set: Vec<String> = limits::RETENTION_DAYS.iter().map(u32::to_string).collect();
            let set = set.join(", ");
            let constraint = format!("Member must satisfy enum value set: [{set}]");
            faults.add("retentionInDays", days.as_deref(), &constraint);
        }
        faults.result()?;
        let name = request.log_group_name.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| change(tx, &name, |group| group.retention_days = known))
    })
}

/// DeleteRetentionPolicy.
pub(super) fn delete_retention(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: NamedRequest| {
        let name = request.name()?;
        Ok(move |tx: &mut Tx<'_>| change(tx, &name, |group| group.retention_days = None))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProtectRequest {
    log_group_identifier: Option<String>,
    deletion_protection_enabled: Option<bool>,
}

/// PutLogGroupDeletionProtection.
pub(super) fn protect(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: ProtectRequest| {
        let mut faults = Faults::default();
        let identifier = request.log_group_identifier.unwrap_or_default();
        faults.length("logGroupIdentifier", &identifier, 1..=limits::IDENTIFIER_LENGTH_MAX);
        if request.deletion_protection_enabled.is_none() {
            faults.add("deletionProtectionEnabled", None, "Member must not be null");
        }
        faults.result()?;
        let name = of_identifier(logs, &identifier)?;
        let is_protected = request.deletion_protection_enabled.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| change(tx, &name, |group| group.is_protected = is_protected))
    })
}

fn change(tx: &mut Tx<'_>, name: &str, change: impl FnOnce(&mut Group)) -> Result<Nothing, Error> {
    let mut group = Logs::group(tx, name)?;
    change(&mut group);
    tx.put(&GROUPS, &name.to_owned(), &group);
    Ok(Nothing {})
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeRequest {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeAnswer {
    log_groups: Vec<GroupAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupAnswer {
    log_group_name: String,
    creation_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u32>,
    metric_filter_count: u32,
    arn: String,
    stored_bytes: u64,
    log_group_class: String,
    log_group_arn: String,
    deletion_protection_enabled: bool,
}

/// DescribeLogGroups.
pub(super) fn describe(logs: &Logs, body: &[u8]) -> Reply {
    answer(body, |request: DescribeRequest| {
        let mut faults = Faults::default();
        let limit = faults.limit(request.limit, limits::PAGE_MAX);
        if let Some(prefix) = &request.log_group_name_prefix {
            faults.group_like("logGroupNamePrefix", prefix);
        }
        faults.result()?;
        if request.log_group_name_prefix.is_some() && request.log_group_name_pattern.is_some() {
            return Err(error::invalid_parameter(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ));
        }
        // The API reference: a pattern is found anywhere in the name, upper and lower case alike.
        let pattern = request.log_group_name_pattern.unwrap_or_default().to_lowercase();
        let prefix = request.log_group_name_prefix.unwrap_or_default();
        let class = request.log_group_class;
        let mut groups = logs
            .store()
            .read(|read| read.list(&GROUPS, &KeyRange::all(), usize::MAX))
            .map_err(error::of_store)?;
        groups.retain(|(name, group)| {
            name.starts_with(&prefix)
                && name.to_lowercase().contains(&pattern)
                && class.as_ref().is_none_or(|class| *class == group.class)
        });
        let page = page(groups, |(name, _)| name.as_str(), request.next_token.as_deref(), limit);
        let page = page.map_err(|error| error::invalid_parameter(error.message))?;
        let shown = page.items.into_iter().map(|(name, group)| shown(logs, name, group));
        Ok(DescribeAnswer { log_groups: shown.collect(), next_token: page.next_token })
    })
}

fn shown(logs: &Logs, name: String, group: Group) -> GroupAnswer {
    let arn = logs.group_arn(&name);
    GroupAnswer {
        log_group_name: name,
        creation_time: group.created.unix_ms(),
        retention_in_days: group.retention_days,
        metric_filter_count: 0,
        arn: format!("{arn}:*"),
        stored_bytes: group.size_bytes,
        log_group_class: group.class,
        log_group_arn: arn,
        deletion_protection_enabled: group.is_protected,
    }
}
