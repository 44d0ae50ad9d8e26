//! A schedule expression: `rate(...)` or `cron(...)`, read once, and the moments it names, in UTC.
//!
//! Source: EventBridge user guide, "Setting a schedule pattern for scheduled rules (legacy)" (`eb-scheduled-rule-pattern`);
//! what AWS refuses of rates was recorded by LocalStack (`test_put_rule_with_invalid_schedule_rate`).

mod cron;
mod field;

use std::time::Duration;

use aws::Timestamp;

use crate::schedules::schedule::cron::Cron;

/// Seconds in a minute: schedules know nothing shorter.
const MINUTE_S: u64 = 60;

/// When a scheduled rule runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Rate(Duration),
    Cron(Cron),
}

impl Schedule {
    /// Reads `rate(5 minutes)` or `cron(0 12 * * ? *)`; `None` where the text is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let inside = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            return parse_rate(rate).map(Kind::Rate).map(Self);
        }
        Cron::parse(inside("cron")?).map(Kind::Cron).map(Self)
    }

    /// The first moment after this one; `None` where there is none before the year 2200. A rate counts from the moment
    /// it is given, which is when its rule was put or ran last; a cron expression names whole minutes.
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Kind::Rate(period) => Some(moment.plus(*period)),
            Kind::Cron(cron) => cron.next_after(moment),
        }
    }

    /// The first moment after `now` of a schedule that last named `last`: what was missed in between is passed over, and
    /// a rate keeps its step.
    pub fn next_since(&self, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Kind::Cron(cron) => cron.next_after(now.max(last)),
            Kind::Rate(period) => {
                let period_ms = u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1);
                let late_ms = now.unix_ms().saturating_sub(last.unix_ms());
                let steps = (late_ms / period_ms).saturating_add(1);
                let ahead_ms = steps.saturating_mul(period_ms);
                Some(Timestamp::from_unix_ms(last.unix_ms().saturating_add(ahead_ms)))
            }
        }
    }
}

/// `5 minutes`: a positive number, one space, and a unit that is singular for 1 and plural for all others.
fn parse_rate(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_once(' ')?;
    let count: u64 =
        number.bytes().all(|digit| digit.is_ascii_digit()).then(|| number.parse().ok()).flatten()?;
    let minutes = match (count, unit) {
        (1, "minute") => 1,
        (1, "hour") => 60,
        (1, "day") => 1440,
        (0 | 1, _) => return None,
        (_, "minutes") => count,
        (_, "hours") => count.checked_mul(60)?,
        (_, "days") => count.checked_mul(1440)?,
        _ => return None,
    };
    // Longer than all of time is no rate.
    let seconds = minutes.checked_mul(MINUTE_S)?;
    seconds.checked_mul(1000).is_some().then(|| Duration::from_secs(seconds))
}
