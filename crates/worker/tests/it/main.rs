//! The worker's room: permits in a simulation, and its requests against the real engine of tables.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod engine;
mod fleet;
mod permits;
mod tracker;
