//! How an invocation ends, in AWS's words: payloads, error types, log lines.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::api::{ANSWER_BYTES_MAX, Answer, RuntimeError};
use crate::clock;
use crate::launcher::Exit;
use crate::log::Status;

/// How an invocation ended.
#[derive(Debug)]
pub(crate) enum Ending {
    Answer(Answer),
    Error(RuntimeError),
    InitError(RuntimeError),
    TooLarge,
    TimedOut,
    Exited(Exit),
    OutOfMemory,
    TooManyProcesses(u64),
    /// A `provided` runtime without its program: where it was looked for.
    NoBootstrap(String),
}

/// An error's payload, with the request id in front as AWS puts it.
fn platform_error(error_type: &str, request_id: &str, error: &str) -> Bytes {
    let message = format!("RequestId: {request_id} Error: {error}");
    json!({"errorType": error_type, "errorMessage": message}).to_string().into()
}

impl Ending {
    /// Whether the environment is of no use after it.
    pub(crate) const fn is_final(&self) -> bool {
        !matches!(self, Self::Answer(_) | Self::Error(_) | Self::TooLarge)
    }

    /// What the function's error is called; none for an answer.
    pub(crate) fn error_type(&self) -> Option<&str> {
        match self {
            Self::Answer(answer) => answer.error_type.as_deref(),
            Self::Error(error) | Self::InitError(error) => Some(&error.error_type),
            Self::TooLarge => Some("Function.ResponseSizeTooLarge"),
            Self::TimedOut => Some("Sandbox.Timedout"),
            Self::Exited(Exit::NotStarted(_)) | Self::NoBootstrap(_) => Some("Runtime.InvalidEntrypoint"),
            Self::Exited(_) | Self::OutOfMemory | Self::TooManyProcesses(_) => Some("Runtime.ExitError"),
        }
    }

    /// What the caller gets.
    pub(crate) fn payload(&self, request_id: &str, timeout: Duration) -> Bytes {
        let error = match self {
            Self::Answer(answer) => return answer.payload.clone(),
            Self::Error(error) | Self::InitError(error) => return error.payload.clone(),
            Self::TooLarge => {
                let message = format!(
                    "Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes)."
                );
                let error_type = "Function.ResponseSizeTooLarge";
                return json!({"errorMessage": message, "errorType": error_type}).to_string().into();
            }
            Self::TimedOut => timed_out(timeout),
            Self::Exited(exit) => exit_words(exit),
            Self::OutOfMemory | Self::TooManyProcesses(_) => exit_words(&Exit::Signal(KILLED)),
            Self::NoBootstrap(places) => format!("Couldn't find valid bootstrap(s): [{places}]"),
        };
        platform_error(self.error_type().unwrap_or_default(), request_id, &error)
    }

    /// What the REPORT line says of it; an error that the handler reported itself is not said there.
    pub(crate) fn status(&self) -> Option<Status<'_>> {
        let error = |error_type| Some(Status { status: "error", error_type: Some(error_type) });
        match self {
            Self::Answer(_) | Self::Error(_) | Self::TooLarge => None,
            Self::TimedOut => Some(Status { status: "timeout", error_type: None }),
            Self::OutOfMemory => error("Runtime.OutOfMemory"),
            _ => self.error_type().and_then(error),
        }
    }

    /// The lines that come before END.
    pub(crate) fn lines(&self, request_id: &str, timeout: Duration) -> Vec<String> {
        let exited = |words: &str| {
            let error_type = self.error_type().unwrap_or_default();
            vec![format!("RequestId: {request_id} Error: {words}"), error_type.to_owned()]
        };
        match self {
            Self::Answer(_) | Self::Error(_) | Self::InitError(_) => Vec::new(),
            Self::TooLarge => vec![format!(
                "[trunkline] the answer is longer than {ANSWER_BYTES_MAX} bytes: the caller got Function.ResponseSizeTooLarge"
            )],
            Self::TimedOut => {
                let now = clock::iso(clock::now_ms());
                vec![format!("{now} {request_id} {}", timed_out(timeout))]
            }
            Self::Exited(exit) => exited(&exit_words(exit)),
            Self::NoBootstrap(places) => exited(&format!("Couldn't find valid bootstrap(s): [{places}]")),
            Self::OutOfMemory => exited(&exit_words(&Exit::Signal(KILLED))),
            Self::TooManyProcesses(most) => {
                let mut lines = exited(&exit_words(&Exit::Signal(KILLED)));
                lines.push(format!("[trunkline] the function had more than {most} processes and was ended"));
                lines
            }
        }
    }
}

const KILLED: i32 = 9;

fn timed_out(timeout: Duration) -> String {
    format!("Task timed out after {:.2} seconds", timeout.as_secs_f64())
}

/// The words of Go's `os.ProcessState`, which AWS's are.
fn exit_words(exit: &Exit) -> String {
    let signal = match exit {
        Exit::Status(0) => return "Runtime exited without providing a reason".to_owned(),
        Exit::Status(status) => return format!("Runtime exited with error: exit status {status}"),
        Exit::NotStarted(why) => return why.clone(),
        Exit::Signal(signal) => *signal,
    };
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        other => return format!("Runtime exited with error: signal: signal {other}"),
    };
    format!("Runtime exited with error: signal: {name}")
}
