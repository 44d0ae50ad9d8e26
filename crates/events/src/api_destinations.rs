//! API destinations: HTTP endpoints as targets, the connections that authorize the calls, and how a call is made up.

pub mod api_call;
pub mod api_destination;
pub mod connection;
