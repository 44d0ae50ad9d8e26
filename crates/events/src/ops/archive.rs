//! CreateArchive, DescribeArchive, ListArchives, UpdateArchive, DeleteArchive.

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Arn, Call, Error, Reply};
use pattern::EventPattern;
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read};

use crate::archives::archive::{ARCHIVES, Archive, Feeding};
use crate::buses::bus::BusName;
use crate::error;
use crate::events::Events;
use crate::ops::check::{ARCHIVE_NAME, ARN, DESCRIPTION, EVENT_PATTERN, Faults, KMS_KEY, Nothing, page_size};

/// Archives are made at once; AWS has other states on the way there.
const ENABLED: &str = "ENABLED";
/// Its managed rule was taken away.
const DISABLED: &str = "DISABLED";
/// What a filter by state may ask for.
const STATES: [&str; 6] = [ENABLED, DISABLED, "CREATING", "UPDATING", "CREATE_FAILED", "UPDATE_FAILED"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    archive_name: Option<String>,
    event_source_arn: Option<String>,
    description: Option<String>,
    event_pattern: Option<String>,
    retention_days: Option<i64>,
    kms_key_identifier: Option<String>,
}

impl PutRequest {
    /// Checks what CreateArchive and UpdateArchive have in common, and the rest of the faults.
    fn check(&self, mut faults: Faults) -> Result<(), Error> {
        faults.required("archiveName", self.archive_name.as_deref(), &ARCHIVE_NAME);
        faults.text("description", self.description.as_deref(), &DESCRIPTION);
        faults.text("eventPattern", self.event_pattern.as_deref(), &EVENT_PATTERN);
        faults.number("retentionDays", self.retention_days, 0..=i64::from(i32::MAX));
        faults.text("kmsKeyIdentifier", self.kms_key_identifier.as_deref(), &KMS_KEY);
        faults.result()?;
        if let Some(pattern) = self.event_pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
            EventPattern::parse(pattern).map_err(|invalid| error::invalid_pattern(invalid.message))?;
        }
        Ok(())
    }

    fn retention_days(&self) -> Option<u32> {
        self.retention_days.and_then(|days| u32::try_from(days).ok())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutAnswer {
    archive_arn: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<&'static str>,
    creation_time: f64,
}

/// An archive's state, and the reason where it is not the usual one. Words: recorded from AWS by the project stackd.
fn state_of(archive: &Archive) -> (&'static str, Option<&'static str>) {
    match archive.feeding {
        Feeding::Fed => (ENABLED, None),
        Feeding::Cut | Feeding::Gone => {
            (DISABLED, Some("Managed rule for the archive was forcefully deleted."))
        }
    }
}

impl PutAnswer {
    fn of(archive: &Archive, events: &Events) -> Self {
        let (state, state_reason) = state_of(archive);
        Self {
            archive_arn: Archive::arn(&archive.name, events.region(), events.account()).to_string(),
            state,
            state_reason,
            creation_time: archive.created.to_unix_seconds_f64(),
        }
    }
}

/// The bus that an `EventSourceArn` names. Words: those of the same fault in a replay's destination.
fn bus_at(events: &Events, text: Option<&str>) -> Result<BusName, Error> {
    let arn: Option<Arn> = text.and_then(|text| text.parse().ok());
    let bus = arn.as_ref().and_then(BusName::of_arn).ok_or_else(|| {
        Error::validation("Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.")
    })?;
    match arn.filter(|arn| !events.is_here(arn)) {
        None => Ok(bus),
        Some(arn) => Err(error::not_here("Event bus", &arn.to_string())),
    }
}

/// CreateArchive.
pub fn create(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        let mut faults = Faults::default();
        faults.required("eventSourceArn", request.event_source_arn.as_deref(), &ARN);
        request.check(faults)?;
        let bus = bus_at(events, request.event_source_arn.as_deref())?;
        let retention_days = request.retention_days().unwrap_or(0);
        let service = events.clone();
        let archive = Archive {
            name: request.archive_name.unwrap_or_default(),
            number: 0,
            bus,
            description: request.description,
            pattern: request.event_pattern.filter(|pattern| !pattern.is_empty()),
            retention_days,
            kms_key: request.kms_key_identifier,
            created: now,
            feeding: Feeding::Fed,
        };
        Ok(events.store().write(error::of_store, move |tx| {
            if tx.contains(&ARCHIVES, &archive.name) {
                return Err(error::archive_exists(&archive.name));
            }
            Events::bus(tx, &archive.bus)?;
            if let Some(rule) = service.rule_in_the_way(tx, &archive) {
                return Err(error::managed_rule_in_the_way(&rule));
            }
            let archive = Archive { number: tx.next_number(), ..archive };
            tx.put(&ARCHIVES, &archive.name, &archive);
            service.reload_archives(tx);
            Ok(PutAnswer::of(&archive, &service))
        }))
    })
}

