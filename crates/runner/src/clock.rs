//! The wall clock, for deadlines and log lines: the one place in which it is read.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Milliseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a function's deadline and its log lines are moments of the wall clock"
)]
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// `2026-11-28T10:00:00.000Z`.
pub(crate) fn iso(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| format!("{at:.3}")).unwrap_or_default()
}

/// `2026/11/28`, as the names of log streams begin.
pub(crate) fn stream_date(at_ms: i64) -> String {
    let day: String = iso(at_ms).chars().take(10).collect();
    day.replace('-', "/")
}

#[cfg(test)]
mod tests {
    use super::{iso, stream_date};

    #[test]
    fn moments_are_written_as_aws_writes_them() {
        assert_eq!(iso(1_795_860_000_007), "2026-11-28T10:00:00.007Z");
        assert_eq!(iso(1_795_860_000_000), "2026-11-28T10:00:00.000Z");
        assert_eq!(stream_date(1_795_860_000_000), "2026/11/28");
    }
}
