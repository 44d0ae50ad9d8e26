//! The one way in which Trunkline calls out over HTTP: guarded addresses, TLS, deadlines, bounded answers.
//!
//! A [`Client`] sends one [`Request`] within a deadline and answers with a [`Response`] or a [`Failure`]. It asks its
//! [`Guard`] before each connection, about the address that is connected to and not about the name, so that neither an
//! address in a URL nor a name that changes its mind reaches a private network. Redirects are answers like any other,
//! and no proxy is taken from the environment. What a failure says names scheme, host and port alone: paths, queries,
//! headers and bodies may hold secrets.

pub mod client;
mod connect;
pub mod exchange;
pub mod failure;
pub mod guard;
mod trust;

pub use crate::client::{Client, Settings};
pub use crate::connect::{Dial, Stream};
pub use crate::exchange::{Request, Response};
pub use crate::failure::{Failure, FailureKind};
pub use crate::guard::{AllowedHost, Guard, Scheme};
