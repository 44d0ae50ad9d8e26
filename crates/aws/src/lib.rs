//! The shared words: ARN, scope, event envelope, error, service, operation, paging, policy documents, time.
//!
//! Every other room speaks in these types. Nothing here reads a clock, a random source, a file or a socket: the
//! loops on the upper floors read them once and pass them down in a [`Call`].

pub mod api;
pub mod arn;
pub mod books;
pub mod call;
pub mod clock;
pub mod encoding;
pub mod envelope;
pub mod error;
pub mod operation;
pub mod page;
pub mod policy;
pub mod porter_call;
pub mod query;
pub mod rest;
pub mod scope;
pub mod secret;
pub mod service;
pub mod sigv4;
mod strict;
pub mod time;
pub mod trace;
pub mod uuid;

pub use crate::arn::Arn;
pub use crate::call::{Call, Ids};
pub use crate::clock::Clock;
pub use crate::envelope::Event;
pub use crate::error::Error;
pub use crate::operation::{Body, LongPoll, Operation, Reply};
pub use crate::porter_call::{Chunks, PorterCall, Response, ResponseBody};
pub use crate::scope::Scope;
pub use crate::service::{Describe, Serve, Service, Wire};
pub use crate::time::Timestamp;
pub use crate::uuid::Uuid;
