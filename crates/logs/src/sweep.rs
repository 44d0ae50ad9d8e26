//! Sweeping: what is past its retention goes, and the oldest events where all together take too much (contract C10).

use std::sync::atomic::Ordering;
use std::time::Duration;

use aws::Timestamp;
use store::{Found, KeyRange, Read, Tx};

use crate::Logs;
use crate::event::EVENTS;
use crate::group::{GROUPS, Group};
use crate::limits;
use crate::stream::{CLEARING, STREAMS, Stream};

/// How long a sweep that found nothing more to do is worth nothing.
const PAUSE: Duration = Duration::from_secs(60);

/// What a sweep keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// About so many events are removed at most.
    pub events: usize,
    /// So many bytes all groups together may keep.
    pub kept_bytes: u64,
}

impl Logs {
    /// Removes up to about `limit` events that are past their group's retention, of deleted streams, or the oldest beyond what
    /// all groups may hold. Gives back how many it removed; as long as that reaches `limit` there may be more.
    pub fn sweep(&self, tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
        self.sweep_to(tx, now, Limits { events: limit, kept_bytes: limits::KEPT_BYTES_MAX })
    }

    /// As [`Logs::sweep`], with the bound of all groups together as an argument.
    pub fn sweep_to(&self, tx: &mut Tx<'_>, now: Timestamp, limits: Limits) -> usize {
        let Limits { events: limit, kept_bytes } = limits;
        if now.unix_ms() < self.sweep_at.load(Ordering::Relaxed) {
            return 0;
        }
        let mut removed = clear(tx, limit);
        removed += expire(tx, now, limit.saturating_sub(removed));
        removed += shrink(tx, kept_bytes, limit.saturating_sub(removed));
        if removed < limit {
            self.sweep_at.store(now.plus(PAUSE).unix_ms(), Ordering::Relaxed);
        }
        removed
    }
}

/// Events of streams that were deleted.
fn clear(tx: &mut Tx<'_>, limit: usize) -> usize {
    let mut removed = 0;
    for (number, _) in tx.list_found(&CLEARING, &KeyRange::all(), limit) {
        let left = limit.saturating_sub(removed);
        let (events, _) = remove(tx, &KeyRange::prefix(&number), left);
        removed += events;
        if events < left {
            tx.remove(&CLEARING, &number);
        }
    }
    removed
}

fn expire(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
    let mut removed = 0;
    for (name, group) in groups(tx) {
        let Some(days) = group.retention_days else { continue };
        let kept_from = now.minus(Duration::from_secs(u64::from(days) * 86_400)).unix_ms();
        for (key, stream) in streams(tx, &KeyRange::prefix(&name)) {
            if removed < limit && stream.times.is_some_and(|(first, _)| first < kept_from) {
                removed += shorten(tx, (key, stream), kept_from, limit - removed).0;
            }
        }
    }
    removed
}

/// The oldest events of all groups, for as long as they take more than they may.
fn shrink(tx: &mut Tx<'_>, kept_bytes_max: u64, limit: usize) -> usize {
    let mut size: u64 = groups(tx).iter().map(|(_, group)| group.size_bytes).sum();
    let mut removed = 0;
    while size > kept_bytes_max && removed < limit {
        let mut oldest = streams(tx, &KeyRange::all());
        oldest.retain(|(_, stream)| stream.times.is_some());
        oldest.sort_by_key(|(_, stream)| stream.times);
        // What is older than the second oldest stream's first event is older than everything else.
        let until = oldest.get(1).and_then(|(_, stream)| stream.times);
        let until = until.map_or(u64::MAX, |(first, _)| first.saturating_add(1));
        let Some((key, stream)) = oldest.into_iter().next() else { break };
        let (events, bytes) = shorten(tx, (key, stream), until, SHRUNK_AT_ONCE_MAX.min(limit - removed));
        // A stream whose record says more than is there has been set right, which is progress too.
        removed += events.max(1);
        size = size.saturating_sub(bytes);
    }
    removed
}

/// So many events go at once where all take too much: a look at each one's size would cost more than a few too many.
const SHRUNK_AT_ONCE_MAX: usize = 100;

fn groups(tx: &mut Tx<'_>) -> Vec<(String, Group)> {
    let found = tx.list_found(&GROUPS, &KeyRange::all(), usize::MAX);
    found.into_iter().filter_map(|(name, group)| Some((name, group?))).collect()
}

fn streams(tx: &mut Tx<'_>, range: &KeyRange) -> Vec<((String, String), Stream)> {
    let found = tx.list_found(&STREAMS, range, usize::MAX);
    found.into_iter().filter_map(|(key, stream)| Some((key, stream?))).collect()
}

/// Removes up to `limit` events of a stream from before `until_ms`, and sets its record and its group's anew; their number and bytes.
fn shorten(tx: &mut Tx<'_>, entry: ((String, String), Stream), until_ms: u64, limit: usize) -> (usize, u64) {
    let (key, mut stream) = entry;
    let old = KeyRange::between(&stream.number, &(stream.number, until_ms));
    let (events, bytes) = remove(tx, &old, limit);
    stream.size_bytes = stream.size_bytes.saturating_sub(bytes);
    let first = tx.list_found(&EVENTS, &KeyRange::prefix(&stream.number), 1).pop();
    let first = first.map(|((_, time_ms, _), _)| time_ms);
    stream.times = stream.times.and_then(|(_, last)| Some((first?, last)));
    tx.put(&STREAMS, &key, &stream);
    if let Found::Value(mut group) = tx.find(&GROUPS, &key.0) {
        group.size_bytes = group.size_bytes.saturating_sub(bytes);
        tx.put(&GROUPS, &key.0, &group);
    }
    (events, bytes)
}

/// Removes the first `limit` events of a range; their number and bytes.
fn remove(tx: &mut Tx<'_>, range: &KeyRange, limit: usize) -> (usize, u64) {
    let old = tx.list_found(&EVENTS, range, limit);
    for (key, event) in &old {
        if event.is_none() {
            tx.pass_over(&EVENTS, key);
        }
        tx.remove(&EVENTS, key);
    }
    let bytes = old.iter().flat_map(|(_, event)| event).map(|event| event.size_bytes()).sum();
    (old.len(), bytes)
}
