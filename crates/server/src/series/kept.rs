//! Series as they are stored, in fixed space: a ring of minutes and a ring of hours, one row with a value of every series in each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

/// By span and place in its ring.
const ROWS: Table<(u64, u64), Row> = Table::new(92, "series");
/// By the series' number.
const NAMES: Table<u64, Known> = Table::new(93, "series names");

/// The most series that are kept; of more, those that came first.
const SERIES_MAX: u64 = 2_000;
/// The longest name that is kept, in bytes.
const NAME_BYTES_MAX: usize = 512;
/// Minutes of an hour.
const MINUTES: u64 = 60;

/// How much time a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// A minute; a day of them is kept.
    Minute,
    /// An hour; 31 days of them are kept.
    Hour,
}

impl Span {
    fn key(self) -> u64 {
        match self {
            Self::Minute => 0,
            Self::Hour => 1,
        }
    }

    /// In ms.
    pub(crate) fn ms(self) -> u64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
        }
    }

    /// Rows that are kept.
    pub(crate) fn kept(self) -> u64 {
        match self {
            Self::Minute => 24 * MINUTES,
            Self::Hour => 31 * 24,
        }
    }

    fn place(self, number: u64) -> (u64, u64) {
        (self.key(), number % self.kept())
    }
}

/// What a value says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// How often something happened in the row's time; those of an hour are added.
    Count,
    /// How much there was at the end of the row's time; of those of an hour the greatest counts.
    Level,
}

/// A value of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// The series.
    pub(crate) name: String,
    /// What it says.
    pub(crate) kind: Kind,
    /// The value.
    pub(crate) value: u64,
}

/// The values of a minute or an hour. Zeros are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// Its minute or hour since 1970: another one's, where the ring has not come round to it.
    number: u64,
    values: Vec<Value>,
}

store::record!(Row, version 1);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Value {
    series: u64,
    value: u64,
}

/// A series that has a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    name: String,
    kind: Kind,
    /// The hour since 1970 in which it was seen last: after so long that no row has it, its number may be another's.
    hour: u64,
}

store::record!(Known, version 1);

/// Keeps the samples of a minute, and the hour before it where that is not kept yet.
pub(crate) fn keep(tx: &mut Tx<'_>, minute: u64, samples: &[Sample]) {
    let hour = minute / MINUTES;
    let mut known = KnownSeries::read(tx);
    let mut values = Vec::new();
    for sample in samples {
        let Some(series) = known.number_of(tx, sample, hour) else { continue };
        if sample.value > 0 {
            values.push(Value { series, value: sample.value });
        }
    }
    tx.put(&ROWS, &Span::Minute.place(minute), &Row { number: minute, values });
    if let Some(before) = hour.checked_sub(1) {
        fold(tx, before, &known.levels());
    }
}

/// Keeps the hours of the last day that are not kept yet, before this minute: of a process that ended meanwhile.
pub(crate) fn catch_up(tx: &mut Tx<'_>, minute: u64) {
    let levels = KnownSeries::read(tx).levels();
    let hour = minute / MINUTES;
    for before in hour.saturating_sub(23)..hour {
        fold(tx, before, &levels);
    }
}

/// The series that have numbers.
struct KnownSeries {
    by_name: HashMap<String, Numbered>,
    /// Numbers that nobody has, the smallest last; `None`: not looked for yet.
    free: Option<Vec<u64>>,
}

struct Numbered {
    number: u64,
    known: Known,
}

impl KnownSeries {
    fn read(tx: &mut Tx<'_>) -> Self {
        let all = tx.list(&NAMES, &KeyRange::all(), usize::MAX).into_iter();
        let by_name = all.map(|(number, known)| (known.name.clone(), Numbered { number, known })).collect();
        Self { by_name, free: None }
    }

    /// Those of how much there is.
    fn levels(&self) -> BTreeSet<u64> {
        let levels = self.by_name.values().filter(|there| there.known.kind == Kind::Level);
        levels.map(|there| there.number).collect()
    }

    /// The number of a series; a new one gets a free number, or that of one that no row has any more.
    fn number_of(&mut self, tx: &mut Tx<'_>, sample: &Sample, hour: u64) -> Option<u64> {
        let fresh = Known { name: sample.name.clone(), kind: sample.kind, hour };
        if let Some(there) = self.by_name.get_mut(&sample.name) {
            if there.known != fresh {
                tx.put(&NAMES, &there.number, &fresh);
                there.known = fresh;
            }
            return Some(there.number);
        }
        if sample.name.len() > NAME_BYTES_MAX {
            return None;
        }
        let number = self.free_number(hour)?;
        tx.put(&NAMES, &number, &fresh);
        self.by_name.insert(sample.name.clone(), Numbered { number, known: fresh });
        Some(number)
    }

