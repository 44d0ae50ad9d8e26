//! The nouns of a pipeline file that are no resources, one file each: its record, its table of keys, how it is read, what is checked.

pub mod genesys;
pub mod org;
pub mod test;
pub mod trouble;
pub mod webhook;
pub mod worker;
