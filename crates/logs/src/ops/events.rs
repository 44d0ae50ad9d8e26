//! PutLogEvents, GetLogEvents, FilterLogEvents.

use aws::operation::answer;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{Direction, KeyRange, Read, Tx};

use crate::check::Faults;
use crate::event::{Entry, RejectedEvents, check_batch};
use crate::filter::Filter;
use crate::ops::{OfGroup, write};
use crate::page::{EventPage, EventPosition, PlacedEvent, Query, after, events_of, place_of, token};
use crate::stream::{STREAMS, StreamName};
use crate::{Logs, error, limits};

/// Before all events of a moment.
fn start_of(time_ms: u64) -> EventPosition {
    EventPosition { time_ms, number: 0 }
}

/// The last of all places.
const END: EventPosition = EventPosition { time_ms: u64::MAX, number: u64::MAX };

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutRequest {
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
    log_events: Option<Vec<InputEvent>>,
}

#[derive(Debug, Deserialize)]
struct InputEvent {
    timestamp: Option<u64>,
    message: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutAnswer {
    /// Of no use since 2023, and still in every answer.
    next_sequence_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_log_events_info: Option<RejectedAnswer>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RejectedAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_log_event_end_index: Option<usize>,
}

/// PutLogEvents.
pub(super) fn put(logs: &Logs, call: &Call, body: &[u8]) -> Reply {
    let now = call.now;
    let next = format!("{:056}", call.ids.next_u64());
    write(logs, body, |request: PutRequest| {
        let mut faults = Faults::default();
        faults.group(request.log_group_name.as_deref());
        faults.stream(request.log_stream_name.as_deref());
        let entries = entries(request.log_events, &mut faults);
        faults.result()?;
        check_batch(&entries)?;
        let group = request.log_group_name.unwrap_or_default();
        let stream = request.log_stream_name.unwrap_or_default();
        Ok(move |tx: &mut Tx<'_>| {
            let rejected = Logs::put_events(tx, StreamName { group: &group, stream: &stream }, entries, now)?;
            let rejected_log_events_info =
                (rejected != RejectedEvents::default()).then_some(RejectedAnswer {
                    too_new_log_event_start_index: rejected.too_new_start,
                    too_old_log_event_end_index: rejected.too_old_end,
                    expired_log_event_end_index: rejected.expired_end,
                });
            Ok(PutAnswer { next_sequence_token: next, rejected_log_events_info })
        })
    })
}

