//! Carries each owed delivery to its target: the only room that knows how to pay what the rooms below owe.
//!
//! [`Porter::run`] takes what has fallen due, calls the targets (one file a kind in `target/`), and settles each attempt in
//! one commit. A crash at any point makes it carry again what was under way, and nothing else (contract C4).

pub mod answer;
mod authorizer;
pub mod aws_access;
mod hidden;
pub mod porter;
pub mod stream;
mod target;
mod tokens;

pub use crate::answer::Answers;
pub use crate::aws_access::AwsAccess;
pub use crate::porter::{Porter, Surroundings};
