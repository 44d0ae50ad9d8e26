//! The checks: one file each, one line here.

mod known_org;
mod makeable_input;
mod satisfiable_pattern;

use crate::check::Check;

/// Every check of a pipeline file, in the order in which they are run.
pub const CHECKS: &[Check] = &[known_org::CHECK, satisfiable_pattern::CHECK, makeable_input::CHECK];
