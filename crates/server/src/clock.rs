//! The clock and the random source, read here and passed down as arguments.
//!
//! The clock is the wall's, but it does not jump: when somebody sets the machine's clock forward or back, leases would end
//! and delays would pass early, deduplication would be forgotten, or timers would wait for the hour to come again. Such a
//! jump is told from time that has passed by the clock that counts since the machine was started.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws::{Clock, Ids, Timestamp};
use ring::rand::SecureRandom as _;
use serde::{Deserialize, Serialize};
use store::Table;

/// Where this floor has its time and its identifiers from.
pub(crate) const OWN_CLOCK: Clock = Clock { now, ids };

thread_local! {
    /// What a simulation has put in the place of the machine's clock and random source, on its thread.
    static STAND_IN: Cell<Option<Clock>> = const { Cell::new(None) };
}

/// Puts another clock and source of identifiers in the place of the machine's, on this thread.
pub(crate) fn stand_in(clock: Clock) {
    STAND_IN.set(Some(clock));
}

/// The time, which goes on evenly while the process lives.
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
pub(crate) fn now() -> Timestamp {
    if let Some(clock) = STAND_IN.get() {
        return (clock.now)();
    }
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(steady.now(ms(wall), ms(since_start())))
}

/// Goes on where the store was left: after the newest moment in it, and with the jumps that were left out before.
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
pub(crate) fn resume(kept: Option<KeptClock>, newest: Timestamp) -> Resumption {
    if STAND_IN.get().is_some() {
        return Resumption::Usual;
    }
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    steady.resume(kept, newest.unix_ms(), ms(wall))
}

/// Says nothing before the newest moment of another account or region, whose time is the same.
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
pub(crate) fn not_before(newest: Timestamp) {
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let wall_ms = ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    if wall_ms.saturating_sub_signed(steady.ahead_ms) < newest.unix_ms() {
        steady.ahead_ms = difference(wall_ms, newest.unix_ms());
    }
}

/// Nothing is swept until then, in ms.
static QUIET_UNTIL_MS: AtomicU64 = AtomicU64::new(0);

/// Nothing is swept before a moment: the clock may be wrong.
pub(crate) fn keep_quiet(until: Timestamp) {
    QUIET_UNTIL_MS.store(until.unix_ms(), Ordering::Relaxed);
}

/// Whether nothing is swept.
pub(crate) fn is_quiet() -> bool {
    now().unix_ms() < QUIET_UNTIL_MS.load(Ordering::Relaxed)
}

/// The machine's own time, for whoever compares clocks with somebody else's.
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
pub(crate) fn wall() -> Timestamp {
    Timestamp::from_unix_ms(ms(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
}

/// What is to be kept of the clock now.
pub(crate) fn to_keep() -> KeptClock {
    let said_ms = now().unix_ms();
    let steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    KeptClock { said_ms, ahead_ms: steady.ahead_ms }
}

/// What is kept of a store's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptClock {
    /// What it has said, some minutes ago at the most when the process ended.
    said_ms: u64,
    /// How far the machine's clock was ahead of it.
    pub(crate) ahead_ms: i64,
}

store::record!(KeptClock, version 1);

/// The store's clock.
pub(crate) const CLOCK: Table<(), KeptClock> = Table::new(86, "clock");

/// How a clock goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resumption {
    /// As it should.
    Usual,
    /// The machine's clock is behind what is stored, which time goes on from.
    Back {
        /// By so many ms.
        behind_ms: u64,
    },
    /// More than a day has passed since anything was stored: nobody ran, or the machine's clock is wrong.
    Ahead {
        /// So many ms.
        passed_ms: u64,
    },
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
/// More than this between two runs may be a clock that is wrong.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

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
                    "the machine's clock has jumped; Trunkline goes on with steady time, also after a restart"
                );
            }
        }
        self.last = Some((wall_ms, since_start_ms));
        self.said_ms = self.said_ms.max(wall_ms.saturating_sub_signed(self.ahead_ms));
        self.said_ms
    }

    /// Goes on after all that is stored: by the machine's clock, or by that less the jumps that were left out before, whichever
    /// comes next; where both are behind, from what is stored.
    fn resume(&mut self, kept: Option<KeptClock>, newest_ms: u64, wall_ms: u64) -> Resumption {
        let last_ms = kept.map_or(0, |kept| kept.said_ms).max(newest_ms);
        let ahead = kept.map_or(0, |kept| kept.ahead_ms);
        let next = [ahead, 0].into_iter().filter(|ahead| wall_ms.saturating_sub_signed(*ahead) >= last_ms);
        let Some(ahead_ms) = next.max() else {
            self.ahead_ms = difference(wall_ms, last_ms);
            return Resumption::Back { behind_ms: last_ms.saturating_sub(wall_ms) };
        };
        self.ahead_ms = ahead_ms;
        let passed_ms = wall_ms.saturating_sub_signed(ahead_ms).saturating_sub(last_ms);
        if last_ms > 0 && passed_ms > DAY_MS { Resumption::Ahead { passed_ms } } else { Resumption::Usual }
    }
}

