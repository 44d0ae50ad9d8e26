//! The checks: one file each, one line here.

mod known_org;
mod makeable_input;
mod permitted_tasks;
mod satisfiable_pattern;
mod sound_definition;

use crate::check::Check;

/// Every check of a pipeline file, in the order in which they are run.
pub const CHECKS: &[Check] = &[known_org::CHECK, satisfiable_pattern::CHECK, makeable_input::CHECK];

/// Every check whose findings are doubts: what it finds can be made, and works until it does not.
pub const DOUBTS: &[Check] = &[sound_definition::CHECK, permitted_tasks::CHECK];
