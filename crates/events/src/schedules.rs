//! Schedule expressions, and the events that scheduled rules make.

pub mod schedule;

pub(crate) mod tick;
