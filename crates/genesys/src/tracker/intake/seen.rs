//! Which events have arrived: envelope ids and semantic keys, for seven days, on disk (contract C6).

use std::time::Duration;

use aws::Timestamp;
use md5::{Digest, Md5};
use store::{Found, KeyRange, Read, Table, Tx};

/// How long an event is known, in wall time (design, section 6).
pub const KNOWN_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

const SEEN: Table<u128, u64> = Table::new(40, "seen events");
/// By the moment from which a key may be forgotten, so that those of one commit lie together: keys are hashes and would each touch
/// a page of their own.
const FORGET: Table<(u64, u128), ()> = Table::new(41, "seen events to forget");

/// Notes an event; `false` where its envelope id or its semantic key has been noted within the seven days.
pub fn note(tx: &mut Tx<'_>, envelope_id: Option<&str>, semantic_key: [u8; 16], now: Timestamp) -> bool {
    let semantic = u128::from_be_bytes(semantic_key);
    let envelope =
        envelope_id.map(|id| u128::from_be_bytes(Md5::digest([b"envelope ", id.as_bytes()].concat()).into()));
    if known(tx, &semantic, now) || envelope.is_some_and(|envelope| known(tx, &envelope, now)) {
        return false;
    }
    let until_ms = now.plus(KNOWN_FOR).unix_ms();
    for key in [Some(semantic), envelope].into_iter().flatten() {
        note_key(tx, key, until_ms);
    }
    true
}

/// Notes a derived event by its id, which is a function of its content; `false` where it was published within the time.
pub fn note_derived(tx: &mut Tx<'_>, id: &str, now: Timestamp, known_for: Duration) -> bool {
    let key = u128::from_be_bytes(Md5::digest([b"derived ", id.as_bytes()].concat()).into());
    if known(tx, &key, now) {
        return false;
    }
    note_key(tx, key, now.plus(known_for).unix_ms());
    true
}

fn known(tx: &mut Tx<'_>, key: &u128, now: Timestamp) -> bool {
    match tx.find(&SEEN, key) {
        Found::Value(until_ms) => until_ms > now.unix_ms(),
        Found::Nothing => false,
        // Twice is better than never.
        Found::Damaged => {
            tx.pass_over(&SEEN, key);
            false
        }
    }
}

fn note_key(tx: &mut Tx<'_>, key: u128, until_ms: u64) {
    tx.put(&SEEN, &key, &until_ms);
    tx.put(&FORGET, &(until_ms, key), &());
}

/// Whether this semantic key has been noted within the seven days.
pub fn is_known(read: &mut impl Read, semantic_key: [u8; 16], now: Timestamp) -> bool {
    read.get(&SEEN, &u128::from_be_bytes(semantic_key)).is_some_and(|until_ms| until_ms > now.unix_ms())
}

/// Forgets up to `limit` keys whose time is over; how many it was.
pub fn forget(tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> usize {
    let over = tx.list_found(&FORGET, &KeyRange::between(&0_u64, &now.unix_ms()), limit);
    for (place, _) in &over {
        // Noted again since: another place knows when to forget it.
        if !matches!(tx.find(&SEEN, &place.1), Found::Value(until_ms) if until_ms > now.unix_ms()) {
            tx.remove(&SEEN, &place.1);
        }
        tx.remove(&FORGET, place);
    }
    over.len()
}
