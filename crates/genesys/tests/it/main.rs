//! What the crate promises, checked through its public interface: one module per piece.

mod catalogue;
mod client;
mod conversation_query;
mod envelope;
mod fuzz;
mod rendering;
mod stream;
mod subscription;
mod tracker;
mod webhook;

/// The corpora of the fuzz targets, and their mutations.
#[expect(
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "it belongs to a crate of its own elsewhere, and a test stops where it fails"
)]
#[path = "../../../../fuzz/src/mutation.rs"]
mod mutation;
/// The function that the fuzz target runs.
#[expect(
    unreachable_pub,
    clippy::indexing_slicing,
    reason = "it belongs to a crate of its own elsewhere, and a test stops where it fails"
)]
#[path = "../../../../fuzz/src/webhook.rs"]
mod target;
