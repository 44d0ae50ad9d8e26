//! Workers: what runs on AWS beside its services, as any number of processes that share nothing but queues and a table.
//!
//! `permit` is the limit of N calls at a time over all of them, `record` what was done already, in the format of Powertools for AWS Lambda;
//! both are pure: requests and what their answers mean, time an argument.

pub mod clock;
pub mod permit;
pub mod record;
