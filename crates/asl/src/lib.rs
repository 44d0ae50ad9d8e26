//! Amazon States Language: parse, validate, lint, step.
//!
//! The language of AWS Step Functions as the service itself reads it: no I/O, no clock, no randomness, no panic.
//!
//! - [`parse()`] reads a definition: a [`Machine`] of plain enums, or everything that is wrong with it at once, in AWS's
//!   codes, words and places. [`validate`] gives the findings alone.
//! - [`step()`] takes one [`Event`] of an [`Execution`] and gives the [`Effects`]: events for the history, timers to set,
//!   tasks to call, map runs to start, the end. The execution is a value that can be kept as JSON between any two steps.
//! - [`lint()`] tells what is doubtful in a definition that AWS accepts; [`explain`] why a Choice went where it went.
//! - [`step::test_state`] tries one state, its work mocked.
//! - [`map_run`] counts the children of a distributed Map.
//! - [`place`] finds a diagnostic's location in the text, for a caret; [`mock_config`] reads mocks of Step Functions Local.
//! - [`walk`] drives an execution in memory, its tasks answered by mocks, its clock jumping from timer to timer.
//! - [`expr`] evaluates what stands inside a state: paths, payload templates, JSONata, Choice rules.
//!
//! ```
//! use asl::{About, Event, Execution, MachineType, What, parse, step};
//! use serde_json::json;
//!
//! let text = r#"{"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
//!     "Parameters": {"FunctionName": "f", "Payload.$": "$.order"}, "End": true}}}"#;
//! let machine = parse(text, MachineType::Standard).machine.expect("nothing is wrong with it");
//! let about = About {
//!     execution_arn: "arn:aws:states:eu-central-1:111111111111:execution:m:run".to_owned(),
//!     input: json!({"order": 7}),
//!     ..About::default()
//! };
//! let mut execution = Execution::new(about);
//!
//! let effects = step(&machine, &mut execution, Event { now_ms: 1_000, seed: 1, what: What::Start });
//! let [call] = effects.tasks.as_slice() else { panic!("one task is asked for") };
//! assert_eq!(call.input, json!({"FunctionName": "f", "Payload": 7}));
//!
//! // Keep the execution, call the function; later:
//! let answer = What::TaskSucceeded { task: call.task, output: json!({"StatusCode": 200}) };
//! let effects = step(&machine, &mut execution, Event { now_ms: 2_000, seed: 2, what: answer });
//! assert_eq!(effects.end.expect("the end").output, Some(json!({"StatusCode": 200})));
//! let kinds: Vec<&str> = effects.history.iter().map(|event| event.kind.as_str()).collect();
//! assert_eq!(kinds, ["TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"]);
//! ```
#![warn(missing_docs)]

pub mod comparison;
pub mod definition;
pub mod diagnostic;
pub mod execution;
pub mod explain;
pub mod expr;
pub mod history;
pub mod json;
pub mod lint;
pub mod map_run;
pub mod mock_config;
pub mod parse;
pub mod payload;
pub mod place;
pub mod reader;
pub mod resource;
pub mod step;
pub mod walk;
pub mod writer;

mod validate;
mod variables;

pub use crate::definition::{Machine, MachineType};
pub use crate::diagnostic::{Diagnostic, Severity};
pub use crate::execution::{About, Execution, TaskError};
pub use crate::history::{HistoryEvent, Status};
pub use crate::lint::lint;
pub use crate::parse::{Reading, parse};
pub use crate::step::{Effects, Event, What, step};
pub use crate::validate::validate;
