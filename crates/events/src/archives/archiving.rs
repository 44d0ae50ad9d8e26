//! Archiving: which archives want a copy of an event, the copy in the commit that accepts it, and what sweeps remove.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws::{Event, Timestamp};
use store::{KeyRange, Read, Tx};

use crate::archives::archive::{
    ARCHIVED, ARCHIVES, Archive, ArchiveCopy, ArchiveSize, ArchivedEvent, Archiver, BusArchives, CLEARING,
    SIZES,
};
use crate::archives::replay::is_replayed;
use crate::buses::bus::BusName;
use crate::events::Events;

/// Seconds in a day.
const DAY_S: u64 = 86_400;

impl Events {
    /// The archives as they are stored now, for [`Events::copies_of`].
    pub(crate) fn load_archives(&self, read: &mut impl Read) {
        self.archivers().0.store(Arc::new(Self::archivers_stored(read)));
    }

    /// After this commit, events are archived as this transaction sees the archives.
    pub(crate) fn reload_archives(&self, tx: &mut Tx<'_>) {
        let archivers = Arc::new(Self::archivers_stored(tx));
        let events = self.clone();
        tx.after_commit(move || {
            events.archivers().0.store(archivers);
            events.note_routing_change();
        });
    }

    fn archivers_stored(read: &mut impl Read) -> HashMap<BusName, BusArchives> {
        let mut archivers: HashMap<BusName, Vec<Archiver>> = HashMap::new();
        for (_, archive) in read.list(&ARCHIVES, &KeyRange::all(), usize::MAX) {
            archivers.entry(archive.bus.clone()).or_default().extend(Archiver::of(&archive));
        }
        archivers.into_iter().map(|(bus, all)| (bus, BusArchives::of(all))).collect()
    }

    /// The copies that archives want of an event of a bus. An event that was replayed is not archived again (user guide,
    /// "Archiving and replaying events": the managed rule of an archive asks that there be no `replay-name`).
    pub(crate) fn copies_of(&self, bus: &BusName, json: &str, now: Timestamp) -> Vec<ArchiveCopy> {
        let archivers = self.archivers().0.load();
        let Some(archivers) = archivers.get(bus).filter(|_| !is_replayed(json)) else { return Vec::new() };
        let wanting = archivers.wanting(json);
        if wanting.is_empty() {
            return Vec::new();
        }
        let time = Event::from_json(json, now).map_or(now, |event| event.time);
        let copies = wanting.into_iter();
        copies.map(|one| ArchiveCopy { archive: one.name.clone(), number: one.number, time }).collect()
    }

    /// Puts the copies of an event into their archives.
    pub(crate) fn archive(tx: &mut Tx<'_>, copies: &[ArchiveCopy], position: u64, json: &str) {
        for copy in copies {
            // Deleted between matching and now: then it wants nothing any more.
            if tx.get(&ARCHIVES, &copy.archive).is_none_or(|archive| archive.number != copy.number) {
                continue;
            }
            let key = (copy.number, copy.time.unix_ms(), position);
            tx.put(&ARCHIVED, &key, &ArchivedEvent { json: json.to_owned() });
            let size = Self::archive_size(tx, copy.number);
            let size = ArchiveSize { events: size.events + 1, bytes: size.bytes + length(json) };
            tx.put(&SIZES, &copy.number, &size);
        }
    }

    /// What an archive holds.
    pub(crate) fn archive_size(read: &mut impl Read, number: u64) -> ArchiveSize {
        read.get(&SIZES, &number).unwrap_or_default()
    }

    /// Lets go of an archive; sweeps remove its events.
    pub(crate) fn delete_archive(&self, tx: &mut Tx<'_>, archive: &Archive) {
        tx.remove(&ARCHIVES, &archive.name);
        tx.remove(&SIZES, &archive.number);
        tx.put(&CLEARING, &archive.number, &());
        self.reload_archives(tx);
    }

    /// Removes archived events past their retention and those of deleted archives, at most `limit`; how many.
    pub(crate) fn sweep_archives(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
        let mut removed = 0;
        for (number, ()) in tx.list(&CLEARING, &KeyRange::all(), usize::MAX) {
            let left = limit.saturating_sub(removed);
            let gone = remove_archived(tx, &KeyRange::prefix(&number), left);
            removed += gone.events;
            if gone.events < left {
                tx.remove(&CLEARING, &number);
            }
        }
        for (_, archive) in tx.list(&ARCHIVES, &KeyRange::all(), usize::MAX) {
            if archive.retention_days == 0 || removed >= limit {
                continue;
            }
            let retention = Duration::from_secs(u64::from(archive.retention_days) * DAY_S);
            let oldest_kept = now.minus(retention).unix_ms();
            let range = KeyRange::between(&archive.number, &(archive.number, oldest_kept));
            let Removal { bytes, events } = remove_archived(tx, &range, limit - removed);
            if events > 0 {
                removed += events;
                let size = Self::archive_size(tx, archive.number);
                let many = u64::try_from(events).unwrap_or(u64::MAX);
                let size = ArchiveSize {
                    events: size.events.saturating_sub(many),
                    bytes: size.bytes.saturating_sub(bytes),
                };
                tx.put(&SIZES, &archive.number, &size);
            }
        }
        removed
    }
}

/// What was removed.
struct Removal {
    bytes: u64,
    events: usize,
}

/// Removes the first `limit` events of a range.
fn remove_archived(tx: &mut Tx<'_>, range: &KeyRange, limit: usize) -> Removal {
    let old = tx.list_found(&ARCHIVED, range, limit);
    for (key, _) in &old {
        tx.remove(&ARCHIVED, key);
    }
    let bytes = old.iter().flat_map(|(_, event)| event).map(|event| length(&event.json)).sum();
    Removal { bytes, events: old.len() }
}

fn length(json: &str) -> u64 {
    u64::try_from(json.len()).unwrap_or(u64::MAX)
}
