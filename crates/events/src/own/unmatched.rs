//! The events of a bus that matched no rule, and what the bus's rules were at the time.

use aws::{Call, Reply, operation};
use serde::{Deserialize, Serialize};

use crate::events::Events;
use crate::own::records::{ANSWER_BYTES_MAX, EVENTS_MAX, EventView, ListEventsRequest, seen_bus_of};
use crate::records::history::Era;
use crate::records::place::EventPlace;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UnmatchedAnswer {
    /// Those that matched no rule, oldest first.
    events: Vec<EventView>,
    /// How many events these are among.
    seen: usize,
    /// Whether there may be more.
    more: bool,
    /// What comes after these is asked for with this position.
    after: u64,
}

/// The events that matched no rule among the last so many, those since a moment, or those after a position.
pub(super) fn list(events: &Events, call: &Call, body: &[u8]) -> Reply {
    operation::answer(body, |request: ListEventsRequest| {
        let bus = seen_bus_of(events, request.event_bus_name.as_deref())?;
        let since = request.since_moment(call.now)?;
        let answer = events.store().read(|snapshot| {
            let after = match (request.after, since, request.last) {
                (Some(after), ..) => after,
                (None, Some(since), _) => Events::position_before(snapshot, &bus, since),
                (None, None, last) => {
                    let last = events.last_events(snapshot, &bus, last.unwrap_or(EVENTS_MAX).min(EVENTS_MAX));
                    last.last().map_or(0, |(position, _)| position.saturating_sub(1))
                }
            };
            let found = events.events_after(snapshot, EventPlace { bus: &bus, position: after }, EVENTS_MAX);
            let mut answer = UnmatchedAnswer { events: Vec::new(), seen: 0, more: !found.is_empty(), after };
            let mut bytes = 0_usize;
            for (position, kept) in found {
                if bytes >= ANSWER_BYTES_MAX {
                    break;
                }
                answer.after = position;
                answer.seen += usize::from(since.is_none_or(|since| kept.accepted >= since));
                if kept.rules_matched == 0 && since.is_none_or(|since| kept.accepted >= since) {
                    bytes = bytes.saturating_add(kept.json.len());
                    answer.events.extend(EventView::of(&bus, Some(position), kept));
                }
            }
            answer
        });
        answer.map_err(queue::error::of_store)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionsRequest {
    event_bus_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionsAnswer {
    rule_versions: Vec<Version>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    name: String,
    event_pattern: String,
    enabled: bool,
    /// It met events at greater positions.
    after: u64,
    /// It met events up to this position; none: it still does.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

/// How the rules of a bus were, as far back as events are kept.
pub(super) fn rule_versions(events: &Events, body: &[u8]) -> Reply {
    operation::answer(body, |request: VersionsRequest| {
        let bus = seen_bus_of(events, request.event_bus_name.as_deref())?;
        let read = events.store().read(|snapshot| events.rule_history(snapshot, &bus));
        let version = |era: Era| Version {
            name: era.rule.as_str().to_owned(),
            event_pattern: era.pattern,
            enabled: era.enabled,
            after: era.after,
            until: era.until,
        };
        let eras = read.map_err(queue::error::of_store)?.into_iter();
        Ok(VersionsAnswer { rule_versions: eras.map(version).collect() })
    })
}