fn entries(events: Option<Vec<InputEvent>>, faults: &mut Faults) -> Vec<Entry> {
    let Some(events) = events else {
        faults.add("logEvents", None, "Member must not be null");
        return Vec::new();
    };
    if events.is_empty() || events.len() > limits::EVENTS_MAX {
        let (word, bound) = if events.is_empty() { ("greater", 1) } else { ("less", limits::EVENTS_MAX) };
        let constraint = format!("Member must have length {word} than or equal to {bound}");
        faults.add("logEvents", Some(&format!("[{} events]", events.len())), &constraint);
    }
    let mut entries = Vec::with_capacity(events.len());
    for (number, event) in events.into_iter().enumerate() {
        let at = |member: &str| format!("logEvents.{}.member.{member}", number + 1);
        if event.timestamp.is_none() {
            faults.add(&at("timestamp"), None, "Member must not be null");
        }
        let message = match event.message {
            Some(message) if message.is_empty() => {
                let constraint = "Member must have length greater than or equal to 1";
                faults.add(&at("message"), Some(""), constraint);
                message
            }
            Some(message) => message,
            None => {
                faults.add(&at("message"), None, "Member must not be null");
                String::new()
            }
        };
        entries.push(Entry { time_ms: event.timestamp.unwrap_or_default(), message });
    }
    entries
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetRequest {
    #[serde(flatten)]
    of: OfGroup,
    log_stream_name: Option<String>,
    start_time: Option<u64>,
    end_time: Option<u64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GetAnswer {
    events: Vec<OutputEvent>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputEvent {
    timestamp: u64,
    message: String,
    ingestion_time: u64,
}

/// GetLogEvents. The token of a page's end is given back for the page after it, also where that is empty yet.
pub(super) fn get(logs: &Logs, body: &[u8]) -> Reply {
    answer(body, |request: GetRequest| {
        let mut faults = Faults::default();
        faults.stream(request.log_stream_name.as_deref());
        let limit = faults.limit(request.limit, limits::EVENTS_MAX);
        let group = request.of.name(logs, faults)?;
        let stream = request.log_stream_name.unwrap_or_default();
        let (direction, place) = match request.next_token.as_deref().map(place_of).transpose()? {
            Some(("f", place)) => (Direction::Forwards, Some(place)),
            Some(("b", place)) => (Direction::Backwards, Some(place)),
            Some(_) => return Err(error::invalid_parameter("The specified nextToken is invalid.")),
            None if request.start_from_head == Some(true) => (Direction::Forwards, None),
            None => (Direction::Backwards, None),
        };
        // The end is exclusive here, and inclusive in FilterLogEvents (API reference).
        let mut query = Query {
            from: start_of(request.start_time.unwrap_or_default()),
            to: request.end_time.map_or(END, start_of),
            filter: Filter::default(),
            limit,
        };
        match (direction, place) {
            (Direction::Forwards, Some(place)) => query.from = query.from.max(place),
            (Direction::Backwards, Some(place)) => query.to = query.to.min(place),
            (_, None) => {}
        }
        let found = logs.store().read(|read| {
            let stream = Logs::stream(read, &group, &stream)?;
            Ok::<_, Error>(events_of(read, stream.number, &query, direction).events)
        });
        let mut found = found.map_err(error::of_store)??;
        if direction == Direction::Backwards {
            found.reverse();
        }
        let nothing = place.unwrap_or(query.from);
        let first = found.first().map_or(nothing, |shown| shown.place);
        let last = found.last().map_or(nothing, |shown| after(shown.place));
        Ok(GetAnswer {
            next_forward_token: token("f", last),
            next_backward_token: token("b", first),
            events: found.into_iter().map(OutputEvent::from).collect(),
        })
    })
}

impl From<PlacedEvent> for OutputEvent {
    fn from(PlacedEvent { place, event }: PlacedEvent) -> Self {
        Self { timestamp: place.time_ms, message: event.message, ingestion_time: event.ingested.unix_ms() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterRequest {
    #[serde(flatten)]
    of: OfGroup,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<u64>,
    end_time: Option<u64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FilterAnswer {
    events: Vec<FilteredEvent>,
    /// Always empty, as on AWS since 2020.
    searched_log_streams: Vec<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FilteredEvent {
    log_stream_name: String,
    timestamp: u64,
    message: String,
    ingestion_time: u64,
    event_id: String,
}

/// FilterLogEvents: the events of all or some streams of a group, by time.
pub(super) fn filter(logs: &Logs, body: &[u8]) -> Reply {
    answer(body, |mut request: FilterRequest| {
        let (group, query) = query_of(logs, &mut request)?;
        let names = request.log_stream_names;
        let prefix = request.log_stream_name_prefix.unwrap_or_default();
        let is_wanted = |name: &String| {
            name.starts_with(&prefix) && names.as_ref().is_none_or(|names| names.contains(name))
        };
        let found = logs.store().read(|read| {
            Logs::group(read, &group)?;
            let mut streams = read.list(&STREAMS, &KeyRange::prefix(&group), usize::MAX);
            streams.retain(|((_, name), _)| is_wanted(name));
            let numbered = streams.into_iter().map(|((_, name), stream)| (name, stream.number));
            Ok::<_, Error>(earliest(read, numbered.collect(), &query))
        });
        let EventPage { events, has_more } = found.map_err(error::of_store)??;
        let last = events.last().map(|last| token("n", after(last.shown.place)));
        Ok(FilterAnswer {
            next_token: last.filter(|_| has_more),
            searched_log_streams: Vec::new(),
            events: events.into_iter().map(FilteredEvent::from).collect(),
        })
    })
}

/// The group and the events that are asked for.
fn query_of(logs: &Logs, request: &mut FilterRequest) -> Result<(String, Query), Error> {
    let mut faults = Faults::default();
    let limit = faults.limit(request.limit, limits::EVENTS_MAX);
    let pattern = request.filter_pattern.take().unwrap_or_default();
    faults.length("filterPattern", &pattern, 0..=limits::FILTER_LENGTH_MAX);
    if let Some(prefix) = &request.log_stream_name_prefix {
        faults.stream_like("logStreamNamePrefix", prefix);
    }
    if let Some(names) = &request.log_stream_names
        && !(1..=limits::NAMED_STREAMS_MAX).contains(&names.len())
    {
        let constraint = "Member must have length between 1 and 100";
        faults.add("logStreamNames", Some(&format!("[{} names]", names.len())), constraint);
    }
    let group = std::mem::take(&mut request.of).name(logs, faults)?;
    if request.log_stream_names.is_some() && request.log_stream_name_prefix.is_some() {
        return Err(error::invalid_parameter(
            "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.",
        ));
    }
    let from = match request.next_token.as_deref().map(place_of).transpose()? {
        Some(("n", place)) => place,
        Some(_) => return Err(error::invalid_parameter("The specified nextToken is invalid.")),
        None => start_of(request.start_time.unwrap_or_default()),
    };
    let to = request.end_time.map_or(END, |end| start_of(end.saturating_add(1)));
    Ok((group, Query { from, to, filter: Filter::parse(&pattern)?, limit }))
}

/// An event, and the stream that it is in.
struct StreamEvent {
    stream: String,
    shown: PlacedEvent,
}

/// The earliest events of several streams, at most a page.
fn earliest(read: &mut impl Read, streams: Vec<(String, u64)>, query: &Query) -> EventPage<StreamEvent> {
    let mut found: Vec<StreamEvent> = Vec::new();
    // What comes after this is not known of every stream.
    let mut known_to: Option<EventPosition> = None;
    for (name, number) in streams {
        let EventPage { events: of_stream, has_more } = events_of(read, number, query, Direction::Forwards);
        if let Some(last) = of_stream.last().filter(|_| has_more) {
            known_to = Some(known_to.map_or(last.place, |known| known.min(last.place)));
        }
        found.extend(of_stream.into_iter().map(|shown| StreamEvent { stream: name.clone(), shown }));
        found.sort_by_key(|one| one.shown.place);
        let fitting = fitting(&found, query.limit);
        if fitting < found.len() {
            found.truncate(fitting);
            let last = found.last().map(|last| last.shown.place);
            known_to = known_to.min(last).or(last);
        }
        found.retain(|one| known_to.is_none_or(|known| one.shown.place <= known));
    }
    EventPage { events: found, has_more: known_to.is_some() }
}

/// How many of the first events make a page.
fn fitting(found: &[StreamEvent], limit: usize) -> usize {
    let mut size = 0;
    let fitting = found.iter().take(limit).take_while(|one| {
        size += one.shown.event.message.len() + limits::EVENT_OVERHEAD_BYTES;
        size <= limits::SIZE_BYTES_MAX
    });
    fitting.count().max(1)
}

impl From<StreamEvent> for FilteredEvent {
    fn from(StreamEvent { stream, shown: PlacedEvent { place, event } }: StreamEvent) -> Self {
        Self {
            log_stream_name: stream,
            timestamp: place.time_ms,
            message: event.message,
            ingestion_time: event.ingested.unix_ms(),
            event_id: format!("{:020}{:036}", place.time_ms, place.number),
        }
    }
}
