//! The room of functions through its front door: AWS's operations step by step.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod house;
mod operations;
mod owed;
mod permissions;
