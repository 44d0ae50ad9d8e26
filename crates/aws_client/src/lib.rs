//! AWS as a client: who calls, where, signed requests, and the errors in answers.
//!
//! An [`Access`] holds the [`Chain`] that finds credentials where AWS's own tools find them (environment, profiles, web
//! identity, container, instance) and fetches them anew before they expire, and the endpoints that the environment names.
//! [`Access::request`] gives a signed request, which its caller sends with a client and a guard of its own. Time is an
//! argument; files are read by `files` alone; programs (`credential_process`, the AWS CLI) are run by `runner`.

pub mod access;
pub mod answer;
pub mod chain;
pub mod endpoint;
pub mod region;
pub mod settings;
pub mod tried;

mod files;
mod profiles;
mod sources;
mod xml;

pub use crate::access::{Access, ServiceRequest, SignedRequest};
pub use crate::answer::AwsError;
pub use crate::chain::Chain;
pub use crate::endpoint::Endpoint;
pub use crate::settings::Settings;
pub use crate::tried::NoCredentials;
