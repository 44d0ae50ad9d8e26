//! Amazon States Language: parse, validate, lint, step.
//!
//! The language of AWS Step Functions as the service itself reads it: no I/O, no clock, no randomness, no panic.
//!
//! - [`parse()`] reads a definition: a [`Machine`] of plain enums, or everything that is wrong with it at once, in AWS's
//!   codes, words and places. [`validate`] gives the findings alone.
//! - [`step()`] takes one [`Event`] of an [`Execution`] and gives the [`Effects`]: events for the history, timers to set,
//!   tasks to call, map runs to start, the end. The execution is a value that can be kept as JSON between any two steps.
//! - [`map_run`] counts the children of a distributed Map.
//! - [`expr`] evaluates what stands inside a state: paths, payload templates, JSONata, Choice rules.
#![warn(missing_docs)]

pub mod definition;
pub mod diagnostic;
pub mod execution;
pub mod expr;
pub mod history;
pub mod json;
pub mod map_run;
pub mod parse;
pub mod payload;
pub mod reader;
pub mod resource;
pub mod step;
pub mod walk;

mod variables;

pub use crate::definition::{Machine, MachineType};
pub use crate::diagnostic::{Diagnostic, Severity};
pub use crate::execution::{About, Execution, TaskError};
pub use crate::history::{HistoryEvent, Status};
pub use crate::parse::{Reading, parse, validate};
pub use crate::step::{Effects, Event, What, step};
