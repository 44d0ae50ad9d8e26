//! The room of functions through its front door: AWS's operations step by step.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod house;
mod mappings;
mod operations;
mod owed;
mod permissions;
