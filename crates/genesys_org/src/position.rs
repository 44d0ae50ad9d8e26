//! How far a simulated feed has come, so that a restart continues where it was.

use serde::{Deserialize, Serialize};
use store::{Read, Table, Tx};

const POSITION: Table<(), Position> = Table::new(44, "simulated feed");

/// A position in the stream of a simulated org, which is a function of the org's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// [`crate::simulator::Config::stream`]: another text is another stream.
    pub org: String,
    /// Start of the simulated time, milliseconds since 1970.
    pub start_ms: u64,
    /// Events taken in so far.
    pub taken: u64,
    /// The feed's clock at that moment, milliseconds since 1970.
    pub feed_ms: u64,
}

store::record!(Position, version 1);

/// The position at the last commit.
pub fn load(read: &mut impl Read) -> Option<Position> {
    read.get(&POSITION, &())
}

/// Saves the position, in the commit that takes the events in.
pub fn save(tx: &mut Tx<'_>, position: &Position) {
    tx.put(&POSITION, &(), position);
}
