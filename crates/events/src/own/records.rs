//! Looking at accepted events: the last ones, those since a moment, those still to come.

use std::pin::Pin;
use std::time::Duration;

use aws::operation::Later;
use aws::{Body, Call, Error, LongPoll, Reply, Timestamp, operation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::buses::bus::BusName;
use crate::error;
use crate::events::Events;
use crate::records::place::EventPlace;
use crate::records::record::EventRecord;

/// The most events that one answer holds.
pub(super) const EVENTS_MAX: usize = 1_000;
/// An answer holds no further event once it has so many bytes of them.
pub(super) const ANSWER_BYTES_MAX: usize = 4 << 20;
/// The longest wait, as ReceiveMessage has it.
const WAIT_S_MAX: u64 = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListEventsRequest {
    pub(super) event_bus_name: Option<String>,
    /// Those after this position, from the oldest; only ListUnmatched knows it.
    pub(super) after: Option<u64>,
    /// The newest so many.
    pub(super) last: Option<usize>,
    /// Those accepted from this moment on, ISO 8601, from the oldest.
    since: Option<String>,
    /// Those accepted within so many seconds, from the oldest.
    age_seconds: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventsAnswer {
    /// Oldest first.
    events: Vec<EventView>,
    /// What comes after these is asked for with WaitForEvents and this position.
    after: u64,
}

/// An event on a bus.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EventView {
    event_bus_name: String,
    /// Where it is among the events of its bus, where many are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// ISO 8601 in ms.
    accepted: String,
    /// It came from another bus.
    forwarded: bool,
    /// Rules that matched when it was accepted.
    rules_matched: u32,
    /// The envelope as it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Box<RawValue>>,
    /// Its text instead, where many a client could not hold the value and would lose the whole answer: 1e999, 200 levels,
    /// half a surrogate pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_text: Option<String>,
}

impl EventView {
    pub(super) fn of(bus: &BusName, position: Option<u64>, kept: EventRecord) -> Option<Self> {
        let holdable = serde_json::from_str::<Value>(&kept.json).is_ok();
        let (event, event_text) = if holdable {
            (Some(RawValue::from_string(kept.json).ok()?), None)
        } else {
            (None, Some(kept.json))
        };
        Some(Self {
            event_bus_name: bus.as_str().to_owned(),
            position,
            accepted: kept.accepted.to_iso_millis(),
            forwarded: kept.forwarded,
            rules_matched: kept.rules_matched,
            event,
            event_text,
        })
    }
}

impl EventsAnswer {
    /// As many of these, oldest first, as one answer holds: from the oldest.
    fn of(bus: &BusName, found: Vec<(u64, EventRecord)>, before: u64) -> Self {
        let mut answer = Self { events: Vec::new(), after: before };
        let mut bytes = 0_usize;
        for (position, kept) in found {
            bytes = bytes.saturating_add(kept.json.len());
            answer.after = position;
            answer.events.extend(EventView::of(bus, Some(position), kept));
            if bytes >= ANSWER_BYTES_MAX {
                break;
            }
        }
        answer
    }
}

pub(super) fn bus_of(name: Option<&str>) -> Result<BusName, Error> {
    let name = name.unwrap_or(BusName::DEFAULT);
    BusName::parse_name_or_arn(name)
        .ok_or_else(|| Error::validation(format!("'{name}' is not the name of an event bus.")))
}

/// As [`bus_of`], of a bus that is there, or of whose events records are left.
pub(super) fn seen_bus_of(events: &Events, name: Option<&str>) -> Result<BusName, Error> {
    let bus = bus_of(name)?;
    let known = events.store().read(|snapshot| {
        Events::has_bus(snapshot, &bus) || !events.last_events(snapshot, &bus, 1).is_empty()
    });
    if known.map_err(queue::error::of_store)? { Ok(bus) } else { Err(error::bus_not_found(&bus)) }
}

/// The events of a bus as they were accepted, oldest first: the last 10, the last so many, or those since a moment.
pub(super) fn list_events(events: &Events, call: &Call, body: &[u8]) -> Reply {
    operation::answer(body, |request: ListEventsRequest| {
        let bus = seen_bus_of(events, request.event_bus_name.as_deref())?;
        let since = request.since_moment(call.now)?;
        let answer = events.store().read(|snapshot| {
            let newest = events.last_events(snapshot, &bus, 1);
            let newest = newest.first().map_or(0, |(position, _)| *position);
            match since {
                Some(since) => {
                    let found = events.events_since(snapshot, &bus, since, EVENTS_MAX);
                    EventsAnswer::of(&bus, found, newest)
                }
                None => {
                    let last = request.last.unwrap_or(10).min(EVENTS_MAX);
                    let mut found = events.last_events(snapshot, &bus, last);
                    newest_that_fit(&mut found);
                    EventsAnswer::of(&bus, found, newest)
                }
            }
        });
        answer.map_err(queue::error::of_store)
    })
}

/// Of events newest first, those that one answer holds, oldest first.
fn newest_that_fit(found: &mut Vec<(u64, EventRecord)>) {
    let mut bytes = 0_usize;
    found.retain(|(_, kept)| {
        let fits = bytes == 0 || bytes.saturating_add(kept.json.len()) < ANSWER_BYTES_MAX;
        bytes = bytes.saturating_add(kept.json.len());
        fits
    });
    found.reverse();
}

impl ListEventsRequest {
    pub(super) fn since_moment(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        if let Some(age) = self.age_seconds {
            return Ok(Some(now.minus(Duration::from_secs(age))));
        }
        let Some(since) = &self.since else { return Ok(None) };
        let moment = Timestamp::parse_iso_or_utc(since).ok_or_else(|| {
            Error::validation(format!("'{since}' is not a time; write it like 2026-03-19T22:04:48Z."))
        })?;
        Ok(Some(moment))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WaitForEventsRequest {
    event_bus_name: Option<String>,
    after: Option<u64>,
    wait_time_seconds: Option<u64>,
}

/// The events of a bus after a position, as soon as there is one; without a position, the newest one's.
pub(super) fn wait_for_events(events: &Events, call: &Call, body: &[u8]) -> Reply {
    match prepare_wait(events, call, body) {
        Ok(wait) => Reply::Poll(Box::new(wait)),
        Err(error) => Reply::Now(Err(error)),
    }
}

fn prepare_wait(events: &Events, call: &Call, body: &[u8]) -> Result<Wait, Error> {
    let request: WaitForEventsRequest = operation::parse(body)?;
    let bus = seen_bus_of(events, request.event_bus_name.as_deref())?;
    let wait_s = request.wait_time_seconds.unwrap_or(0).min(WAIT_S_MAX);
    Ok(Wait {
        events: events.clone(),
        bus,
        after: request.after,
        until: call.now.plus(Duration::from_secs(wait_s)),
        newest: events.subscribe(),
    })
}

/// Somebody who watches a bus.
struct Wait {
    events: Events,
    bus: BusName,
    after: Option<u64>,
    until: Timestamp,
    newest: watch::Receiver<u64>,
}

impl Wait {
    fn look(&self) -> Result<Option<Body>, Error> {
        let events = &self.events;
        let answer = self.events.store().read(|snapshot| match self.after {
            Some(after) => {
                let found =
                    events.events_after(snapshot, EventPlace { bus: &self.bus, position: after }, EVENTS_MAX);
                (!found.is_empty()).then(|| EventsAnswer::of(&self.bus, found, after))
            }
            None => {
                let newest = events.last_events(snapshot, &self.bus, 1);
                let after = newest.first().map_or(0, |(position, _)| *position);
                Some(EventsAnswer { events: Vec::new(), after })
            }
        });
        answer.map_err(queue::error::of_store)?.map(|answer| operation::print(&answer)).transpose()
    }
}

impl LongPoll for Wait {
    fn attempt(&mut self, _now: Timestamp) -> Later<Option<Body>> {
        Box::pin(std::future::ready(self.look()))
    }

    fn arrival(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut newest = self.newest.clone();
        newest.borrow_and_update();
        Box::pin(async move {
            // The sender lives as long as the room; were it gone, nothing would come any more.
            if newest.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    fn until(&self) -> Timestamp {
        self.until
    }

    fn nothing(&self) -> Body {
        let nothing = EventsAnswer { events: Vec::new(), after: self.after.unwrap_or(0) };
        operation::print(&nothing).unwrap_or_default()
    }
}
