//! Amazon States Language: parse, validate, lint, step.
//!
//! The language of AWS Step Functions as the service itself reads it: no I/O, no clock, no randomness, no panic.
//!
//! - [`expr`] evaluates what stands inside a state: paths, payload templates, JSONata, Choice rules.
#![warn(missing_docs)]

pub mod expr;
