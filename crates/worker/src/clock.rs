//! The clocks of a worker: one that counts since the machine was started and cannot be set, and the wall's, which signs requests and
//! stamps records that others read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws::{Ids, Timestamp};
use ring::rand::SecureRandom as _;

/// A moment on a process's own clock, in ms: it says nothing to anybody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(pub u64);

impl Tick {
    /// So many ms later.
    #[must_use]
    pub fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How many ms after `earlier` it is.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Now, by the clock that cannot be set.
pub fn tick() -> Tick {
    Tick(u64::try_from(since_start().as_millis()).unwrap_or(u64::MAX))
}

/// The time since the machine was started, in which it slept included: a lease ends in the meantime, too.
#[cfg(target_os = "linux")]
fn since_start() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(time).unwrap_or_default()
}

/// The time since this was first asked. Where the machine's sleep is not counted, whoever wakes up believes in its lease.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock")]
fn since_start() -> Duration {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

/// Now, by the wall's clock.
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock")]
pub fn wall() -> Timestamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX))
}

/// A source of names that no other process has.
pub fn ids() -> Ids {
    let mut seed = [0; 16];
    if ring::rand::SystemRandom::new().fill(&mut seed).is_err() {
        // A machine without a random source still has a clock that tells two starts apart.
        let tick = u128::from(tick().0) << 64 | u128::from(std::process::id());
        seed = (tick ^ u128::from(wall().unix_ms())).to_be_bytes();
    }
    Ids::from_seed(u128::from_be_bytes(seed))
}

/// Waits.
pub async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
