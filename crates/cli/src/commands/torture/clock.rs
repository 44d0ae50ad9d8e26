//! The wall clock and the waiting of a torture: it watches a process of its own, in real time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, from the clock that the server on this machine reads as well.
#[expect(clippy::disallowed_methods, reason = "a torture compares leases with the wall clock")]
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A moment from which time is measured.
#[expect(clippy::disallowed_methods, reason = "a torture measures restarts")]
pub(crate) fn stopwatch() -> Instant {
    Instant::now()
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "a torture kills at a moment that it has drawn")]
pub(crate) fn pause(how_long: Duration) {
    std::thread::sleep(how_long);
}
