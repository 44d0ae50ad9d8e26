//! The clock and the random source, read here and passed down as arguments.
//!
//! The clock is the wall's, but it does not jump: when somebody sets the machine's clock forward or back, leases would end
//! and delays would pass early, deduplication would be forgotten, or timers would wait for the hour to come again. Such a
//! jump is told from time that has passed by the clock that counts since the machine was started.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws::{Clock, Ids, Timestamp};

/// Where this floor has its time and its identifiers from.
pub(crate) const OWN_CLOCK: Clock = Clock { now, ids };

/// The time, which goes on evenly while the process lives.
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
pub(crate) fn now() -> Timestamp {
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(steady.now(ms(wall), ms(since_start())))
}

/// Says nothing before `floor`, when the newest message of the store was there already: a clock that went back while
/// nobody ran would let every message wait for that time to come again. More than a day is no correction but a clock that
/// was wrong before, and is not believed.
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
pub(crate) fn not_before(floor: Timestamp) {
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    steady.not_before(floor.unix_ms(), ms(wall));
}

static STEADY: Mutex<Steady> = Mutex::new(Steady::new());

/// A wall clock whose jumps are left out.
#[derive(Debug)]
struct Steady {
    /// The readings before: the wall's, and the time since the machine was started.
    last: Option<(u64, u64)>,
    /// How far the wall's clock is ahead of ours, by all its jumps.
    ahead_ms: i64,
    /// What was said last; nothing earlier is said after it.
    said_ms: u64,
}

/// Less than this between two readings is the machine correcting its clock, which we follow.
const JUMP_MS: u64 = 1_000;
/// The most that a clock which has gone back is held at the newest message's time.
const FLOOR_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

impl Steady {
    const fn new() -> Self {
        Self { last: None, ahead_ms: 0, said_ms: 0 }
    }

    /// The time, from two readings made together, in ms.
    fn now(&mut self, wall_ms: u64, since_start_ms: u64) -> u64 {
        if let Some((last_wall_ms, last_since_start_ms)) = self.last {
            let passed_ms = since_start_ms.saturating_sub(last_since_start_ms);
            let expected_ms = last_wall_ms.saturating_add(passed_ms);
            if wall_ms.abs_diff(expected_ms) >= JUMP_MS {
                let jump_ms = difference(wall_ms, expected_ms);
                self.ahead_ms = self.ahead_ms.saturating_add(jump_ms);
                tracing::warn!(
                    jump_ms,
                    "the machine's clock has jumped; Trunkline goes on with steady time until it is started again"
                );
            }
        }
        self.last = Some((wall_ms, since_start_ms));
        self.said_ms = self.said_ms.max(wall_ms.saturating_sub_signed(self.ahead_ms));
        self.said_ms
    }

    /// Goes on from `floor_ms` where the wall's clock says less, unless it says far less.
    fn not_before(&mut self, floor_ms: u64, wall_ms: u64) {
        let behind_ms = floor_ms.saturating_sub(wall_ms.saturating_sub_signed(self.ahead_ms));
        if behind_ms > FLOOR_MS_MAX {
            tracing::warn!(
                behind_ms,
                "messages are dated later than the machine's clock, which may be wrong"
            );
        } else if behind_ms > 0 {
            tracing::warn!(
                behind_ms,
                "the machine's clock has gone back; Trunkline goes on from its newest message"
            );
            self.ahead_ms = difference(wall_ms, floor_ms);
        }
    }
}

fn difference(left: u64, right: u64) -> i64 {
    let size = i64::try_from(left.abs_diff(right)).unwrap_or(i64::MAX);
    if left < right { -size } else { size }
}

/// The time since the machine was started, in which it slept included: a laptop that was closed is no jump.
#[cfg(target_os = "linux")]
fn since_start() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(time).unwrap_or_default()
}

/// The time since this was first asked. Where the machine's sleep is not counted, waking up looks like a jump.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
fn since_start() -> Duration {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A fresh source of identifiers, seeded by the operating system through the standard library's hash keys, which are
/// random and different for every call.
pub(crate) fn ids() -> Ids {
    Ids::from_seed((u128::from(random_u64()) << 64) | u128::from(random_u64()))
}

fn random_u64() -> u64 {
    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};

    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::{Steady, ids, now};

    const HOUR_MS: u64 = 3_600_000;
    const DAY_MS: u64 = 1_700_000_000_000;

    #[test]
    fn a_jump_of_an_hour_is_left_out() {
        let mut steady = Steady::new();
        assert_eq!(steady.now(DAY_MS, 500), DAY_MS);
        assert_eq!(steady.now(DAY_MS + 10, 510), DAY_MS + 10);
        assert_eq!(steady.now(DAY_MS + HOUR_MS + 20, 520), DAY_MS + 20, "forward");
        assert_eq!(steady.now(DAY_MS + HOUR_MS + 30, 530), DAY_MS + 30, "and stays out");
        assert_eq!(steady.now(DAY_MS - HOUR_MS + 40, 540), DAY_MS + 40, "back beyond where it was");
        assert_eq!(steady.now(DAY_MS + 50, 550), DAY_MS + 50, "and right again");
    }

    #[test]
    fn time_that_passes_is_no_jump() {
        let mut steady = Steady::new();
        steady.now(DAY_MS, 500);
        let later = HOUR_MS * 9;
        assert_eq!(steady.now(DAY_MS + later, 500 + later), DAY_MS + later, "a night of sleep");
        assert_eq!(
            steady.now(DAY_MS + later + 1_700, 500 + later + 1_000),
            DAY_MS + later + 1_700,
            "corrected"
        );
        let before = steady.now(DAY_MS + later + 2_000, 500 + later + 2_000);
        assert_eq!(before, DAY_MS + later + 2_000);
        assert_eq!(steady.now(DAY_MS + later + 1_990, 500 + later + 2_001), before, "never back");
    }

    #[test]
    fn a_restart_after_a_jump_back_goes_on_from_the_newest_message() {
        let mut steady = Steady::new();
        steady.not_before(DAY_MS, DAY_MS - HOUR_MS);
        assert_eq!(steady.now(DAY_MS - HOUR_MS + 5, 500), DAY_MS + 5);
        assert_eq!(steady.now(DAY_MS - HOUR_MS + 15, 510), DAY_MS + 15);
        let mut right = Steady::new();
        right.not_before(DAY_MS, DAY_MS + 1);
        assert_eq!(right.now(DAY_MS + 1, 500), DAY_MS + 1);
        let mut far = Steady::new();
        far.not_before(DAY_MS + 25 * HOUR_MS, DAY_MS);
        assert_eq!(far.now(DAY_MS, 500), DAY_MS);
    }

    #[test]
    fn it_is_today() {
        assert!(now().unix_ms() > DAY_MS);
        assert!(now() <= now());
    }

    #[test]
    fn two_sources_differ() {
        assert_ne!(ids().next_uuid(), ids().next_uuid());
    }
}
