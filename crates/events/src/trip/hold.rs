//! A target whose deliveries are held: something of ours stands in the way, a guard or missing credentials, and not the target.
//!
//! What is owed does not grow older meanwhile (a restart without `--allow-private` must not throw away what a restart with it would
//! deliver). One record a target: from when to when it was held. Two times of holding within a day count as one.

use std::time::Duration;

use aws::{Arn, Timestamp};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

/// Targets that are or were held, by their ARN.
const HOLDS: Table<String, Hold> = Table::new(85, "held targets");
/// Deliveries of before the end of a hold are older than this at the most, and then forgotten.
const REMEMBERED: Duration = Duration::from_secs(2 * 86_400);

/// When a target was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hold {
    since: Timestamp,
    /// When that was last seen to be so.
    until: Timestamp,
}

store::record!(Hold, version 1);

impl Hold {
    /// The target is held now.
    pub(crate) fn note(tx: &mut Tx<'_>, target: &Arn, now: Timestamp) {
        let key = target.to_string();
        let known = tx.get(&HOLDS, &key).filter(|known| now.since(known.until) < REMEMBERED);
        let since = known.map_or(now, |known| known.since);
        tx.put(&HOLDS, &key, &Self { since, until: now });
    }

    /// How long what has been owed to the target since `accepted` was held.
    pub(crate) fn time_of(read: &mut impl Read, target: &Arn, accepted: Timestamp) -> Duration {
        let hold = read.get(&HOLDS, &target.to_string());
        hold.map_or(Duration::ZERO, |hold| hold.until.since(hold.since.max(accepted)))
    }

    /// Forgets holds that ended long ago.
    pub(crate) fn sweep(tx: &mut Tx<'_>, now: Timestamp) {
        for (target, hold) in tx.list(&HOLDS, &KeyRange::all(), usize::MAX) {
            if now.since(hold.until) > REMEMBERED.saturating_mul(2) {
                tx.remove(&HOLDS, &target);
            }
        }
    }
}
