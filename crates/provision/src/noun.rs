//! The nouns of a pipeline file, one file each: its record, its table of keys, how it is read, what is checked.

pub mod api_destination;
pub mod connection;
pub mod genesys;
pub mod org;
pub mod queue;
pub mod rule;
pub mod target;
pub mod test;
pub mod trouble;
pub mod webhook;
pub mod worker;
