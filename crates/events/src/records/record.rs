//! Event records: every accepted event, kept for a bounded time and size, to be looked at, explained and run again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use aws::{Arn, Timestamp};
use serde::{Deserialize, Serialize};
use store::read::Direction;
use store::{Found, KeyRange, Read, Table, Tx};

use crate::buses::bus::BusName;
use crate::buses::rule::RuleName;
use crate::dead_letters::undo::sweep_actions;
use crate::events::Events;
use crate::records::place::EventPlace;
use crate::trip::books::Counts;
use crate::trip::hold::Hold;

/// Events by bus and position: the order in which they were accepted.
const EVENTS: Table<(String, u64), EventRecord> = Table::new(23, "events");
/// Event id and position to bus: an event that was forwarded has a record on each bus.
const IDS: Table<(String, u64), BusName> = Table::new(24, "event ids");

/// Positions rise with the time of accepting, but requests that wait for one commit may overtake each other by as much.
const DISORDER_MAX: Duration = Duration::from_secs(10);

/// An accepted event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Its id.
    pub id: String,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// It came from another bus.
    pub forwarded: bool,
    /// How many rules it matched; 0: it is unmatched.
    pub rules_matched: u32,
    /// The whole envelope, as rules saw it.
    pub json: String,
    /// The rules that it matched, and what followed.
    pub matched: Vec<MatchedRule>,
}

/// A rule that matched, and the deliveries that were made because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedRule {
    /// The rule, of the event's bus.
    pub rule: RuleName,
    /// One for each target that the rule had.
    pub deliveries: Vec<DeliveryRecord>,
}

/// A delivery as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// The target's id within its rule.
    pub target: String,
    /// The target.
    pub arn: Arn,
    /// What became of it in the commit that accepted the event.
    pub step: Step,
}

/// What became of a delivery when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The target is a queue of ours and has its message.
    Paid,
    /// It is owed from then on: [`Events::attempts`] says more.
    Owed {
        /// The delivery's id.
        id: String,
    },
    /// It could not be made, and trying again would not mend it.
    GivenUp {
        /// The user guide's error code.
        code: String,
        /// A sentence for a person.
        message: String,
        /// The dead-letter queue that has it; `None`: it is lost.
        queue: Option<Arn>,
    },
}

impl MatchedRule {
    fn size_bytes(&self) -> usize {
        let of_step = |step: &Step| match step {
            Step::Paid => 1,
            Step::Owed { id } => id.len(),
            Step::GivenUp { code, message, .. } => code.len() + message.len() + 50,
        };
        let of_made =
            |made: &DeliveryRecord| made.target.len() + made.arn.resource.len() + 40 + of_step(&made.step);
        self.rule.as_str().len() + self.deliveries.iter().map(of_made).sum::<usize>()
    }
}

store::record!(EventRecord, version 1, about |event| event.json.len() + 128 + 160 * event.matched.len());

impl EventRecord {
    /// What a record takes on disk, about: its text, its id twice, and the engine's share.
    fn size_bytes(&self) -> u64 {
        let matched: usize = self.matched.iter().map(MatchedRule::size_bytes).sum();
        let bytes = self.json.len() + 2 * self.id.len() + matched + 100;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Records removed.
    pub removed: usize,
    /// Whether there is more to remove at this moment.
    pub more: bool,
}

impl Events {
    /// Keeps an event at its position.
    pub(crate) fn keep(tx: &mut Tx<'_>, EventPlace { bus, position }: EventPlace<'_>, event: &EventRecord) {
        tx.put(&EVENTS, &(bus.as_str().to_owned(), position), event);
        tx.put(&IDS, &(event.id.clone(), position), bus);
    }

    /// Whether the event at this position is kept.
    pub(crate) fn has_record(read: &mut impl Read, bus: &BusName, position: u64) -> bool {
        read.contains(&EVENTS, &(bus.as_str().to_owned(), position))
    }

    /// Notes one more delivery of a kept event to a target of a rule that had matched it; `false`: it is not kept.
    pub(crate) fn note_delivery(
        tx: &mut Tx<'_>,
        place: EventPlace<'_>,
        rule: Option<&RuleName>,
        made: DeliveryRecord,
    ) -> bool {
        Self::change_record(tx, place, |event| {
            let matched = event.matched.iter_mut().find(|matched| Some(&matched.rule) == rule);
            matched.map(|matched| matched.deliveries.push(made)).is_some()
        })
    }

    /// Takes back what [`Events::note_delivery`] has noted of the delivery with this id.
    pub(crate) fn forget_delivery(tx: &mut Tx<'_>, place: EventPlace<'_>, delivery_id: &str) {
        let freed = Self::forget_attempts(tx, delivery_id);
        Counts::change(tx, |counts| counts.kept_bytes = counts.kept_bytes.saturating_sub(freed));
        Self::change_record(tx, place, |event| {
            for matched in &mut event.matched {
                matched
                    .deliveries
                    .retain(|made| !matches!(&made.step, Step::Owed { id } if id == delivery_id));
            }
            true
        });
    }

