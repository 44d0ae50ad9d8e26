//! Functions in JavaScript, Python and programs of their own, really run.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

mod cases;
mod code;
mod environments;
mod house;
mod interpreters;
