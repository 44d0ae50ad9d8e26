//! Scans that keep others waiting: the engine does one thing at a time, so a long one is told to whoever runs it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// So long an operation may take before it is told.
const LONG: Duration = Duration::from_millis(50);
/// One in a minute is enough to be noticed.
const TOLD_EVERY: Duration = Duration::from_secs(60);
/// The operations whose length the caller decides.
const READERS: [&str; 4] = ["Scan", "Query", "ExecuteStatement", "BatchExecuteStatement"];

/// Who is told, and by which clock it is long.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// Since any moment; never goes back.
    pub now: fn() -> Duration,
    pub tell: fn(&LongRead),
}

/// An operation that took long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongRead {
    pub operation: &'static str,
    pub took: Duration,
    /// Operations that were there at the same time, and may have waited.
    pub others: usize,
}

/// What is watched of the tables of one account and region.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    watch: OnceLock<Watch>,
    under_way: AtomicUsize,
    /// When one was told, in milliseconds of the watch; 0: never.
    told_ms: AtomicU64,
}

/// An operation under way.
#[derive(Debug)]
pub(crate) struct UnderWay<'w> {
    watched: &'w Watched,
    operation: &'static str,
    begun: Option<Duration>,
}

impl Watched {
    pub(crate) fn set(&self, watch: Watch) {
        let _ = self.watch.set(watch);
    }

    pub(crate) fn begin(&self, operation: &'static str) -> UnderWay<'_> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let begun = self.watch.get().filter(|_| READERS.contains(&operation)).map(|watch| (watch.now)());
        UnderWay { watched: self, operation, begun }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let others = self.watched.under_way.fetch_sub(1, Ordering::Relaxed).saturating_sub(1);
        let (Some(begun), Some(watch)) = (self.begun, self.watched.watch.get()) else { return };
        let now = (watch.now)();
        let took = now.saturating_sub(begun);
        if took < LONG {
            return;
        }
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).max(1);
        let told_ms = self.watched.told_ms.load(Ordering::Relaxed);
        let is_recent = told_ms > 0 && u128::from(now_ms.saturating_sub(told_ms)) < TOLD_EVERY.as_millis();
        let swapped =
            self.watched.told_ms.compare_exchange(told_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        if !is_recent && swapped.is_ok() {
            (watch.tell)(&LongRead { operation: self.operation, took, others });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::{LongRead, Watch, Watched};

    static NOW_MS: AtomicU64 = AtomicU64::new(5);
    static TOLD: Mutex<Vec<LongRead>> = Mutex::new(Vec::new());

    fn pass(ms: u64) {
        NOW_MS.fetch_add(ms, Ordering::Relaxed);
    }

    #[test]
    fn a_long_read_is_told_once_a_minute() {
        let watched = Watched::default();
        watched.set(Watch {
            now: || Duration::from_millis(NOW_MS.load(Ordering::Relaxed)),
            tell: |read| TOLD.lock().unwrap().push(*read),
        });
        for (operation, ms) in [("Scan", 49), ("PutItem", 500), ("Scan", 50), ("Query", 70), ("Scan", 60_000)]
        {
            let other = watched.begin("GetItem");
            let one = watched.begin(operation);
            pass(ms);
            drop(one);
            drop(other);
        }
        let told = |ms: u64| LongRead { operation: "Scan", took: Duration::from_millis(ms), others: 1 };
        assert_eq!(*TOLD.lock().unwrap(), [told(50), told(60_000)]);
    }
}
