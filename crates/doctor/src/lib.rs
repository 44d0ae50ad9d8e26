//! A table of checks: what is wrong before it is run, why, and how it is fixed.
//!
//! [`LIVE_CHECKS`] is the table of those of a running server, [`AWS_CHECKS`] of those of what is deployed on AWS. [`CHECKS`] is the table, one file a check; [`lint`] runs it over a pipeline file. [`unsatisfiable`] is what the catalogue
//! says of a pattern that nothing known can match, for whoever has a pattern and no file.

pub mod aws;
mod check;
mod checks;
pub mod live;
pub mod unsatisfiable;

use provision::{Mistake, Pipeline};

pub use crate::aws::AWS_CHECKS;
pub use crate::check::Check;
pub use crate::checks::{CHECKS, DOUBTS};
pub use crate::live::LIVE_CHECKS;

/// What every check finds in a pipeline file, in the order of the table.
pub fn lint(pipeline: &Pipeline) -> Vec<Mistake> {
    CHECKS.iter().flat_map(|check| (check.run)(pipeline)).collect()
}

/// What may go wrong with what a pipeline file makes, in the order of [`DOUBTS`]; none of it is a mistake.
pub fn doubts(pipeline: &Pipeline) -> Vec<Mistake> {
    DOUBTS.iter().flat_map(|check| (check.run)(pipeline)).collect()
}
