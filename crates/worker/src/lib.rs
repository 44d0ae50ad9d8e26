//! Workers: what runs on AWS beside its services, as any number of processes that share nothing but queues and a table.
//!
//! A [`Fleet`] is one worker of them. Each of its [`Work`]s carries the messages of a queue to a target: `carrier` in lanes, each with a
//! permit of `gate` where there is a limit. `permit` is that limit over all processes, `record` what was done already, in the format of
//! Powertools for AWS Lambda, `errand` the order in which a message is claimed, called for, completed and deleted; these are pure:
//! requests and what their answers mean, time an argument. `intake` is the loop of the conversation tracker, `tracker` what it does.

pub mod clock;
pub mod errand;
pub mod fault;
pub mod fleet;
pub mod intake;
pub mod permit;
pub mod record;
pub mod remote;
pub mod state_table;
pub mod target;
pub mod tracker;

mod carrier;
mod gate;

pub use crate::fleet::{Callee, Config, Fleet, Work};
pub use crate::intake::TrackerWork;
pub use crate::remote::Remote;
pub use crate::state_table::IfAbsent;
pub use crate::target::Header;
