//! A log event: a moment and a message, written into a stream in the caller's transaction.

use aws::{Error, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Read, Table, Tx};

use crate::Logs;
use crate::error;
use crate::group::{GROUPS, Group};
use crate::limits;
use crate::stream::{STREAMS, Stream, StreamName};

/// All log events, by their stream's number, their time in ms, and the order in which they came.
pub(crate) const EVENTS: Table<(u64, u64, u64), LogEvent> = Table::new(53, "log events");

/// A log event as it is stored; its time is in its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogEvent {
    pub(crate) ingested: Timestamp,
    pub(crate) message: String,
}

store::record!(LogEvent, version 1);

impl LogEvent {
    /// What it counts.
    pub(crate) fn size_bytes(&self) -> u64 {
        u64::try_from(self.message.len() + limits::EVENT_OVERHEAD_BYTES).unwrap_or(u64::MAX)
    }
}

/// An event to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened, in ms since 1970.
    pub time_ms: u64,
    /// What.
    pub message: String,
}

/// Why an event is not recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such log group.
    NoGroup,
    /// The group has as many streams as it may.
    NoStream,
    /// The message is empty or longer than AWS takes; a sentence.
    Message(String),
}

impl Logs {
    /// Adds an event to a log group, in a stream of this name, which is made where it is missing. An event whose time is so
    /// far from now that AWS would not take it is recorded as of now.
    ///
    /// # Errors
    /// [`Refusal`]: nothing is written then.
    pub fn record(
        &self,
        tx: &mut Tx<'_>,
        name: StreamName<'_>,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let StreamName { group, stream } = name;
        if let Some(sentence) = too_large(&entry.message) {
            return Err(Refusal::Message(sentence));
        }
        let mut record = tx.get(&GROUPS, &group.to_owned()).ok_or(Refusal::NoGroup)?;
        let known = tx.get(&STREAMS, &Stream::key(group, stream));
        let known = known.map_or_else(|| Self::create_stream(tx, name, now), Ok);
        let mut into = known.map_err(|_| Refusal::NoStream)?;
        let time_ms = Some(entry.time_ms).filter(|at| judge(*at, &record, now).is_ok());
        add(
            tx,
            Target { group: &mut record, stream: &mut into },
            Entry { time_ms: time_ms.unwrap_or(now.unix_ms()), ..entry },
            now,
        );
        tx.put(&GROUPS, &group.to_owned(), &record);
        tx.put(&STREAMS, &Stream::key(group, stream), &into);
        Ok(())
    }

    /// Adds the events of a request to a stream that is there; which of them were not taken.
    pub(crate) fn put_events(
        tx: &mut Tx<'_>,
        name: StreamName<'_>,
        entries: Vec<Entry>,
        now: Timestamp,
    ) -> Result<RejectedEvents, Error> {
        let StreamName { group, stream } = name;
        let mut record = Self::group(tx, group)?;
        let mut into = Self::stream(tx, group, stream)?;
        let mut rejected = RejectedEvents::default();
        for (index, entry) in entries.into_iter().enumerate() {
            match judge(entry.time_ms, &record, now) {
                Ok(()) => add(tx, Target { group: &mut record, stream: &mut into }, entry, now),
                Err(Untimely::Early) => rejected.too_old_end = Some(index + 1),
                Err(Untimely::Expired) => rejected.expired_end = Some(index + 1),
                Err(Untimely::Ahead) => rejected.too_new_start = rejected.too_new_start.or(Some(index)),
            }
        }
        tx.put(&GROUPS, &group.to_owned(), &record);
        tx.put(&STREAMS, &Stream::key(group, stream), &into);
        Ok(rejected)
    }
}

/// Which events of a request were not taken because of their times: those before the ends, and from the start on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RejectedEvents {
    pub(crate) too_new_start: Option<usize>,
    pub(crate) too_old_end: Option<usize>,
    pub(crate) expired_end: Option<usize>,
}

/// Why an event's time is not taken.
enum Untimely {
    /// Older than any group takes.
    Early,
    /// Older than this group keeps.
    Expired,
    /// Too far in the future.
    Ahead,
}

fn judge(time_ms: u64, group: &Group, now: Timestamp) -> Result<(), Untimely> {
    let now_ms = now.unix_ms();
    let kept_ms = group.retention_days.map_or(u64::MAX, |days| u64::from(days) * 86_400_000);
    let age_ms = now_ms.saturating_sub(time_ms);
    match time_ms.saturating_sub(now_ms) {
        ahead_ms if ahead_ms > limits::AHEAD_MS_MAX => Err(Untimely::Ahead),
        _ if age_ms > limits::AGE_MS_MAX => Err(Untimely::Early),
        _ if age_ms > kept_ms => Err(Untimely::Expired),
        _ => Ok(()),
    }
}

/// The records of the stream that an event is written into.
struct Target<'r> {
    group: &'r mut Group,
    stream: &'r mut Stream,
}

fn add(tx: &mut Tx<'_>, target: Target<'_>, entry: Entry, now: Timestamp) {
    let Target { group, stream } = target;
    let Entry { time_ms, message } = entry;
    let event = LogEvent { ingested: now, message };
    let place = (stream.number, time_ms, tx.next_number());
    tx.put(&EVENTS, &place, &event);
    group.size_bytes = group.size_bytes.saturating_add(event.size_bytes());
    stream.size_bytes = stream.size_bytes.saturating_add(event.size_bytes());
    let (first, last) = stream.times.unwrap_or((time_ms, time_ms));
    stream.times = Some((first.min(time_ms), last.max(time_ms)));
    stream.ingested = Some(now);
}

/// A sentence where a message cannot be one of an event.
fn too_large(message: &str) -> Option<String> {
    if message.is_empty() {
        return Some("The log event has no message.".to_owned());
    }
    let size = message.len() + limits::EVENT_OVERHEAD_BYTES;
    let most = limits::SIZE_BYTES_MAX;
    (size > most).then(|| format!("Log event too large: {size} bytes exceeds limit of {most}"))
}

/// What AWS refuses of a request as a whole (API reference, PutLogEvents).
pub(crate) fn check_batch(entries: &[Entry]) -> Result<(), Error> {
    if let Some(sentence) = entries.iter().find_map(|entry| too_large(&entry.message)) {
        return Err(error::invalid_parameter(sentence));
    }
    let size: usize = entries.iter().map(|entry| entry.message.len() + limits::EVENT_OVERHEAD_BYTES).sum();
    let most = limits::SIZE_BYTES_MAX;
    if size > most {
        return Err(error::invalid_parameter(format!(
            "Upload too large: {size} bytes exceeds limit of {most}"
        )));
    }
    if !entries.is_sorted_by_key(|entry| entry.time_ms) {
        return Err(error::invalid_parameter(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let times = (entries.first().map(|entry| entry.time_ms), entries.last().map(|entry| entry.time_ms));
    if let (Some(first), Some(last)) = times
        && last.saturating_sub(first) > limits::SPAN_MS_MAX
    {
        return Err(error::invalid_parameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}
