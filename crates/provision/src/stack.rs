//! A pipeline as a CloudFormation stack: what a change set would do, done, followed, undone.
//!
//! [`CloudFormation`] is the service: its operations, one file each noun, retried where they are throttled. [`Condition`] is what
//! can be done next with a stack. [`propose`] makes a change set and waits until it can be read, [`withdraw`] leaves nothing of it,
//! [`Follow`] tells what happens until the stack comes to rest.

pub mod answer;
pub mod change_set;
pub mod client;
pub mod condition;
pub mod drift;
pub mod error;
pub mod event;
pub mod follow;
pub mod form;
pub mod loss;
pub mod noun;
pub mod parameter;
pub mod proposal;
pub mod record;
pub mod resource;
pub mod upload;

pub use crate::stack::change_set::{ChangeSet, Detail, ResourceChange};
pub use crate::stack::client::{CloudFormation, Pace};
pub use crate::stack::condition::{Condition, Rest};
pub use crate::stack::drift::Drift;
pub use crate::stack::error::StackError;
pub use crate::stack::event::StackEvent;
pub use crate::stack::follow::Follow;
pub use crate::stack::parameter::Parameter;
pub use crate::stack::proposal::{Kind, Proposal, Wish, propose, withdraw};
pub use crate::stack::record::Stack;
