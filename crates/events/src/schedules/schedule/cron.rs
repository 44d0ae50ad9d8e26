//! A cron expression of six fields: minutes, hours, day of month, month, day of week, year.

use std::collections::BTreeSet;

use aws::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use crate::schedules::schedule::field::{DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH, Values, YEAR};

/// A cron expression, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cron {
    minutes: Values,
    hours: Values,
    days: Days,
    months: Values,
    years: Values,
}

/// Which days of a month: one of the two fields says it, the other is `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<MonthDay>),
    OfWeek(Vec<WeekDay>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum MonthDay {
    On(Values),
    /// `L`.
    Last,
    /// `3W`: the weekday, Monday to Friday, that is nearest to the day, within its month.
    NearestWeekday(u16),
    /// `LW`: the last weekday.
    LastWeekday,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum WeekDay {
    On(Values),
    /// `6L`: the last Friday of the month.
    LastOf(u16),
    /// `6#3`: the third Friday of the month.
    Nth(u16, u16),
}

impl Cron {
    /// Reads what is between the brackets; `None` where it is no cron expression.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let &[minutes, hours, day_of_month, month, day_of_week, year] = fields.as_slice() else {
            return None;
        };
        let days = match (day_of_month, day_of_week) {
            ("?", "?") => return None,
            (days, "?") => Days::OfMonth(days.split(',').map(MonthDay::parse).collect::<Option<_>>()?),
            // User guide: with '#' there can be one expression only.
            ("?", days) if days.contains('#') => Days::OfWeek(vec![WeekDay::parse(days)?]),
            ("?", days) => Days::OfWeek(days.split(',').map(WeekDay::parse).collect::<Option<_>>()?),
            _ => return None,
        };
        Some(Self {
            minutes: MINUTE.parse(minutes)?,
            hours: HOUR.parse(hours)?,
            days,
            months: MONTH.parse(month)?,
            years: YEAR.parse(year)?,
        })
    }

    /// The first whole minute after a moment that the expression names.
    pub(crate) fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        // The first whole minute after the moment is the first candidate.
        let minute = i64::try_from(moment.unix_seconds() / 60).ok()?.checked_add(1)?;
        let first = jiff::Timestamp::from_second(minute.checked_mul(60)?).ok()?;
        let first = Offset::UTC.to_datetime(first);
        self.dates_from(first.date()).find_map(|day| {
            let from = if day == first.date() { first.time() } else { Time::midnight() };
            let time = self.time_from(from)?;
            let found = Offset::UTC.to_timestamp(day.to_datetime(time)).ok()?;
            u64::try_from(found.as_millisecond()).ok().map(Timestamp::from_unix_ms)
        })
    }

    /// The days from `first` on, in order.
    fn dates_from(&self, first: Date) -> impl Iterator<Item = Date> {
        let start = u16::try_from(first.year()).unwrap_or(YEAR.min);
        let months = self
            .years
            .range(start..)
            .flat_map(|year| self.months.iter().map(move |month| (*year, *month)))
            .filter_map(|(year, month)| first_of(year, month))
            .filter(move |month| month.last_of_month() >= first);
        months.flat_map(|month| self.days.of(month)).filter(move |day| *day >= first)
    }

    /// The first time of a day that is not before `from`.
    fn time_from(&self, from: Time) -> Option<Time> {
        let from = (unsigned(from.hour()), unsigned(from.minute()));
        let times = self.hours.range(from.0..).flat_map(|hour| {
            self.minutes.iter().map(move |minute| (*hour, *minute)).find(|time| *time >= from)
        });
        let (hour, minute) = times.min()?;
        Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
    }
}

impl Days {
    /// The days of the month that begins with `first`, in order.
    fn of(&self, first: Date) -> BTreeSet<Date> {
        match self {
            Self::OfMonth(days) => days.iter().flat_map(|day| day.of(first)).collect(),
            Self::OfWeek(days) => days.iter().flat_map(|day| day.of(first)).collect(),
        }
    }
}

impl MonthDay {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "L" => Some(Self::Last),
            "LW" => Some(Self::LastWeekday),
            _ => match text.strip_suffix('W') {
                Some(day) => DAY_OF_MONTH.value(day).map(Self::NearestWeekday),
                None => DAY_OF_MONTH.parse(text).map(Self::On),
            },
        }
    }

    fn of(&self, first: Date) -> Vec<Date> {
        match self {
            Self::On(days) => days.iter().filter_map(|day| nth_day(first, *day)).collect(),
            Self::Last => vec![first.last_of_month()],
            // A month that has no such day has no such weekday.
            Self::NearestWeekday(day) => nth_day(first, *day).and_then(nearest_weekday).into_iter().collect(),
            Self::LastWeekday => nearest_weekday(first.last_of_month()).into_iter().collect(),
        }
    }
}

impl WeekDay {
    fn parse(text: &str) -> Option<Self> {
        if let Some((day, nth)) = text.split_once('#') {
            let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth))?;
            return Some(Self::Nth(DAY_OF_WEEK.value(day)?, nth));
        }
        match text.strip_suffix('L') {
            // Alone, it is the last day of the week: Saturday.
            Some("") => Some(Self::On(Values::from([DAY_OF_WEEK.max]))),
            Some(day) => DAY_OF_WEEK.value(day).map(Self::LastOf),
            None => DAY_OF_WEEK.parse(text).map(Self::On),
        }
    }

    fn of(&self, first: Date) -> Vec<Date> {
        let all = |wanted: &dyn Fn(u16) -> bool| -> Vec<Date> {
            (1..=31).filter_map(|day| nth_day(first, day)).filter(|day| wanted(weekday(*day))).collect()
        };
        match self {
            Self::On(days) => all(&|day| days.contains(&day)),
            Self::LastOf(wanted) => all(&|day| day == *wanted).pop().into_iter().collect(),
            Self::Nth(wanted, nth) => {
                let nth = usize::from(*nth).saturating_sub(1);
                all(&|day| day == *wanted).into_iter().nth(nth).into_iter().collect()
            }
        }
    }
}

/// The first day of a month.
fn first_of(year: u16, month: u16) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()
}

/// A day of the month that begins with `first`; `None` where it is too short.
fn nth_day(first: Date, day: u16) -> Option<Date> {
    first.with().day(i8::try_from(day).ok()?).build().ok()
}

/// 1 for Sunday to 7 for Saturday.
fn weekday(day: Date) -> u16 {
    unsigned(day.weekday().to_sunday_one_offset())
}

/// The day itself, or Friday before a Saturday and Monday after a Sunday; but never of another month.
fn nearest_weekday(day: Date) -> Option<Date> {
    let near = |days: i32| day.checked_add(jiff::Span::new().days(days)).ok();
    match weekday(day) {
        7 if day.day() == 1 => near(2),
        7 => near(-1),
        1 if day == day.last_of_month() => near(-2),
        1 => near(1),
        _ => Some(day),
    }
}

fn unsigned(number: i8) -> u16 {
    u16::from(number.unsigned_abs())
}
