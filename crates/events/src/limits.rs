//! What bounds the room: the quotas of AWS, and how many deliveries go to a target at a time and in a second.

pub mod permits;
pub mod quotas;
pub mod slots;

pub(crate) mod rate;
