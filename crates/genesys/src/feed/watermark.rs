//! Up to when everything of an org has been received, so that a restart asks for what it missed.

use aws::Timestamp;
use store::{Read, Table, Tx};

/// By the org's id: milliseconds since 1970.
const WATERMARKS: Table<String, u64> = Table::new(58, "feed watermarks");

/// Up to when the org's events were received; `None` where none ever were.
pub fn load(read: &mut impl Read, org_id: &str) -> Option<Timestamp> {
    read.get(&WATERMARKS, &org_id.to_owned()).map(Timestamp::from_unix_ms)
}

/// Saves up to when events were received, in the commit that takes them in.
pub fn save(tx: &mut Tx<'_>, org_id: &str, heard: Timestamp) {
    tx.put(&WATERMARKS, &org_id.to_owned(), &heard.unix_ms());
}