/// UpdateArchive: members that are absent stay as they are. For an archive that does not exist AWS was recorded to
/// answer `InternalException`; here it is what its model promises, `ResourceNotFoundException`.
pub fn update(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: PutRequest| {
        request.check(Faults::default())?;
        let name = request.archive_name.clone().unwrap_or_default();
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            let old = Events::archive_named(tx, &name)?;
            let retention_days = request.retention_days().unwrap_or(old.retention_days);
            let archive = Archive {
                description: request.description.or(old.description),
                pattern: match request.event_pattern {
                    Some(pattern) => Some(pattern).filter(|pattern| !pattern.is_empty()),
                    None => old.pattern,
                },
                retention_days,
                kms_key: request.kms_key_identifier.or(old.kms_key),
                ..old
            };
            tx.put(&ARCHIVES, &name, &archive);
            service.reload_archives(tx);
            Ok(PutAnswer::of(&archive, &service))
        }))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameRequest {
    archive_name: Option<String>,
}

impl NameRequest {
    fn name(self) -> Result<String, Error> {
        let mut faults = Faults::default();
        faults.required("archiveName", self.archive_name.as_deref(), &ARCHIVE_NAME);
        faults.result()?;
        Ok(self.archive_name.unwrap_or_default())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ArchiveAnswer {
    archive_name: String,
    event_source_arn: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<&'static str>,
    retention_days: u32,
    size_bytes: u64,
    event_count: u64,
    creation_time: f64,
    /// From here on: what only DescribeArchive tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    archive_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_identifier: Option<String>,
}

impl ArchiveAnswer {
    fn of(read: &mut impl Read, archive: &Archive, events: &Events) -> Self {
        let size = Events::archive_size(read, archive.number);
        let (state, state_reason) = state_of(archive);
        Self {
            archive_name: archive.name.clone(),
            event_source_arn: archive.bus.arn(events.region(), events.account()).to_string(),
            state,
            state_reason,
            retention_days: archive.retention_days,
            size_bytes: size.bytes,
            event_count: size.events,
            creation_time: archive.created.to_unix_seconds_f64(),
            archive_arn: None,
            description: None,
            event_pattern: None,
            kms_key_identifier: None,
        }
    }
}

/// DescribeArchive.
pub fn describe(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NameRequest| {
        let name = request.name()?;
        let described = events.store().read(|read| {
            let archive = Events::archive_named(read, &name)?;
            let answer = ArchiveAnswer::of(read, &archive, events);
            Ok(ArchiveAnswer {
                archive_arn: Some(Archive::arn(&name, events.region(), events.account()).to_string()),
                description: archive.description,
                event_pattern: archive.pattern,
                kms_key_identifier: archive.kms_key,
                ..answer
            })
        });
        described.map_err(error::of_store)?
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    name_prefix: Option<String>,
    event_source_arn: Option<String>,
    state: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    archives: Vec<ArchiveAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListArchives.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.text("namePrefix", request.name_prefix.as_deref(), &ARCHIVE_NAME);
        faults.text("eventSourceArn", request.event_source_arn.as_deref(), &ARN);
        faults.one_of("state", request.state.as_deref(), &STATES);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let filters = [&request.name_prefix, &request.event_source_arn, &request.state];
        if filters.into_iter().flatten().count() > 1 {
            return Err(error::one_filter("ListArchives"));
        }
        let source = request.event_source_arn.as_deref().map(|arn| bus_at(events, Some(arn))).transpose()?;
        let listed = events.store().read(|read| {
            if let Some(bus) = &source {
                Events::bus(read, bus)?;
            }
            let archives = read.list(&ARCHIVES, &KeyRange::all(), usize::MAX).into_iter();
            let wanted = archives.map(|(_, archive)| archive).filter(|archive| {
                request.name_prefix.as_ref().is_none_or(|prefix| archive.name.starts_with(prefix))
                    && source.as_ref().is_none_or(|bus| archive.bus == *bus)
                    && request.state.as_deref().is_none_or(|state| state == state_of(archive).0)
            });
            let size = page_size(request.limit);
            let page = page(wanted, |archive| &archive.name, request.next_token.as_deref(), size)?;
            let archives = page.items.iter().map(|one| ArchiveAnswer::of(read, one, events)).collect();
            Ok(ListAnswer { archives, next_token: page.next_token })
        });
        listed.map_err(error::of_store)?
    })
}

/// DeleteArchive.
pub fn delete(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: NameRequest| {
        let name = request.name()?;
        let service = events.clone();
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            let archive = Events::archive_named(tx, &name)?;
            service.delete_archive(tx, &archive);
            Ok(Nothing {})
        }))
    })
}

impl Events {
    /// The archive's record.
    fn archive_named(read: &mut impl Read, name: &str) -> Result<Archive, Error> {
        read.get(&ARCHIVES, &name.to_owned()).ok_or_else(|| error::archive_not_found(name))
    }
}
