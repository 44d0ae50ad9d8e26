//! `--to aws`: a pipeline as a CloudFormation stack, planned, applied, destroyed.

pub(crate) mod apply;
pub(crate) mod destroy;
pub(crate) mod plan;

mod consent;
mod drift;
mod ending;
mod found;
mod interrupt;
mod options;
mod recovery;
mod session;
mod show;
mod watch;

pub(crate) use crate::stack::found::Found;
pub(crate) use crate::stack::interrupt::status as interrupted;
pub(crate) use crate::stack::options::Options;
