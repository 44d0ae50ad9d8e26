//! What executions need of the porter: their steps computed, their Tasks called, Express executions run.

mod call;
pub mod caller;
mod computing;
pub mod express;
pub mod folders;
pub mod http;
pub mod rule;
pub mod steps;
pub mod tasks;
pub mod waiting;
