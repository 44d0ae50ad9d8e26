//! The checks: one file each, one line here.

mod callable_target;
mod kept_event;
mod known_org;
mod known_source;
mod makeable_input;
mod permitted_tasks;
mod satisfiable_pattern;
mod seconds;
mod served_target;
mod sound_definition;

use crate::check::Check;

/// Every check of a pipeline file, in the order in which they are run.
pub const CHECKS: &[Check] = &[
    known_org::CHECK,
    known_source::CHECK,
    satisfiable_pattern::CHECK,
    makeable_input::CHECK,
    served_target::CHECK,
];

/// Every check whose findings are doubts: what it finds can be made, and works until it does not.
pub const DOUBTS: &[Check] = &[
    sound_definition::CHECK,
    permitted_tasks::CHECK,
    kept_event::CHECK,
    callable_target::CHECK,
    seconds::CHECK,
];
