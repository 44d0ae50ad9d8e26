//! Which events have arrived: envelope ids and semantic keys, for seven days, on disk (contract C6).

use std::time::Duration;

use aws::Timestamp;
use md5::{Digest, Md5};
use store::{Found, KeyRange, Read, Table, Tx};

use crate::envelope::semantic_key::EventIdentity;

/// How long an event is known, in wall time (design, section 6).
pub const KNOWN_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// A key begins with the minute of what the event tells, 32 bits, so that those of events which come at about one time lie together; 96
/// bits of a hash follow.
const SEEN: Table<u128, u64> = Table::new(40, "seen events");
const HASH_BITS: u32 = 96;
/// By the moment from which a key may be forgotten.
const FORGET: Table<(u64, u128), ()> = Table::new(41, "seen events to forget");

/// Notes an event; `false` where its envelope id or its semantic key has been noted within the seven days. An envelope's id counts
/// together with the minute of what is in it, which does not change when the envelope is delivered again.
pub fn note(tx: &mut Tx<'_>, envelope_id: Option<&str>, event: EventIdentity, now: Timestamp) -> bool {
    let semantic = place_of(event);
    let envelope = envelope_id.map(|id| {
        let key = Md5::digest([b"envelope ", id.as_bytes()].concat()).into();
        place_of(EventIdentity { key, ..event })
    });
    if known(tx, &semantic, now) || envelope.is_some_and(|envelope| known(tx, &envelope, now)) {
        return false;
    }
    let until_ms = now.plus(KNOWN_FOR).unix_ms();
    for key in [Some(semantic), envelope].into_iter().flatten() {
        note_key(tx, key, until_ms);
    }
    true
}

/// Where an event is noted.
fn place_of(event: EventIdentity) -> u128 {
    let hash = u128::from_be_bytes(event.key) & ((1 << HASH_BITS) - 1);
    u128::from(event.minute) << HASH_BITS | hash
}

/// Notes a derived event by its id, which is a function of its content; `false` where it was published within the time.
pub fn note_derived(tx: &mut Tx<'_>, id: &str, now: Timestamp, known_for: Duration) -> bool {
    let key =
        place_of(EventIdentity { key: Md5::digest([b"derived ", id.as_bytes()].concat()).into(), minute: 0 });
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

/// Whether this event's semantic key has been noted within the seven days.
pub fn is_known(read: &mut impl Read, event: EventIdentity, now: Timestamp) -> bool {
    read.get(&SEEN, &place_of(event)).is_some_and(|until_ms| until_ms > now.unix_ms())
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