    pub(crate) fn change_record(
        tx: &mut Tx<'_>,
        EventPlace { bus, position }: EventPlace<'_>,
        change: impl FnOnce(&mut EventRecord) -> bool,
    ) -> bool {
        let key = (bus.as_str().to_owned(), position);
        let Some(mut event) = tx.get(&EVENTS, &key) else { return false };
        let before = event.size_bytes();
        if !change(&mut event) {
            return false;
        }
        tx.put(&EVENTS, &key, &event);
        Counts::change(tx, |counts| {
            counts.kept_bytes = (counts.kept_bytes + event.size_bytes()).saturating_sub(before);
        });
        true
    }

    /// The last `n` events of a bus, newest first, each with its position.
    pub fn last_events(&self, read: &mut impl Read, bus: &BusName, n: usize) -> Vec<(u64, EventRecord)> {
        let found = read.list_back(&EVENTS, &KeyRange::prefix(&bus.as_str().to_owned()), n);
        found.into_iter().map(|((_, position), event)| (position, event)).collect()
    }

    /// Up to `limit` events of a bus after a position, oldest first, each with its position. 0 is before all.
    pub fn events_after(
        &self,
        read: &mut impl Read,
        EventPlace { bus, position }: EventPlace<'_>,
        limit: usize,
    ) -> Vec<(u64, EventRecord)> {
        let bus = bus.as_str().to_owned();
        let range = KeyRange::from_within(&(bus.clone(), position.saturating_add(1)), &bus);
        let found = read.list(&EVENTS, &range, limit);
        found.into_iter().map(|((_, position), event)| (position, event)).collect()
    }

    /// Up to `limit` events of all buses, bus by bus and oldest first, each with its place: the one of the last is where to go
    /// on.
    pub fn events_of_all_buses(
        &self,
        read: &mut impl Read,
        after: Option<&(String, u64)>,
        limit: usize,
    ) -> Vec<((String, u64), EventRecord)> {
        let range = match after {
            Some((bus, position)) => KeyRange::from_within(&(bus.clone(), position.saturating_add(1)), &()),
            None => KeyRange::all(),
        };
        read.list(&EVENTS, &range, limit)
    }

    /// Up to `limit` events of a bus accepted from `from` on, oldest first, each with its position.
    pub fn events_since(
        &self,
        read: &mut impl Read,
        bus: &BusName,
        from: Timestamp,
        limit: usize,
    ) -> Vec<(u64, EventRecord)> {
        let from_position = Self::position_before(read, bus, from).saturating_add(1);
        let bus = bus.as_str().to_owned();
        let mut found = Vec::new();
        let range = KeyRange::from_within(&(bus.clone(), from_position), &bus);
        read.visit(&EVENTS, &range, Direction::Forwards, &mut |(_, position), event| {
            if found.len() >= limit {
                return ControlFlow::Break(());
            }
            if event.accepted >= from {
                found.push((position, event));
            }
            ControlFlow::Continue(())
        });
        found
    }

    /// A position of a bus such that every event accepted at `from` or later lies behind it, and hardly any earlier one.
    pub fn position_before(read: &mut impl Read, bus: &BusName, from: Timestamp) -> u64 {
        let Some(first) = first_position(read, bus.as_str()) else { return 0 };
        let bus = bus.as_str().to_owned();
        let last = read.list_back(&EVENTS, &KeyRange::prefix(&bus), 1);
        let last = last.first().map_or(first, |((_, position), _)| *position);
        let from = from.minus(DISORDER_MAX);
        // INVARIANT: what lies at or before `low` was accepted before `from`; what lies behind `high` was not.
        let (mut low, mut high) = (first.saturating_sub(1), last);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let range = KeyRange::between(&(bus.clone(), low + 1), &(bus.clone(), middle + 1));
            match read.list_back(&EVENTS, &range, 1).first() {
                Some((_, event)) if event.accepted >= from => high = middle - 1,
                Some(_) | None => low = middle,
            }
        }
        low
    }

    /// The event with this id: a record, with its position, for each time that it was accepted on a bus.
    pub fn event(&self, read: &mut impl Read, id: &str) -> Vec<(BusName, u64, EventRecord)> {
        let places = read.list(&IDS, &KeyRange::prefix(&id.to_owned()), usize::MAX);
        places
            .into_iter()
            .filter_map(|((_, position), bus)| {
                let event = read.get(&EVENTS, &(bus.as_str().to_owned(), position))?;
                Some((bus, position, event))
            })
            .collect()
    }

