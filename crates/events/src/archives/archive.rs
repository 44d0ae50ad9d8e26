//! An archive: a copy of every event of a bus that matches its pattern, kept for its own time, to be replayed.
//!
//! Events are copied, so that an archive neither lengthens nor shortens the life of the event records that people look at.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws::{Arn, Timestamp};
use pattern::{EventPattern, RuleId, RuleSet};
use serde::{Deserialize, Serialize};
use store::Table;

use crate::buses::bus::BusName;

/// All archives, by name.
pub(crate) const ARCHIVES: Table<String, Archive> = Table::new(27, "archives");
/// Copies of events, by the archive's number, the event's time in ms, and its position on its bus.
pub(crate) const ARCHIVED: Table<(u64, u64, u64), ArchivedEvent> = Table::new(28, "archived events");
/// What each archive holds, by its number.
pub(crate) const SIZES: Table<u64, ArchiveSize> = Table::new(29, "archive sizes");
/// Numbers of archives that were deleted and whose events sweeps remove.
pub(crate) const CLEARING: Table<u64, ()> = Table::new(30, "archives to clear");

/// An archive as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Archive {
    pub(crate) name: String,
    /// Its own for ever: an archive that is made again under the same name is another one.
    pub(crate) number: u64,
    pub(crate) bus: BusName,
    pub(crate) description: Option<String>,
    /// The pattern's text as it was put: it parsed then. None: every event.
    pub(crate) pattern: Option<String>,
    /// 0: for ever.
    pub(crate) retention_days: u32,
    pub(crate) kms_key: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) feeding: Feeding,
}

/// Whether an archive still takes events: its managed rule, or that rule's target, may be taken away by force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Feeding {
    /// It does.
    #[default]
    Fed,
    /// Its rule has no target any more.
    Cut,
    /// Its rule is gone.
    Gone,
}

/// An archive as version 1 stored it: always fed.
#[derive(Deserialize)]
struct ArchiveOfVersion1 {
    name: String,
    number: u64,
    bus: BusName,
    description: Option<String>,
    pattern: Option<String>,
    retention_days: u32,
    kms_key: Option<String>,
    created: Timestamp,
}

impl store::Record for Archive {
    const VERSION: u8 = 2;

    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        store::record::to_postcard(self, bytes)
    }

    fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
        match version {
            1 => store::record::from_postcard::<ArchiveOfVersion1>(bytes).map(Self::from),
            Self::VERSION => store::record::from_postcard(bytes),
            _ => None,
        }
    }
}

impl From<ArchiveOfVersion1> for Archive {
    fn from(old: ArchiveOfVersion1) -> Self {
        let ArchiveOfVersion1 { name, number, bus, description, pattern, retention_days, kms_key, created } =
            old;
        let feeding = Feeding::Fed;
        Self { name, number, bus, description, pattern, retention_days, kms_key, created, feeding }
    }
}

impl Archive {
    /// Its full name.
    pub(crate) fn arn(name: &str, region: &str, account: &str) -> Arn {
        Arn::new("events", region, account, format!("archive/{name}"))
    }
}

/// An event in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArchivedEvent {
    /// The whole envelope.
    pub(crate) json: String,
}

store::record!(ArchivedEvent, version 1);

/// What an archive holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArchiveSize {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

store::record!(ArchiveSize, version 1);

/// The archives of all buses, compiled, in a snapshot that readers load without a lock.
#[derive(Debug, Default)]
pub(crate) struct Archivers(pub(crate) ArcSwap<HashMap<BusName, BusArchives>>);

/// The archives that one bus feeds, their patterns matched together.
#[derive(Debug, Default)]
pub(crate) struct BusArchives {
    /// By place in `all`.
    patterns: RuleSet,
    all: Vec<Archiver>,
}

/// An archive as matching needs it.
#[derive(Clone, Debug)]
pub(crate) struct Archiver {
    pub(crate) name: String,
    pub(crate) number: u64,
    pattern: Option<Arc<EventPattern>>,
}

/// A copy that an archive wants of an event.
#[derive(Debug)]
pub(crate) struct ArchiveCopy {
    pub(crate) archive: String,
    pub(crate) number: u64,
    /// The event's own time.
    pub(crate) time: Timestamp,
}

impl Archiver {
    /// None where it is not fed. A pattern that does not parse now can only come from an older Trunkline that took more: such an archive takes
    /// nothing.
    pub(crate) fn of(archive: &Archive) -> Option<Self> {
        if archive.feeding != Feeding::Fed {
            return None;
        }
        let pattern = match &archive.pattern {
            Some(pattern) => Some(Arc::new(EventPattern::parse(pattern).ok()?)),
            None => None,
        };
        Some(Self { name: archive.name.clone(), number: archive.number, pattern })
    }
}

impl BusArchives {
    /// Of these archives.
    pub(crate) fn of(all: Vec<Archiver>) -> Self {
        let patterns = RuleSet::new();
        let numbered = (0..).zip(&all);
        patterns.put_all(numbered.filter_map(|(id, archiver)| Some((id, archiver.pattern.as_deref()?))));
        Self { patterns, all }
    }

    /// Those that take an event.
    pub(crate) fn wanting(&self, json: &str) -> Vec<&Archiver> {
        let matching = if self.patterns.is_empty() { Vec::new() } else { self.matching(json) };
        let numbered = (0..).zip(&self.all);
        let wanting = numbered.filter(|(id, archiver)| archiver.pattern.is_none() || matching.contains(id));
        wanting.map(|(_, archiver)| archiver).collect()
    }

    fn matching(&self, json: &str) -> Vec<RuleId> {
        let alone = |_| {
            let wants = |archiver: &Archiver| {
                archiver.pattern.as_ref().is_some_and(|one| one.matches(json.as_bytes()).unwrap_or(false))
            };
            (0..).zip(&self.all).filter(|(_, one)| wants(one)).map(|(id, _)| id).collect()
        };
        self.patterns.matches(json.as_bytes()).unwrap_or_else(alone)
    }

    /// The most work that one value of an event can make, in comparisons of short texts.
    pub(crate) fn work(&self) -> usize {
        self.patterns.work()
    }

    /// Whether there is one.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use aws::Timestamp;
    use store::Record;

    use super::{Archive, Feeding};
    use crate::buses::bus::BusName;

    #[test]
    fn an_archive_of_version_1_is_read() {
        // Postcard of (name "a", number 7, bus "b", no description, pattern "{}", 3 days, no key, made at 5).
        let bytes = [1, b'a', 7, 1, b'b', 0, 1, 2, b'{', b'}', 3, 0, 5];
        let archive = Archive {
            name: "a".to_owned(),
            number: 7,
            bus: BusName::parse("b").unwrap(),
            description: None,
            pattern: Some("{}".to_owned()),
            retention_days: 3,
            kms_key: None,
            created: Timestamp::from_unix_ms(5),
            feeding: Feeding::Fed,
        };
        assert_eq!(Archive::decode(1, &bytes), Some(archive.clone()));
        assert_eq!(Archive::decode(2, &archive.encode(Vec::new()).unwrap()), Some(archive));
    }
}
