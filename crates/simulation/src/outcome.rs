//! How a seed is played, and what came of it.

use events::planted::Bug;

use crate::judge::Tally;
use crate::trace::Trace;

/// How a seed is played.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether the lines of the trace are kept, to be read.
    pub keeps_lines: bool,
    /// A bug that is planted, which the run should find.
    pub planted: Option<Bug>,
}

/// What came of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The promise that was broken, if one was.
    pub broken: Option<String>,
    /// What happened.
    pub trace: Trace,
    /// How much of what happened.
    pub tally: Tally,
}
