//! The room through its front door: AWS's operations, what becomes of an event, what is owed and how it ends.
#![expect(clippy::unwrap_used, clippy::panic, clippy::unreachable, reason = "a test stops where it fails")]
#![expect(clippy::indexing_slicing, reason = "a test reads JSON by member")]

mod api_call;
mod attempts;
mod books;
mod cases;
mod concurrency;
mod damage;
mod history;
mod hooks;
mod house;
mod input;
mod log_group;
mod operations;
mod own;
mod partner;
mod permissions;
mod redrive;
mod replay;
mod rerun;
mod retry;
mod schedule;
mod secrets;
mod tick;
mod transformer;
mod trip;
