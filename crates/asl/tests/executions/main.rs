//! Executions against AWS's recorded histories, and what must hold of any definition.
#![expect(clippy::expect_used, reason = "a test stops where it fails")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod map_runs;
mod properties;
mod recorded;
mod steps;
mod world;
