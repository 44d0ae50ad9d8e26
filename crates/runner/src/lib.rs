//! The one way to start a process: functions' environments, the Runtime API, limits, output.
//!
//! [`Runner::invoke`] runs a [`Function`] once: in an environment that is warm, or in a new one. An environment is a tree
//! of processes of its own that ends when we end, however we end: [`launcher`] sees to it. Nothing here knows a store;
//! code is a folder ([`CodeStore`] keeps those that came as zips), log lines go to a [`LogSink`].

pub mod code;
pub mod function;
pub mod hint;
pub mod interpreter;
pub mod invocation;
pub mod isolation;
pub mod launcher;
pub mod log;
pub mod options;
pub mod runtime;
pub mod sdk;
pub mod tool;

mod api;
mod clock;
mod ending;
mod environment;
mod folder;
mod layers;
mod lock;
mod output;
mod pool;
mod process;
mod runner;
mod tree;
mod variables;

pub use crate::code::{CodeError, CodeStore};
pub use crate::function::Function;
pub use crate::invocation::{Failure, Invocation, Outcome};
pub use crate::isolation::Isolation;
pub use crate::lock::Predecessors;
pub use crate::log::{LogOrigin, LogRecord, LogSink};
pub use crate::options::RunnerOptions;
pub use crate::runner::Runner;
pub use crate::runtime::Runtime;
