//! Pages of events: a place between two events, and the events before or after it.
//!
//! A token says on which side of a place its page lies. What is recorded later with an earlier time than the place is on its
//! other side, as on AWS.

use std::ops::ControlFlow;

use aws::Error;
use store::{Direction, KeyRange, Read};

use crate::error;
use crate::event::{EVENTS, LogEvent};
use crate::filter::Filter;
use crate::limits;

/// A place among events: before the one with this time in ms and this number. The first place is all zeroes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EventPosition {
    pub(crate) time_ms: u64,
    pub(crate) number: u64,
}

/// An event as it is shown, with its place.
#[derive(Clone, Debug)]
pub(crate) struct PlacedEvent {
    pub(crate) place: EventPosition,
    pub(crate) event: LogEvent,
}

/// Events, and whether there are more.
#[derive(Debug)]
pub(crate) struct EventPage<E> {
    pub(crate) events: Vec<E>,
    pub(crate) has_more: bool,
}

/// Which events are shown.
#[derive(Debug)]
pub(crate) struct Query {
    /// From this place on.
    pub(crate) from: EventPosition,
    /// Before this place.
    pub(crate) to: EventPosition,
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
}

/// The events of a stream in `direction`, at most so many as are query and as fit into a page, but one where there is one;
/// and whether there are more.
pub(crate) fn events_of(
    read: &mut impl Read,
    stream: u64,
    query: &Query,
    direction: Direction,
) -> EventPage<PlacedEvent> {
    let key = |place: EventPosition| (stream, place.time_ms, place.number);
    let range = KeyRange::between(&key(query.from), &key(query.to));
    let mut shown: Vec<PlacedEvent> = Vec::new();
    let mut has_more = false;
    let mut size = 0;
    read.visit(&EVENTS, &range, direction, &mut |(_, time_ms, number), event| {
        if !query.filter.matches(&event.message) {
            return ControlFlow::Continue(());
        }
        size += event.message.len() + limits::EVENT_OVERHEAD_BYTES;
        let is_full = shown.len() >= query.limit || size > limits::SIZE_BYTES_MAX;
        if is_full && !shown.is_empty() {
            has_more = true;
            return ControlFlow::Break(());
        }
        shown.push(PlacedEvent { place: EventPosition { time_ms, number }, event });
        ControlFlow::Continue(())
    });
    EventPage { events: shown, has_more }
}

/// The place after an event.
pub(crate) fn after(EventPosition { time_ms, number }: EventPosition) -> EventPosition {
    let next_ms = EventPosition { time_ms: time_ms.saturating_add(1), number: 0 };
    number.checked_add(1).map_or(next_ms, |number| EventPosition { time_ms, number })
}

/// A place as a token, with a word before it that says which way it goes.
pub(crate) fn token(way: &str, EventPosition { time_ms, number }: EventPosition) -> String {
    format!("{way}/{time_ms:020}{number:036}")
}

/// The way and the place of a token.
pub(crate) fn place_of(token: &str) -> Result<(&str, EventPosition), Error> {
    let read = || {
        let (way, digits) = token.split_once('/')?;
        let (time_ms, number) = digits.split_at_checked(20).filter(|_| digits.len() == 56)?;
        Some((way, EventPosition { time_ms: time_ms.parse().ok()?, number: number.parse().ok()? }))
    };
    read().ok_or_else(|| error::invalid_parameter("The specified nextToken is invalid."))
}

#[cfg(test)]
mod tests {
    use super::{EventPosition, after, place_of, token};

    #[test]
    fn a_token_there_and_back() {
        let at = |time_ms, number| EventPosition { time_ms, number };
        for place in [at(0, 0), at(1_773_921_600_000, 7), at(u64::MAX, u64::MAX)] {
            assert_eq!(place_of(&token("f", place)).unwrap(), ("f", place));
        }
        for text in ["", "f", "f/", "f/1", "x", &"1".repeat(58), "f/é"] {
            assert_eq!(place_of(text).unwrap_err().code, "InvalidParameterException", "{text}");
        }
        assert_eq!((after(at(1, 2)), after(at(1, u64::MAX))), (at(1, 3), at(2, 0)));
    }
}
