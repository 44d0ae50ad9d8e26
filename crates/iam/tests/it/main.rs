//! The room of roles and policies through its front door: AWS's operations step by step, and what a role may do.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops where it fails"
)]

mod authority;
mod house;
mod limits;
mod operations;
