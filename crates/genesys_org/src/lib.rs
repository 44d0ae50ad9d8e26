//! The simulated Genesys Cloud org: what happens in it, and the Platform API that answers for it.

pub mod platform;
pub mod position;
pub mod simulator;
