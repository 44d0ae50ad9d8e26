//! How long to wait before something that failed is tried again.

use std::time::Duration;

/// The longest pause that the first retry may make; doubled with each further one.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause of all: with half of it on average, 185 retries take about the 24 hours that AWS retries for.
const MAX: Duration = Duration::from_secs(900);

/// The pause after the failed attempt number `attempt` (1 is the first): anything up to a bound that doubles with each attempt
/// ("full jitter", Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015). `random` is any number.
pub fn pause_after(attempt: u32, random: u64) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
    let bound_ms = u64::try_from(doubled.min(MAX).as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % bound_ms.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::pause_after;

    #[test]
    fn bounds_double_up_to_a_quarter_of_an_hour() {
        for (attempt, bound_ms) in
            [(1, 1_000), (2, 2_000), (3, 4_000), (10, 512_000), (11, 900_000), (u32::MAX, 900_000)]
        {
            assert_eq!(pause_after(attempt, 0).as_millis(), 0);
            assert_eq!(pause_after(attempt, bound_ms).as_millis(), u128::from(bound_ms), "{attempt}");
            assert_eq!(pause_after(attempt, bound_ms + 1).as_millis(), 0, "{attempt}");
        }
    }
}