    /// The ids of kept events that begin so, at most `limit` of them.
    pub fn event_ids(&self, read: &mut impl Read, prefix: &str, limit: usize) -> Vec<String> {
        // No id has a sign that sorts behind this one.
        let range = KeyRange::between(&(prefix.to_owned(), 0_u64), &(format!("{prefix}\u{10FFFF}"), 0_u64));
        let mut ids: Vec<String> = Vec::new();
        read.visit(&IDS, &range, Direction::Forwards, &mut |(id, _), _| {
            if ids.last() != Some(&id) {
                ids.push(id);
            }
            if ids.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        ids
    }

    /// Removes records that have grown too old or, oldest first, that are too much, at most `limit` of them. Deliveries
    /// that are owed carry their event themselves, so none is lost by this.
    pub fn sweep(&self, tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> SweepReport {
        let oldest_kept = now.minus(self.retention().age_max);
        let mut bytes = Counts::read(tx).kept_bytes;
        // Bytes and number of what is removed.
        let mut freed = (0_u64, 0_u64);
        let mut swept = SweepReport::default();
        let mut fronts = Self::fronts(tx);
        while let Some(Reverse((position, bus))) = fronts.pop() {
            let key = (bus.clone(), position);
            let event = match tx.find(&EVENTS, &key) {
                Found::Value(event) => event,
                Found::Nothing => continue,
                // It would be met at the front for ever.
                Found::Damaged => {
                    tx.pass_over(&EVENTS, &key);
                    tx.remove(&EVENTS, &key);
                    freed.1 += 1;
                    swept.removed += 1;
                    fronts.extend(front_after(tx, bus, position));
                    continue;
                }
            };
            if event.accepted >= oldest_kept && bytes <= self.retention().size_bytes_max {
                // The others are later still, but their clocks may have stood lower: a sweep to come finds them.
                break;
            }
            if swept.removed >= limit {
                swept.more = true;
                break;
            }
            let size = event.size_bytes() + forget_attempts(tx, &event);
            bytes = bytes.saturating_sub(size);
            freed = (freed.0 + size, freed.1 + 1);
            swept.removed += 1;
            tx.remove(&EVENTS, &(bus.clone(), position));
            tx.remove(&IDS, &(event.id, position));
            fronts.extend(front_after(tx, bus, position));
        }
        if swept.removed > 0 {
            Counts::change(tx, |counts| {
                counts.kept_bytes = counts.kept_bytes.saturating_sub(freed.0);
                counts.kept = counts.kept.saturating_sub(freed.1);
            });
        }
        let archived = Self::sweep_archives(tx, now, limit.saturating_sub(swept.removed));
        Self::sweep_replays(tx, now);
        Hold::sweep(tx, now);
        swept.removed += archived;
        swept.removed += sweep_actions(tx, now, limit.saturating_sub(swept.removed));
        swept.removed += Self::sweep_versions(tx, limit.saturating_sub(swept.removed));
        swept.more |= swept.removed >= limit;
        swept
    }

    /// The first record of each bus, the first of all on top; of deleted buses too, whose records go as they age.
    fn fronts(tx: &mut Tx<'_>) -> BinaryHeap<Reverse<(u64, String)>> {
        let mut fronts = BinaryHeap::new();
        let mut from = String::new();
        while let Some(((bus, position), _)) =
            tx.list_found(&EVENTS, &KeyRange::from_within(&from, &()), 1).into_iter().next()
        {
            // No name has a zero byte, so this text sorts after all keys of this bus and before those of the next.
            from = format!("{bus}\0");
            fronts.push(Reverse((position, bus)));
        }
        fronts
    }
}

/// Forgets what was kept of the attempts of an event's deliveries; how many bytes that frees.
fn forget_attempts(tx: &mut Tx<'_>, event: &EventRecord) -> u64 {
    let deliveries = event.matched.iter().flat_map(|rule| &rule.deliveries);
    let ids = deliveries.filter_map(|made| match &made.step {
        Step::Owed { id } => Some(id),
        Step::Paid | Step::GivenUp { .. } => None,
    });
    ids.map(|id| Events::forget_attempts(tx, id)).sum()
}

/// The first record of a bus after a position.
fn front_after(tx: &mut Tx<'_>, bus: String, position: u64) -> Option<Reverse<(u64, String)>> {
    let range = KeyRange::from_within(&(bus.clone(), position.saturating_add(1)), &bus);
    let (key, _) = tx.list_found(&EVENTS, &range, 1).into_iter().next()?;
    Some(Reverse((key.1, bus)))
}

/// Events of a bus from one position up to another, exclusive, oldest first.
pub(crate) fn between(
    read: &mut impl Read,
    bus: &BusName,
    positions: Range<u64>,
    limit: usize,
) -> Vec<(u64, EventRecord)> {
    let bus = bus.as_str().to_owned();
    let found =
        read.list(&EVENTS, &KeyRange::between(&(bus.clone(), positions.start), &(bus, positions.end)), limit);
    found.into_iter().map(|((_, position), event)| (position, event)).collect()
}

/// The position of the oldest record of a bus.
pub(crate) fn first_position(read: &mut impl Read, bus: &str) -> Option<u64> {
    let (key, _) = read.list(&EVENTS, &KeyRange::prefix(&bus.to_owned()), 1).into_iter().next()?;
    Some(key.1)
}

/// Adds a record to the books.
pub(crate) fn count_record(counts: &mut Counts, event: &EventRecord) {
    counts.kept += 1;
    counts.kept_bytes += event.size_bytes();
}
