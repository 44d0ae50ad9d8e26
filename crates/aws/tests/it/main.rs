//! Tests of the shared words through their public face.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod policy;
