//! How long to wait before a call is retried.

use std::time::Duration;

use crate::client::fault::Fault;

/// Attempts at one call.
pub(super) const ATTEMPTS_MAX: u32 = 6;
/// The first pause where the org names none; it doubles.
const FIRST: Duration = Duration::from_millis(500);
/// Maximum pause of our own.
const LONGEST: Duration = Duration::from_secs(30);
/// Maximum pause that the org may request; a longer one is a failure that a person must see.
const ASKED_MAX_S: u64 = 300;
/// What is added to a pause that the org asks for, at most, so that not everybody comes back at once.
const SPREAD_MS: u64 = 1_000;

/// The pause after the attempt of this number (from 1); `None` where another makes no sense. `random` is any number.
pub(super) fn pause_after(fault: &Fault, attempt: u32, random: u64) -> Option<Duration> {
    if !fault.may_pass {
        return None;
    }
    match fault.wait_s {
        Some(seconds) if seconds > ASKED_MAX_S => None,
        Some(seconds) => Some(Duration::from_secs(seconds) + Duration::from_millis(random % SPREAD_MS)),
        None => Some(backoff(attempt, random)),
    }
}

/// Between half of a doubling pause and the whole of it.
pub(crate) fn backoff(attempt: u32, random: u64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST);
    let half_ms = u64::try_from(doubled.as_millis() / 2).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(half_ms + random % half_ms)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{backoff, pause_after};
    use crate::client::fault::Fault;

    #[test]
    fn what_the_org_asks_for_is_waited() {
        let limited = Fault { status: 429, wait_s: Some(7), may_pass: true, ..Fault::strange("") };
        assert_eq!(pause_after(&limited, 1, 250), Some(Duration::from_millis(7_250)));
        assert_eq!(pause_after(&Fault { wait_s: Some(301), ..limited.clone() }, 1, 0), None);
        assert_eq!(pause_after(&Fault { may_pass: false, ..limited }, 1, 0), None);
    }

    #[test]
    fn pauses_of_our_own_double_and_are_spread() {
        for (attempt, whole_ms) in [(1, 500), (2, 1_000), (5, 8_000), (60, 30_000)] {
            for random in [0, 1, 12_345, u64::MAX] {
                let pause_ms = backoff(attempt, random).as_millis();
                assert!((whole_ms / 2..whole_ms).contains(&pause_ms), "{attempt}: {pause_ms}");
            }
        }
    }
}
