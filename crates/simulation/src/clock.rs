//! The virtual clock: stands still while anybody is at work, and jumps to the next moment for which somebody waits.

use std::cell::Cell;
use std::time::Duration;

use aws::{Clock, Ids, Timestamp};
use tokio::time::Instant;

/// When every simulation begins: 2026-03-19, noon UTC.
pub(crate) const NOON: Timestamp = Timestamp::from_unix_ms(1_773_921_600_000);

thread_local! {
    /// What the clock says while no life is under way, and said when this one began.
    static BASE: Cell<Timestamp> = const { Cell::new(NOON) };
    /// When this life began, by its runtime's paused clock.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    static SEED: Cell<u64> = const { Cell::new(0) };
    static SOURCES: Cell<u64> = const { Cell::new(0) };
}

/// The clock of all that runs on this thread.
pub(crate) const VIRTUAL: Clock = Clock { now, ids };

/// Turns the clock back to noon, and the sources of identifiers to this seed's first.
pub(crate) fn reset(seed: u64) {
    BASE.set(NOON);
    BEGAN.set(None);
    SEED.set(seed);
    SOURCES.set(0);
}

/// The time.
pub(crate) fn now() -> Timestamp {
    match BEGAN.get() {
        Some(began) => BASE.get().plus(Instant::now().duration_since(began)),
        None => BASE.get(),
    }
}

/// The time in ms since noon.
pub(crate) fn now_ms() -> u64 {
    now().unix_ms().saturating_sub(NOON.unix_ms())
}

/// Runs with the current runtime's time from now on.
pub(crate) fn begin() {
    BEGAN.set(Some(Instant::now()));
}

/// Stands still where it is.
pub(crate) fn end() {
    let now = now();
    BEGAN.set(None);
    BASE.set(now);
}

/// Lets time pass while nobody lives.
pub(crate) fn pass(time: Duration) {
    BASE.set(BASE.get().plus(time));
}

/// A source of identifiers, another one each time.
fn ids() -> Ids {
    SOURCES.set(SOURCES.get().saturating_add(1));
    Ids::from_seed((u128::from(SEED.get()) << 64) | u128::from(SOURCES.get()))
}
