//! Where a room that is allowed a clock has its time and its identifiers from.

use crate::call::Ids;
use crate::time::Timestamp;

/// A clock and a source of identifiers, given by the top floor or by a test: no room reads the system's own.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The time.
    pub now: fn() -> Timestamp,
    /// A fresh source of identifiers and jitter.
    pub ids: fn() -> Ids,
}
