//! The door from outside, in one process.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test stops where it fails")]

mod fuzz;

/// The corpora of the fuzz targets, and their mutations.
#[expect(unreachable_pub, reason = "it belongs to a crate of its own elsewhere")]
#[path = "../../../../fuzz/src/mutation.rs"]
mod mutation;
/// The function that the fuzz targets of the door run.
#[expect(unreachable_pub, reason = "it belongs to a crate of its own elsewhere")]
#[path = "../../../../fuzz/src/door.rs"]
mod target;
