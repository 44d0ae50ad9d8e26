//! The rate of API destinations: how many more requests this second, kept in memory alone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws::{Arn, Timestamp};

/// What a rate is counted over.
const SECOND: Duration = Duration::from_secs(1);

/// When deliveries to each target were leased within the last second. A crash forgets it, which lets through at most one
/// second's requests too many.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<Arn, VecDeque<(Timestamp, usize)>>>);

impl Rates {
    /// How many more may be leased now, so that there are at most `rate` in any second.
    pub(crate) fn left(&self, target: &Arn, rate: usize, now: Timestamp) -> usize {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(leased) = all.get_mut(target) else { return rate };
        while leased.front().is_some_and(|(at, _)| at.plus(SECOND) <= now) {
            leased.pop_front();
        }
        let within: usize = leased.iter().map(|(_, count)| count).sum();
        if leased.is_empty() {
            all.remove(target);
        }
        rate.saturating_sub(within)
    }

    /// Notes how many were leased.
    pub(crate) fn note(&self, target: &Arn, count: usize, now: Timestamp) {
        if count > 0 {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(target.clone()).or_default().push_back((now, count));
        }
    }
}

#[cfg(test)]
mod tests {
    use aws::{Arn, Timestamp};

    use super::Rates;

    #[test]
    fn no_second_has_more_than_the_rate() {
        let (rates, target) = (Rates::default(), Arn::new("events", "r", "a", "api-destination/x/1"));
        let mut leased = Vec::new();
        for ms in (0..10_000).step_by(70) {
            let now = Timestamp::from_unix_ms(ms);
            let left = rates.left(&target, 7, now).min(3);
            rates.note(&target, left, now);
            leased.extend(std::iter::repeat_n(ms, left));
        }
        assert!(leased.len() > 60, "{}", leased.len());
        for eight in leased.windows(8) {
            assert!(eight[7] - eight[0] >= 1_000, "{eight:?}");
        }
    }
}
