//! CreateEventBus, DescribeEventBus, UpdateEventBus, ListEventBuses, DeleteEventBus.

use std::collections::BTreeMap;

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read};

use crate::buses::bus::{BUSES, Bus, BusName, LogConfig};
use crate::buses::rule::RULES;
use crate::error;
use crate::events::Events;
use crate::limits::quotas;
use crate::ops::check::{ARN, BUS_NAME, BUS_NAME_OR_ARN, DESCRIPTION, Faults, Nothing, Shape, page_size};
use crate::ops::tag::{Tag, parse_tags};

/// What CreateEventBus and UpdateEventBus lack.
pub const LOGS_MISSING: &str = "LogConfig is kept and shown: there are no log deliveries (CloudWatch Logs, S3, Firehose) that it could feed.";

/// Where encrypted events that could not be decrypted would go.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    arn: Option<String>,
}

/// What of its trips a bus logs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LogConfigWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    include_detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
}

impl From<LogConfigWire> for LogConfig {
    fn from(wire: LogConfigWire) -> Self {
        Self { include_detail: wire.include_detail, level: wire.level }
    }
}

impl From<LogConfig> for LogConfigWire {
    fn from(kept: LogConfig) -> Self {
        Self { include_detail: kept.include_detail, level: kept.level }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRequest {
    name: Option<String>,
    event_source_name: Option<String>,
    description: Option<String>,
    kms_key_identifier: Option<String>,
    dead_letter_config: Option<DeadLetterConfig>,
    log_config: Option<LogConfigWire>,
    tags: Option<Vec<Tag>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateAnswer {
    event_bus_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_config: Option<LogConfigWire>,
}

/// CreateEventBus.
pub fn create(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: CreateRequest| {
        let (name, tags) = check_create(events, &request)?;
        let service = events.clone();
        let bus = Bus {
            description: request.description,
            kms_key: request.kms_key_identifier,
            dead_letter_arn: request.dead_letter_config.and_then(|config| config.arn),
            log: request.log_config.map(LogConfig::from),
            tags,
            ..Bus::new(name, now)
        };
        Ok(events.store().write(error::of_store, move |tx| {
            if tx.contains(&BUSES, &bus.name.as_str().to_owned()) {
                return Err(error::bus_exists(&bus.name));
            }
            if tx.list(&BUSES, &KeyRange::all(), quotas::BUSES_MAX).len() >= quotas::BUSES_MAX {
                return Err(error::limit_exceeded());
            }
            if bus.name.is_partner() {
                service.check_offered(tx, &bus.name, now)?;
            }
            tx.put(&BUSES, &bus.name.as_str().to_owned(), &bus);
            service.route_bus(tx, &bus.name);
            service.associate_source(tx, &bus.name, now);
            Ok(CreateAnswer {
                event_bus_arn: bus.name.arn(service.region(), service.account()).to_string(),
                description: bus.description,
                kms_key_identifier: bus.kms_key,
                dead_letter_config: bus.dead_letter_arn.map(|arn| DeadLetterConfig { arn: Some(arn) }),
                log_config: bus.log.map(LogConfigWire::from),
            })
        }))
    })
}

fn check_create(
    events: &Events,
    request: &CreateRequest,
) -> Result<(BusName, BTreeMap<String, String>), Error> {
    let mut faults = Faults::default();
    faults.required("name", request.name.as_deref(), &BUS_NAME);
    faults.text("eventSourceName", request.event_source_name.as_deref(), &BUS_NAME);
    let settings = Settings {
        description: request.description.as_deref(),
        kms_key: request.kms_key_identifier.as_deref(),
        dead_letter: request.dead_letter_config.as_ref(),
        log: request.log_config.as_ref(),
    };
    settings.check(&mut faults);
    let tags = parse_tags(request.tags.as_deref().unwrap_or_default(), &mut faults);
    faults.result()?;
    let name = events.bus_of(request.name.as_deref())?;
    match request.event_source_name.as_deref() {
        // User guide, "Receiving events from a SaaS partner": the bus must be named like its source.
        Some(source) if source != name.as_str() => Err(Error::validation(
            "The name of a partner event bus must exactly match the name of the partner event source.",
        )),
        Some(_) => Ok((name, tags)),
        None if name.is_partner() => Err(Error::validation("Event bus name must not contain '/'.")),
        None => Ok((name, tags)),
    }
}

/// What a bus may be given when it is made and changed later.
struct Settings<'s> {
    description: Option<&'s str>,
    kms_key: Option<&'s str>,
    dead_letter: Option<&'s DeadLetterConfig>,
    log: Option<&'s LogConfigWire>,
}

impl Settings<'_> {
    fn check(&self, faults: &mut Faults) {
        faults.text("description", self.description, &DESCRIPTION);
        faults.text("kmsKeyIdentifier", self.kms_key, &Shape::length(0, 2048));
        let arn = self.dead_letter.and_then(|config| config.arn.as_deref());
        faults.text("deadLetterConfig.arn", arn, &ARN);
        if let Some(LogConfigWire { include_detail, level }) = self.log {
            faults.one_of("logConfig.includeDetail", include_detail.as_deref(), &["NONE", "FULL"]);
            faults.one_of("logConfig.level", level.as_deref(), &["OFF", "ERROR", "INFO", "TRACE"]);
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameRequest {
    name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BusAnswer {
    name: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_config: Option<LogConfigWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    creation_time: f64,
    last_modified_time: f64,
}

impl BusAnswer {
    fn of(bus: Bus, events: &Events) -> Self {
        Self {
            arn: bus.name.arn(events.region(), events.account()).to_string(),
            name: bus.name.as_str().to_owned(),
            description: bus.description,
            kms_key_identifier: bus.kms_key,
            dead_letter_config: bus.dead_letter_arn.map(|arn| DeadLetterConfig { arn: Some(arn) }),
            log_config: bus.log.map(LogConfigWire::from),
            policy: bus.policy,
            creation_time: bus.created.to_unix_seconds_f64(),
            last_modified_time: bus.modified.to_unix_seconds_f64(),
        }
    }
}

/// DescribeEventBus.
pub fn describe(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NameRequest| {
        let mut faults = Faults::default();
        faults.text("name", request.name.as_deref(), &BUS_NAME_OR_ARN);
        faults.result()?;
        let name = events.bus_of(request.name.as_deref())?;
        let bus = events.store().read(|read| Events::bus(read, &name)).map_err(error::of_store)??;
        Ok(BusAnswer::of(bus, events))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateRequest {
    name: Option<String>,
    description: Option<String>,
    kms_key_identifier: Option<String>,
    dead_letter_config: Option<DeadLetterConfig>,
    log_config: Option<LogConfigWire>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateAnswer {
    arn: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_config: Option<LogConfigWire>,
}

/// UpdateEventBus: members that are absent stay as they are.
pub fn update(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: UpdateRequest| {
        let mut faults = Faults::default();
        faults.text("name", request.name.as_deref(), &BUS_NAME);
        let settings = Settings {
            description: request.description.as_deref(),
            kms_key: request.kms_key_identifier.as_deref(),
            dead_letter: request.dead_letter_config.as_ref(),
            log: request.log_config.as_ref(),
        };
        settings.check(&mut faults);
        faults.result()?;
        let name = events.bus_of(request.name.as_deref())?;
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            let old = Events::bus(tx, &name)?;
            let bus = Bus {
                description: request.description.or(old.description),
                kms_key: request.kms_key_identifier.or(old.kms_key),
                dead_letter_arn: request.dead_letter_config.map_or(old.dead_letter_arn, |config| config.arn),
                log: request.log_config.map(LogConfig::from).or(old.log),
                modified: now,
                ..old
            };
            tx.put(&BUSES, &name.as_str().to_owned(), &bus);
            Ok(UpdateAnswer {
                arn: name.arn(service.region(), service.account()).to_string(),
                name: name.as_str().to_owned(),
                description: bus.description,
                kms_key_identifier: bus.kms_key,
                dead_letter_config: bus.dead_letter_arn.map(|arn| DeadLetterConfig { arn: Some(arn) }),
                log_config: bus.log.map(LogConfigWire::from),
            })
        }))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRequest {
    name_prefix: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListAnswer {
    event_buses: Vec<BusAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListEventBuses.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.text("namePrefix", request.name_prefix.as_deref(), &BUS_NAME);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let buses = events
            .store()
            .read(|read| read.list(&BUSES, &KeyRange::all(), usize::MAX))
            .map_err(error::of_store)?;
        let prefix = request.name_prefix.unwrap_or_default();
        let page = page(
            buses.into_iter().map(|(_, bus)| bus).filter(|bus| bus.name.as_str().starts_with(&prefix)),
            |bus| bus.name.as_str(),
            request.next_token.as_deref(),
            page_size(request.limit),
        )?;
        Ok(ListAnswer {
            event_buses: page.items.into_iter().map(|bus| BusAnswer::of(bus, events)).collect(),
            next_token: page.next_token,
        })
    })
}

/// DeleteEventBus: a bus that is not there is gone already, and that is no error.
pub fn delete(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: NameRequest| {
        let mut faults = Faults::default();
        faults.required("name", request.name.as_deref(), &BUS_NAME);
        faults.result()?;
        let name = events.bus_of(request.name.as_deref())?;
        if name.is_default() {
            return Err(Error::validation(format!("Cannot delete event bus {name}.")));
        }
        let service = events.clone();
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            let key = name.as_str().to_owned();
            // API reference, DeleteEventBus: "All rules associated with this event bus need to be deleted."
            if !tx.list(&RULES, &KeyRange::prefix(&key), 1).is_empty() {
                return Err(Error::validation(format!(
                    "Event bus {name} can't be deleted since it has rules."
                )));
            }
            tx.remove(&BUSES, &key);
            service.unroute_bus(tx, &name);
            service.associate_source(tx, &name, now);
            Ok(Nothing {})
        }))
    })
}
