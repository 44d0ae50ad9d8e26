//! The pattern crate from outside: cases, properties, blame, hostile input.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod blame;
mod cases;
mod dice;
mod fuzz;
mod hostile;
mod naive;
mod properties;

/// The same functions that the fuzz targets run.
#[expect(unreachable_pub, reason = "it is a crate of its own elsewhere")]
#[path = "../../../../fuzz/src/pattern.rs"]
mod targets;
