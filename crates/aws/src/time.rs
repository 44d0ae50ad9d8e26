//! A moment in time, in milliseconds since 1970, and its spelling in ISO 8601.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Always an argument, never read from a clock below floor 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The beginning of time, 1970-01-01T00:00:00Z.
    pub const ZERO: Self = Self(0);
    /// Later than every moment that can be written down.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `ms` milliseconds after 1970.
    pub const fn from_unix_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// This moment `duration` later; stays at the end of time instead of wrapping.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// This moment `duration` earlier; stays at 1970 instead of wrapping.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this moment is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// `2026-03-19T22:04:48Z`: how EventBridge writes the `time` of an envelope.
    pub fn to_iso_seconds(self) -> String {
        let mut text = String::with_capacity(20);
        self.push_iso_seconds(&mut text);
        text
    }

    /// Appends what [`Timestamp::to_iso_seconds`] gives: every event has it, and a general formatter takes several times as long.
    pub fn push_iso_seconds(self, text: &mut String) {
        let Some(moment) = self.civil() else { return text.push_str(&self.0.to_string()) };
        let moment = jiff::tz::Offset::UTC.to_datetime(moment);
        let mut push = |number: u32, digits: u32, after: char| {
            (0..digits).rev().for_each(|place| {
                let digit = number / 10_u32.pow(place) % 10;
                text.push(char::from_digit(digit, 10).unwrap_or('0'));
            });
            text.push(after);
        };
        let of = |part: i8| u32::from(part.unsigned_abs());
        push(u32::from(moment.year().unsigned_abs()), 4, '-');
        push(of(moment.month()), 2, '-');
        push(of(moment.day()), 2, 'T');
        push(of(moment.hour()), 2, ':');
        push(of(moment.minute()), 2, ':');
        push(of(moment.second()), 2, 'Z');
    }

    /// `2026-03-19T22:04:48.128Z`: how Genesys Cloud writes `timestamp`.
    pub fn to_iso_millis(self) -> String {
        match self.civil() {
            Some(t) => t.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            None => self.0.to_string(),
        }
    }

    /// Reads ISO 8601 with an offset or `Z`; `None` where it is no such text or lies before 1970.
    pub fn parse_iso(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(moment.as_millisecond()).ok().map(Self)
    }

    /// As [`Timestamp::parse_iso`]; without a zone the text is UTC, as Genesys Cloud's documentation writes intervals.
    pub fn parse_iso_or_utc(text: &str) -> Option<Self> {
        Self::parse_iso(text).or_else(|| {
            let civil: jiff::civil::DateTime = text.parse().ok()?;
            let moment = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
            u64::try_from(moment.as_millisecond()).ok().map(Self)
        })
    }

    /// Reads a date as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    pub fn parse_http(text: &str) -> Option<Self> {
        let moment = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
        u64::try_from(moment.as_millisecond()).ok().map(Self)
    }

    /// Reads seconds since 1970 as AWS's JSON protocols write a timestamp, with or without a fraction.
    pub fn from_unix_seconds_f64(seconds: f64) -> Option<Self> {
        let ms = (seconds * 1000.0).round();
        // 253402300799 is the last second of the year 9999, the last that ISO 8601 can write in four digits.
        if !(0.0..=253_402_300_799_999.0).contains(&ms) {
            return None;
        }
        format!("{ms:.0}").parse().ok().map(Self)
    }

    /// Seconds since 1970 with a fraction, as AWS's JSON protocols write a timestamp.
    pub fn to_unix_seconds_f64(self) -> f64 {
        // Exact until the year 287396: below 2^53 milliseconds.
        self.0 as f64 / 1000.0
    }

    fn civil(self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::from_millisecond(i64::try_from(self.0).ok()?).ok()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_iso_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn iso_there_and_back() {
        let t = Timestamp::from_unix_ms(1_773_957_888_128);
        assert_eq!(t.to_iso_millis(), "2026-03-19T22:04:48.128Z");
        assert_eq!(t.to_iso_seconds(), "2026-03-19T22:04:48Z");
        assert_eq!(Timestamp::parse_iso("2026-03-19T22:04:48.128Z"), Some(t));
        assert_eq!(Timestamp::parse_iso("2026-03-19T23:04:48.128+01:00"), Some(t));
        assert_eq!(Timestamp::parse_iso("yesterday"), None);
        assert_eq!(Timestamp::parse_iso("2026-03-19T22:04:48.128"), None);
        assert_eq!(Timestamp::parse_iso_or_utc("2026-03-19T22:04:48.128"), Some(t));
        assert_eq!(Timestamp::parse_iso_or_utc("2026-03-19T23:04:48.128+01:00"), Some(t));
        let midnight = Timestamp::parse_iso("2026-03-19T00:00:00Z");
        assert_eq!(Timestamp::parse_iso_or_utc("2026-03-19"), midnight);
        assert_eq!(Timestamp::parse_iso_or_utc("yesterday"), None);
        let date = Timestamp::parse_http("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date.map(Timestamp::to_iso_seconds).as_deref(), Some("1994-11-06T08:49:37Z"));
        assert_eq!(Timestamp::parse_http("soon"), None);
    }

    #[test]
    fn seconds_are_written_as_a_general_formatter_writes_them() {
        let days = (0..2_932_800).step_by(97).map(|day| day * 86_400_000 + day * 7_919 % 86_400_000);
        for ms in days.chain([0, 253_402_207_200_000]) {
            let moment = jiff::Timestamp::from_millisecond(i64::try_from(ms).unwrap()).unwrap();
            let text = moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            assert_eq!(Timestamp::from_unix_ms(ms).to_iso_seconds(), text);
        }
        assert_eq!(Timestamp::MAX.to_iso_seconds(), u64::MAX.to_string());
    }

    #[test]
    fn seconds_with_a_fraction() {
        let t = Timestamp::from_unix_seconds_f64(1_773_957_888.128).unwrap();
        assert_eq!(t.unix_ms(), 1_773_957_888_128);
        assert!((t.to_unix_seconds_f64() - 1_773_957_888.128).abs() < 1e-6);
        assert_eq!(Timestamp::from_unix_seconds_f64(-1.0), None);
        assert_eq!(Timestamp::from_unix_seconds_f64(f64::NAN), None);
    }
}
