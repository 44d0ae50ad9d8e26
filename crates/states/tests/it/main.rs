//! Executions through the room's front door, with kills between any two commits.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod bad_input;
mod executions;
mod house;
mod kills;
mod limited;
mod map_files;
mod map_redrives;
mod retention;
