//! `--to aws`: a pipeline as a CloudFormation stack, planned, applied, destroyed.

pub(crate) mod apply;
pub(crate) mod destroy;
pub(crate) mod plan;

mod consent;
mod drift;
mod ending;
mod foreseen;
mod found;
mod hidden;
mod interrupt;
mod options;
mod other_side;
mod recovery;
mod session;
mod show;
mod watch;
mod workers;

pub(crate) use crate::stack::found::Found;
pub(crate) use crate::stack::interrupt::{status as interrupted, until_interrupted};
pub(crate) use crate::stack::options::{Options, client, stack_name};
