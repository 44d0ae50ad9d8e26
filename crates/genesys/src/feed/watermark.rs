//! Up to when everything of an org has been heard, so that a restart asks for what it missed.

use aws::Timestamp;
use store::{Read, Table, Tx};

/// By the org's id: milliseconds since 1970.
const WATERMARKS: Table<String, u64> = Table::new(58, "feed watermarks");

/// Up to when the org was heard; `None` where it never was.
pub fn load(read: &mut impl Read, org_id: &str) -> Option<Timestamp> {
    read.get(&WATERMARKS, &org_id.to_owned()).map(Timestamp::from_unix_ms)
}

/// Notes up to when it was heard, in the commit that takes in what was.
pub fn save(tx: &mut Tx<'_>, org_id: &str, heard: Timestamp) {
    tx.put(&WATERMARKS, &org_id.to_owned(), &heard.unix_ms());
}
