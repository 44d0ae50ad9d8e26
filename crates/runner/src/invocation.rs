//! One invocation: what is asked, and how it ended.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::interpreter::MissingInterpreter;

/// What is asked of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub request_id: String,
    /// JSON; nothing at all reaches the handler as `{}`.
    pub payload: Bytes,
    /// As the caller named the function: with `:$LATEST` or an alias only if the caller said so.
    pub invoked_arn: String,
    /// JSON, decoded from base64.
    pub client_context: Option<String>,
    pub trace_id: Option<String>,
    /// Where the parts of a streaming handler's answer go as they come. Without it they are collected like any answer.
    pub stream: Option<mpsc::Sender<StreamPart>>,
}

/// A part of a streamed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamPart {
    /// Comes first, once.
    ContentType(String),
    Data(Bytes),
}

/// How an invocation ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The handler's answer or the error, byte for byte; empty where the answer was streamed.
    pub payload: Bytes,
    pub content_type: Option<String>,
    /// Where the function failed: what its error is called, such as `Runtime.ExitError` or `TypeError`. The caller sees
    /// `X-Amz-Function-Error: Unhandled`.
    pub error_type: Option<String>,
    /// The last 4 KB of its log (`LogType: Tail`).
    pub log_tail: Vec<u8>,
    pub report: Report,
    /// What a person may want to know about the error.
    pub hint: Option<String>,
}

impl Outcome {
    /// The value of `X-Amz-Function-Error`.
    pub fn function_error(&self) -> Option<&'static str> {
        self.error_type.as_ref().map(|_| "Unhandled")
    }
}

/// The figures of the REPORT line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    pub duration: Duration,
    /// Whole milliseconds.
    pub billed_ms: u64,
    pub memory_mb: u32,
    pub max_memory_mb: u64,
    /// How long the environment took to start, if it did for this invocation.
    pub init: Option<Duration>,
}

/// Why a function could not be run at all: no fault of its handler's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    MissingInterpreter(MissingInterpreter),
    /// The environment's processes could not be started; the operating system's words.
    CannotStart(String),
    /// The runner is ending.
    Ending,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingInterpreter(missing) => missing.fmt(out),
            Self::CannotStart(why) => write!(out, "the function's process cannot be started: {why}"),
            Self::Ending => out.write_str("Trunkline is stopping"),
        }
    }
}

impl std::error::Error for Failure {}
