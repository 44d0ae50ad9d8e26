//! An asynchronous invocation: as it comes to be owed, as it is carried, and what the function answered.

use std::time::Duration;

use aws::Timestamp;
use queue::Handle;

use crate::name::FunctionName;

/// An invocation to be owed.
#[derive(Clone, Debug)]
pub struct NewInvocation {
    /// Its request id.
    pub id: String,
    pub name: FunctionName,
    /// JSON text.
    pub payload: String,
    /// JSON text.
    pub client_context: Option<String>,
    pub trace_header: Option<String>,
}

/// An invocation that has fallen due and is leased to the caller.
#[derive(Clone, Debug)]
pub struct OwedInvocation {
    /// Its request id: the same at every try.
    pub id: String,
    pub name: FunctionName,
    pub payload: String,
    pub client_context: Option<String>,
    pub trace_header: Option<String>,
    /// 1 at the first try.
    pub attempt: u32,
    /// How long its call may take.
    pub call_time: Duration,
    /// When its call is cut off at the latest: the lease holds until then.
    pub call_until: Timestamp,
    /// Whom it is owed to: the internal queue's name.
    pub payee: String,
    /// How often it could not be tried: the function was busy, or could not be started.
    pub(crate) hindrances: u32,
    pub(crate) owed_since: Timestamp,
    pub(crate) handle: Handle,
}

/// What a function answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The version that was called.
    pub version: String,
    /// Its answer or its error, as JSON text.
    pub payload: String,
}
