//! The one shape of an error at the door: AWS's code, status and words.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

/// An error as the caller will read it. Made where the rule is broken, code and wording together; the door only
/// prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The error's name on the JSON wire, for example `ResourceNotFoundException`.
    pub code: Cow<'static, str>,
    /// Its name in the older query protocol where that differs, for example
    /// `AWS.SimpleQueueService.NonExistentQueue`; the door sends it as `x-amzn-query-error`.
    pub query_code: Option<&'static str>,
    /// HTTP status: 4xx where the caller can mend it, 5xx where we must.
    pub status: u16,
    /// A sentence for a person.
    pub message: String,
    /// Further members of its body on the JSON wires, `Item` of a failed condition for example.
    pub members: Option<Box<Map<String, Value>>>,
}

impl Error {
    /// An error that the caller can mend (status 400).
    pub fn sender(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            query_code: None,
            status: 400,
            message: message.into(),
            members: None,
        }
    }

    /// An error that the caller cannot mend; SDKs retry it.
    pub fn receiver(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), query_code: None, status, message: message.into(), members: None }
    }

    /// The same error with further members of its body; none where there are none.
    #[must_use]
    pub fn with_members(mut self, members: Map<String, Value>) -> Self {
        self.members = (!members.is_empty()).then(|| Box::new(members));
        self
    }

    /// The same error with its name in the query protocol.
    #[must_use]
    pub fn with_query_code(mut self, query_code: &'static str) -> Self {
        self.query_code = Some(query_code);
        self
    }

    /// `ValidationException`: what EventBridge and most services answer to a request that breaks its model.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::sender("ValidationException", message)
    }

    /// `SerializationException`: the body is no JSON, or a member has the wrong type.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::sender("SerializationException", message)
    }

    /// `UnknownOperationException`: the operation is not served; the message names it.
    pub fn unknown_operation(service: &str, operation: &str) -> Self {
        Self::sender(
            "UnknownOperationException",
            format!(
                "The operation {operation} of {service} is not served by Trunkline. docs/coverage.md lists what is."
            ),
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}
