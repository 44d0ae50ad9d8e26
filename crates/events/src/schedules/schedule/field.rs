//! One field of a cron expression: numbers or names, ranges, steps and lists.

use std::collections::BTreeSet;

/// The values that a field allows.
pub(crate) type Values = BTreeSet<u16>;

/// Which values a field may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) min: u16,
    pub(crate) max: u16,
    /// What the first value, the second, and so on may be called instead.
    names: &'static [&'static str],
    /// Whether a range may pass the greatest value and go on at the least: `FRI-MON`, `22-2`.
    round: bool,
}

/// The names of months.
const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/// The names of days, Sunday first.
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Minutes of an hour.
pub(crate) const MINUTE: Field = Field { min: 0, max: 59, names: &[], round: true };
/// Hours of a day.
pub(crate) const HOUR: Field = Field { min: 0, max: 23, names: &[], round: true };
/// Days of a month.
pub(crate) const DAY_OF_MONTH: Field = Field { min: 1, max: 31, names: &[], round: true };
/// Months of a year.
pub(crate) const MONTH: Field = Field { min: 1, max: 12, names: MONTHS, round: true };
/// Days of a week: 1 is Sunday.
pub(crate) const DAY_OF_WEEK: Field = Field { min: 1, max: 7, names: DAYS, round: true };
/// Years.
pub(crate) const YEAR: Field = Field { min: 1970, max: 2199, names: &[], round: false };

impl Field {
    /// All that a list of values, ranges and steps allows; `None` where it is no such list.
    pub(crate) fn parse(self, text: &str) -> Option<Values> {
        let mut values = Values::new();
        for item in text.split(',') {
            values.extend(self.item(item)?);
        }
        Some(values)
    }

    /// One value, by number or name.
    pub(crate) fn value(self, text: &str) -> Option<u16> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let value = if digits {
            text.parse().ok()?
        } else {
            let place = self.names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
            self.min.checked_add(u16::try_from(place).ok()?)?
        };
        (self.min..=self.max).contains(&value).then_some(value)
    }

    fn item(self, text: &str) -> Option<Vec<u16>> {
        let Some((range, step)) = text.split_once('/') else { return self.range(text) };
        let step: u16 =
            step.bytes().all(|digit| digit.is_ascii_digit()).then(|| step.parse().ok()).flatten()?;
        if step == 0 || step > self.max {
            return None;
        }
        // A value alone with a step is a range to the end of the field: "1/10" is the 1st, 11th, 21st and so on.
        let values = match self.value(range) {
            Some(first) => (first..=self.max).collect(),
            None => self.range(range)?,
        };
        Some(values.into_iter().step_by(usize::from(step)).collect())
    }

    /// The values in order from the first; a range that goes round has its own order.
    fn range(self, text: &str) -> Option<Vec<u16>> {
        if text == "*" {
            return Some((self.min..=self.max).collect());
        }
        let Some((first, last)) = text.split_once('-') else { return Some(vec![self.value(text)?]) };
        let (first, last) = (self.value(first)?, self.value(last)?);
        match (first <= last, self.round) {
            (true, _) => Some((first..=last).collect()),
            (false, true) => Some((first..=self.max).chain(self.min..=last).collect()),
            (false, false) => None,
        }
    }
}
