//! One pass over an event's bytes: where its strings and brackets are, and the values at the paths that rules name.
//!
//! [`blocks`] marks the structure of 64 bytes at a time, with the machine's wide registers where it has them; [`walk`]
//! then jumps from mark to mark and reads only the values that somebody asks for.

pub(crate) mod blocks;
pub(crate) mod literal;
pub(crate) mod marks;
pub(crate) mod number;
pub(crate) mod verdict;
pub(crate) mod walk;

mod portable;
#[cfg(target_arch = "x86_64")]
mod wide;
