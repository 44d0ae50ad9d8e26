//! The credentials chain against scripted servers: STS, the metadata of instances and containers, the SSO portal.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails, and reads what it has just made"
)]

mod chain;
mod peer;
mod requests;
