//! Names of queues that were deleted just now: on AWS they cannot be used again at once.

use std::time::Duration;

use aws::{Error, Timestamp};
use store::{KeyRange, Read, Table, Tx};

use crate::error;
use crate::limits;

/// Name of a deleted queue to when it was deleted, in ms.
const DELETED: Table<String, u64> = Table::new(64, "deleted queues");

/// Notes that a queue was deleted, and forgets those whose time has passed.
pub(crate) fn note(tx: &mut Tx<'_>, name: &str, now: Timestamp) {
    for (old, at) in tx.list_found(&DELETED, &KeyRange::all(), usize::MAX) {
        if at.is_none_or(|at| is_over(at, now)) {
            tx.remove(&DELETED, &old);
        }
    }
    tx.put(&DELETED, &name.to_owned(), &now.unix_ms());
}

/// Refuses a name whose queue was deleted less than a minute ago.
///
/// # Errors
/// `QueueDeletedRecently`.
pub(crate) fn check(read: &mut impl Read, name: &str, now: Timestamp) -> Result<(), Error> {
    match read.get(&DELETED, &name.to_owned()) {
        Some(at) if !is_over(at, now) => Err(error::queue_deleted_recently()),
        Some(_) | None => Ok(()),
    }
}

/// A clock that went back keeps nobody waiting.
fn is_over(at_ms: u64, now: Timestamp) -> bool {
    let at = Timestamp::from_unix_ms(at_ms);
    at > now || now.since(at) >= Duration::from_secs(limits::NAME_AGAIN_AFTER_S)
}
