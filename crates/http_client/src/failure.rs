//! Why there is no answer, in words that hold no secret.

use std::error::Error;
use std::fmt;

/// The kinds of failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailureKind {
    /// The request cannot be sent by anybody: no such URL, a header that is none.
    Invalid,
    /// The guard refuses the address; trying again does not help.
    Refused,
    /// The name has no address.
    Unresolved,
    /// No connection came about.
    Connect,
    /// There is a connection, but no trust: the certificate or the handshake is not what it should be.
    Tls,
    /// The deadline passed before the answer was complete.
    Timeout,
    /// The connection broke, or what came over it is no HTTP.
    Cut,
}

/// No answer, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// A sentence for a person: scheme, host and port at most, nothing of path, query, headers or body.
    pub text: String,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Error for Failure {}
