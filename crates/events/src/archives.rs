//! Archives of events, and replays out of them.

pub mod archive;
pub mod replay;

pub(crate) mod archiving;
