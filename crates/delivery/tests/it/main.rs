//! Deliveries to addresses that answer, refuse, dawdle and break off.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]
#![expect(clippy::indexing_slicing, reason = "a test reads what it has just made")]

mod api_destination;
mod fault_target;
mod house;
mod real_aws;
mod streams;