    fn free_number(&mut self, hour: u64) -> Option<u64> {
        let by_name = &mut self.by_name;
        let free = self.free.get_or_insert_with(|| {
            // INVARIANT: a number goes to another series only when no row holds a value of the one before any more.
            by_name.retain(|_, there| there.known.hour.saturating_add(Span::Hour.kept()) >= hour);
            let taken: BTreeSet<u64> = by_name.values().map(|there| there.number).collect();
            (0..SERIES_MAX).rev().filter(|number| !taken.contains(number)).collect()
        });
        free.pop()
    }
}

/// Makes the row of an hour of its minutes, where there are any and it is not kept yet.
fn fold(tx: &mut Tx<'_>, hour: u64, levels: &BTreeSet<u64>) {
    let place = Span::Hour.place(hour);
    if tx.get(&ROWS, &place).is_some_and(|row| row.number == hour) {
        return;
    }
    let mut of_hour: BTreeMap<u64, u64> = BTreeMap::new();
    let mut is_there = false;
    for minute in hour.saturating_mul(MINUTES)..hour.saturating_add(1).saturating_mul(MINUTES) {
        let row = tx.get(&ROWS, &Span::Minute.place(minute)).filter(|row| row.number == minute);
        is_there |= row.is_some();
        for Value { series, value } in row.into_iter().flat_map(|row| row.values) {
            let folded = of_hour.entry(series).or_default();
            let is_level = levels.contains(&series);
            *folded = if is_level { value.max(*folded) } else { folded.saturating_add(value) };
        }
    }
    if is_there {
        let values = of_hour.into_iter().map(|(series, value)| Value { series, value }).collect();
        tx.put(&ROWS, &place, &Row { number: hour, values });
    }
}

/// A stretch of rows: the last `rows` up to and with `until`, a minute or an hour since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) span: Span,
    pub(crate) until: u64,
    pub(crate) rows: u64,
}

/// A series over a stretch, the oldest value first; `None`: nobody ran who could have counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) values: Vec<Option<u64>>,
}

/// The series whose names begin with one of these.
pub(crate) fn read(read: &mut impl Read, stretch: Stretch, prefixes: &[String]) -> Vec<Series> {
    let Stretch { span, until, rows } = stretch;
    let known = read.list(&NAMES, &KeyRange::all(), usize::MAX);
    let wanted =
        known.into_iter().filter(|(_, known)| prefixes.iter().any(|prefix| known.name.starts_with(prefix)));
    let mut series: Vec<(u64, Series)> = wanted
        .map(|(number, known)| (number, Series { name: known.name, kind: known.kind, values: Vec::new() }))
        .collect();
    let first = (until + 1).saturating_sub(rows.min(span.kept()));
    for number in first..=until {
        let row = read.get(&ROWS, &span.place(number)).filter(|row| row.number == number);
        let nothing = row.is_some().then_some(0);
        series.iter_mut().for_each(|(_, series)| series.values.push(nothing));
        for Value { series: of, value } in row.into_iter().flat_map(|row| row.values) {
            // They are in the order of their numbers, as their table is.
            let Ok(at) = series.binary_search_by_key(&of, |(number, _)| *number) else { continue };
            if let Some(last) = series.get_mut(at).and_then(|(_, series)| series.values.last_mut()) {
                *last = Some(value);
            }
        }
    }
    series.into_iter().map(|(_, series)| series).collect()
}

/// Puts a value that is not stored yet into what was read.
pub(crate) fn overlay(found: &mut Vec<Series>, stretch: Stretch, (number, sample): (u64, Sample)) {
    let Stretch { span, until, rows } = stretch;
    let rows = rows.min(span.kept());
    let first = (until + 1).saturating_sub(rows);
    let Some(at) = number.checked_sub(first).filter(|_| number <= until) else { return };
    let there = found.iter().position(|series| series.name == sample.name);
    let there = there.unwrap_or_else(|| {
        let values = vec![None; usize::try_from(until + 1 - first).unwrap_or_default()];
        found.push(Series { name: sample.name, kind: sample.kind, values });
        found.len() - 1
    });
    let series = found.get_mut(there).map(|series| &mut series.values);
    if let Some(value) = series.and_then(|values| values.get_mut(usize::try_from(at).ok()?)) {
        *value = Some(sample.value);
    }
}
