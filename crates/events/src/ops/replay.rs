//! StartReplay, DescribeReplay, ListReplays, CancelReplay.

use aws::operation::{answer, commit};
use aws::page::page;
use aws::{Arn, Call, Error, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read};

use crate::archives::archive::{ARCHIVES, Archive};
use crate::archives::replay::{REPLAYS, Replay, ReplayState, Source};
use crate::buses::bus::BusName;
use crate::error;
use crate::events::Events;
use crate::ops::check::{ARN, DESCRIPTION, Faults, RULE_NAME, page_size};
use crate::ops::put_events::Time;

/// What a filter by state may ask for.
const STATES: [&str; 6] = ["STARTING", "RUNNING", "CANCELLING", "COMPLETED", "CANCELLED", "FAILED"];

/// Where a replay puts its events.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_arns: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartRequest {
    replay_name: Option<String>,
    description: Option<String>,
    event_source_arn: Option<String>,
    event_start_time: Option<Time>,
    event_end_time: Option<Time>,
    destination: Option<Destination>,
}

/// A request that may start a replay, but for what only the store knows.
struct Start {
    archive: String,
    bus: BusName,
    replay: Replay,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct StartAnswer {
    replay_arn: String,
    state: ReplayState,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_start_time: Option<f64>,
}

/// StartReplay.
pub fn start(events: &Events, Call { now, .. }: Call, body: &[u8]) -> Reply {
    commit(body, |request: StartRequest| {
        let Start { archive, bus, replay } = check_start(request, now)?;
        let service = events.clone();
        Ok(events.store().write(error::of_store, move |tx| {
            // Which of several faults AWS names: the name first.
            if tx.contains(&REPLAYS, &replay.name) {
                return Err(error::replay_exists(&replay.name));
            }
            let Some(archive) = tx.get(&ARCHIVES, &archive) else {
                return Err(Error::validation(format!(
                    "Parameter EventSourceArn is not valid. Reason: Archive {archive} does not exist."
                )));
            };
            Events::bus(tx, &bus)?;
            if bus != archive.bus {
                return Err(Error::validation(
                    "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
                ));
            }
            let source = Source::Archive { name: archive.name, number: archive.number };
            let replay = Replay { source, ..replay };
            service.begin_replay(tx, &replay)?;
            Ok(StartAnswer {
                replay_arn: Replay::arn(&replay.name, service.region(), service.account()).to_string(),
                state: replay.state,
                replay_start_time: Some(now.to_unix_seconds_f64()),
            })
        }))
    })
}

fn check_start(request: StartRequest, now: Timestamp) -> Result<Start, Error> {
    let mut faults = Faults::default();
    faults.required("replayName", request.replay_name.as_deref(), &RULE_NAME);
    faults.text("description", request.description.as_deref(), &DESCRIPTION);
    faults.required("eventSourceArn", request.event_source_arn.as_deref(), &ARN);
    let (from, to) = (request.event_start_time.as_ref(), request.event_end_time.as_ref());
    for (at, time) in [("eventStartTime", from), ("eventEndTime", to)] {
        if time.is_none() {
            faults.missing(at);
        }
    }
    match &request.destination {
        None => faults.missing("destination"),
        Some(destination) => faults.required("destination.arn", destination.arn.as_deref(), &ARN),
    }
    let (arn, filter) = request.destination.map_or((None, None), |to| (to.arn, to.filter_arns));
    let filter = filter.unwrap_or_default();
    for (number, rule) in filter.iter().enumerate() {
        faults.text(&format!("destination.filterArns.{}.member", number + 1), Some(rule), &ARN);
    }
    faults.result()?;
    let moment = |time: Option<&Time>| time.and_then(Time::moment).unwrap_or_default();
    let (from, to) = (moment(from), moment(to));
    if to <= from {
        return Err(Error::validation(
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
        ));
    }
    let bus = parsed(arn.as_deref()).as_ref().and_then(BusName::of_arn).ok_or_else(|| {
        Error::validation("Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.")
    })?;
    let archive = archive_at(request.event_source_arn.as_deref());
    let source = Source::Archive { name: archive.clone(), number: 0 };
    let replay = Replay {
        description: request.description,
        filter,
        from,
        to,
        ..Replay::new(request.replay_name.unwrap_or_default(), source, bus.clone(), now)
    };
    Ok(Start { archive, bus, replay })
}

fn parsed(arn: Option<&str>) -> Option<Arn> {
    arn.and_then(|arn| arn.parse().ok())
}

/// The name of the archive that an ARN names; a text that is no such ARN names no archive that exists.
fn archive_at(text: Option<&str>) -> String {
    let arn = parsed(text).filter(|arn| arn.service == "events");
    let name = arn.as_ref().and_then(|arn| arn.resource.strip_prefix("archive/"));
    name.or(text).unwrap_or_default().to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameRequest {
    replay_name: Option<String>,
}

impl NameRequest {
    fn name(self) -> Result<String, Error> {
        let mut faults = Faults::default();
        faults.required("replayName", self.replay_name.as_deref(), &RULE_NAME);
        faults.result()?;
        Ok(self.replay_name.unwrap_or_default())
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReplayAnswer {
    replay_name: String,
    state: ReplayState,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<String>,
    event_source_arn: String,
    event_start_time: f64,
    event_end_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_last_replayed_time: Option<f64>,
    replay_start_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_end_time: Option<f64>,
    /// From here on: what only DescribeReplay tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Destination>,
}

impl ReplayAnswer {
    fn of(replay: Replay, events: &Events) -> Self {
        let last = replay.reached.map(|(time_ms, _)| Timestamp::from_unix_ms(time_ms));
        Self {
            // Event records are of no archive: then the source is the bus itself.
            event_source_arn: match &replay.source {
                Source::Archive { name, .. } => Archive::arn(name, events.region(), events.account()),
                Source::Kept { .. } => replay.bus.arn(events.region(), events.account()),
            }
            .to_string(),
            replay_name: replay.name,
            state: replay.state,
            state_reason: replay.reason,
            event_start_time: replay.from.to_unix_seconds_f64(),
            event_end_time: replay.to.to_unix_seconds_f64(),
            event_last_replayed_time: last.map(Timestamp::to_unix_seconds_f64),
            replay_start_time: replay.started.to_unix_seconds_f64(),
            replay_end_time: replay.ended.map(Timestamp::to_unix_seconds_f64),
            replay_arn: None,
            description: None,
            destination: None,
        }
    }
}

/// DescribeReplay.
pub fn describe(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: NameRequest| {
        let name = request.name()?;
        let (region, account) = (events.region(), events.account());
        let found = events.store().read(|read| Events::replay_named(read, &name));
        let replay = found.map_err(error::of_store)??;
        let destination = Destination {
            arn: Some(replay.bus.arn(region, account).to_string()),
            filter_arns: Some(replay.filter.clone()).filter(|filter| !filter.is_empty()),
        };
        Ok(ReplayAnswer {
            replay_arn: Some(Replay::arn(&name, region, account).to_string()),
            description: replay.description.clone(),
            destination: Some(destination),
            ..ReplayAnswer::of(replay, events)
        })
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
    replays: Vec<ReplayAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// ListReplays.
pub fn list(events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: ListRequest| {
        let mut faults = Faults::default();
        faults.text("namePrefix", request.name_prefix.as_deref(), &RULE_NAME);
        faults.text("eventSourceArn", request.event_source_arn.as_deref(), &ARN);
        faults.one_of("state", request.state.as_deref(), &STATES);
        faults.paging(request.limit, request.next_token.as_deref());
        faults.result()?;
        let filters = [&request.name_prefix, &request.event_source_arn, &request.state];
        if filters.into_iter().flatten().count() > 1 {
            return Err(error::one_filter("ListReplays"));
        }
        let replays = events.store().read(|read| read.list(&REPLAYS, &KeyRange::all(), usize::MAX));
        let replays = replays.map_err(error::of_store)?.into_iter();
        let answers = replays.map(|(_, replay)| ReplayAnswer::of(replay, events)).filter(|replay| {
            let source = request.event_source_arn.as_ref();
            request.name_prefix.as_ref().is_none_or(|prefix| replay.replay_name.starts_with(prefix))
                && source.is_none_or(|source| replay.event_source_arn == *source)
                && request.state.as_deref().is_none_or(|state| replay.state.name() == state)
        });
        let size = page_size(request.limit);
        let page = page(answers, |replay| &replay.replay_name, request.next_token.as_deref(), size)?;
        Ok(ListAnswer { replays: page.items, next_token: page.next_token })
    })
}

/// CancelReplay: what was replayed stays; the rest is not. Words for one that has ended: moto's.
pub fn cancel(events: &Events, _call: Call, body: &[u8]) -> Reply {
    commit(body, |request: NameRequest| {
        let name = request.name()?;
        let service = events.clone();
        Ok(events.store().write_reserved(error::of_store, move |tx| {
            let replay = Events::replay_named(tx, &name)?;
            if !matches!(replay.state, ReplayState::Starting | ReplayState::Running) {
                return Err(error::replay_ended(&name));
            }
            let state = ReplayState::Cancelling;
            tx.put(&REPLAYS, &name, &Replay { state, ..replay });
            service.announce_replay(tx);
            Ok(StartAnswer {
                replay_arn: Replay::arn(&name, service.region(), service.account()).to_string(),
                state,
                replay_start_time: None,
            })
        }))
    })
}

impl Events {
    /// The replay's record.
    pub(crate) fn replay_named(read: &mut impl Read, name: &str) -> Result<Replay, Error> {
        read.get(&REPLAYS, &name.to_owned()).ok_or_else(|| error::replay_not_found(name))
    }
}
