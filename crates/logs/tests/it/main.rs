//! The room of log groups through its front door: AWS's operations step by step, pages, retention, bounds.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod house;
mod operations;
mod pages;
mod recording;
