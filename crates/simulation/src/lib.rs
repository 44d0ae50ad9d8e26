//! The whole system by a seed: door, rooms, loops, porter, a scripted target, a disk that loses power and a virtual clock, on one
//! thread of one process.
//!
//! [`simulate`] plays one seed. A run has several *lives*: the server is opened on the disk, clients send and receive through its
//! door, and it is killed, loses power or is closed, at a moment of the seed's; what the disk had synced is what the next life
//! finds. The last life ends in peace: everything is drained, and the judge compares what was promised with what was seen
//! (`judge`; the promises are the contract of the README). Time is the runtime's paused clock, so that hours pass in milliseconds;
//! a sync ends when the seed says so; all that is random is of the seed. The same seed gives the same [`Trace`], byte for byte.
//!
//! Not simulated: functions (processes) and tables (an engine and a file that are not ours), which `trunkline torture` kills for real.
#![expect(
    clippy::indexing_slicing,
    reason = "a judge that reads what is not there ends the run, and is to be seen"
)]

mod calls;
mod clock;
mod consumers;
mod dice;
mod judge;
mod life;
mod outcome;
mod pipeline;
mod producers;
mod target;
mod trace;
mod world;

pub use events::planted::Bug;

pub use crate::judge::Tally;
pub use crate::outcome::{Options, Outcome};
pub use crate::trace::Trace;

/// Plays a seed on this thread, which must not be inside a runtime.
pub fn simulate(seed: u64, options: Options) -> Outcome {
    events::planted::plant(options.planted);
    let outcome = life::play(seed, options);
    events::planted::plant(None);
    outcome
}
