//! Why a call of AWS did not do what it was to do.

use std::fmt;

use serde_json::Value;

/// What AWS said, or why it said nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    /// AWS's code, empty where there was no answer.
    pub code: String,
    /// The HTTP status, 0 where there was no answer.
    pub status: u16,
    /// For a person.
    pub message: String,
    /// The item that stood in a conditional write's way.
    pub item: Option<Value>,
}

impl Fault {
    pub(crate) fn no_answer(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    /// Names the operation.
    #[must_use]
    pub(crate) fn of(self, operation: &str) -> Self {
        Self { message: format!("{operation}: {}", self.message), ..self }
    }

    /// Whether the condition of a write did not hold.
    pub fn is_refused_condition(&self) -> bool {
        self.code == "ConditionalCheckFailedException"
    }

    /// Whether what was named is not there.
    pub fn is_absent(&self) -> bool {
        // SQS has two spellings, by protocol.
        ["ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"]
            .contains(&self.code.as_str())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            0 => out.write_str(&self.message),
            status => write!(out, "{} ({} {status})", self.message, self.code),
        }
    }
}