fn difference(left: u64, right: u64) -> i64 {
    let size = i64::try_from(left.abs_diff(right)).unwrap_or(i64::MAX);
    if left < right { -size } else { size }
}

/// The time since the machine was started, in which it slept included: a laptop that was closed is no jump.
#[cfg(target_os = "linux")]
pub(crate) fn since_start() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(time).unwrap_or_default()
}

/// The time since this was first asked. Where the machine's sleep is not counted, waking up looks like a jump.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "the loops of this floor read the clock for all rooms below")]
pub(crate) fn since_start() -> Duration {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A fresh source of identifiers, seeded by the operating system through the standard library's hash keys, which are
/// random and different for every call.
pub(crate) fn ids() -> Ids {
    if let Some(clock) = STAND_IN.get() {
        return (clock.ids)();
    }
    Ids::from_seed((u128::from(random_u64()) << 64) | u128::from(random_u64()))
}

/// A text that nobody can guess, of 128 bits.
pub(crate) fn secret() -> String {
    let mut bytes = [0; 16];
    // The system's source does not fail once it has begun; without it, what is made is known to nobody either.
    if ring::rand::SystemRandom::new().fill(&mut bytes).is_err() {
        return ids().next_uuid() + &ids().next_uuid();
    }
    aws::encoding::hex(&bytes)
}

fn random_u64() -> u64 {
    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};

    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::{KeptClock, Resumption, Steady, ids, now};

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
    fn a_restart_goes_on_after_all_that_is_stored() {
        let kept = |said_ms, ahead_ms| Some(KeptClock { said_ms, ahead_ms });
        let hour = i64::try_from(HOUR_MS).unwrap();
        let long = 400 * 24 * HOUR_MS;
        // What was kept, the newest message, the machine's clock; what is said then, and how.
        let cases = [
            ("new", None, 0, DAY_MS, DAY_MS, Resumption::Usual),
            ("an hour later", kept(DAY_MS, 0), 5, DAY_MS + HOUR_MS, DAY_MS + HOUR_MS, Resumption::Usual),
            (
                "a jump forward while alive",
                kept(DAY_MS, 48 * hour),
                0,
                DAY_MS + 49 * HOUR_MS,
                DAY_MS + HOUR_MS,
                Resumption::Usual,
            ),
            (
                "which was mended meanwhile",
                kept(DAY_MS, 48 * hour),
                0,
                DAY_MS + HOUR_MS,
                DAY_MS + HOUR_MS,
                Resumption::Usual,
            ),
            (
                "a jump back while alive",
                kept(DAY_MS, -hour),
                0,
                DAY_MS - HOUR_MS + 5,
                DAY_MS + 5,
                Resumption::Usual,
            ),
            ("back", kept(DAY_MS, 0), 0, DAY_MS - HOUR_MS, DAY_MS, Resumption::Back { behind_ms: HOUR_MS }),
            (
                "messages of a clock that was wrong",
                None,
                DAY_MS + long,
                DAY_MS,
                DAY_MS + long,
                Resumption::Back { behind_ms: long },
            ),
            (
                "far ahead",
                kept(DAY_MS, 0),
                0,
                DAY_MS + long,
                DAY_MS + long,
                Resumption::Ahead { passed_ms: long },
            ),
        ];
        for (name, kept, newest_ms, wall_ms, said_ms, how) in cases {
            let mut steady = Steady::new();
            assert_eq!(steady.resume(kept, newest_ms, wall_ms), how, "{name}");
            assert_eq!(steady.now(wall_ms, 500), said_ms, "{name}");
            assert_eq!(steady.now(wall_ms + 10, 510), said_ms + 10, "{name}");
        }
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
