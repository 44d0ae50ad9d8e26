//! The real binary from outside: started, called, killed, restarted.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod accounts;
mod applying;
mod calling;
mod check;
mod client;
mod dead_letters;
mod examples;
mod executions_killed;
mod explain;
mod faults;
mod feed_killed;
mod genesys;
mod guarding;
mod help;
mod importing;
mod json;
mod killed;
mod permissions;
mod replaying;
mod seeing;
mod simulating;
mod stack;
mod torture;
mod tracing;
mod trouble;
mod views;
mod visitors;
mod webhooks;
mod working;
