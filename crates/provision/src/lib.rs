//! Pipeline file to desired state to plan to apply, through public APIs only.
//!
//! [`load`] reads a file and tells all its mistakes at once; [`desired`](fn@desired) is what it wants to exist, [`Ownership`]
//! what it owns already, [`survey`](fn@survey) what is there, [`plan`](fn@plan) the difference, [`apply`](fn@apply) the way. [`run_tests`] runs the file's own tests, and
//! [`sample`] is the file that a new user begins with.

pub mod json;
pub mod mistake;
pub mod noun;
pub mod pipeline;
pub mod reading;
pub mod reference;
pub mod resource;

pub mod api;
pub mod apply;
pub mod change;
pub mod desired;
pub mod duration;
pub mod http;
pub mod owner;
pub mod ownership;
pub mod plan;
pub mod secrets;
pub mod survey;

pub mod cloudformation;
pub mod forecast;
pub mod import;
pub mod input;
pub mod schema;
pub mod stack;
pub mod texts;
pub mod verdict;

mod document;
mod fields;
mod grants;
mod layers;
mod maker;
mod names;
mod near;
mod role_user;
mod shape;
mod table;
mod tree;

pub use crate::api::{Api, ApiError, Place, Request, place};
pub use crate::apply::{Report, apply};
pub use crate::desired::{Desired, desired};
pub use crate::http::Http;
pub use crate::mistake::{Marked, Mistake, Source, Span};
pub use crate::near::near;
pub use crate::owner::Owner;
pub use crate::ownership::Ownership;
pub use crate::pipeline::{Pipeline, check, sample};
pub use crate::plan::{Actual, Plan, plan};
pub use crate::reading::{Files, Reading, load, parse};
pub use crate::resource::{Id, Resource, Settings};
pub use crate::survey::survey;
pub use crate::texts::Texts;
pub use crate::verdict::{TestResult, World, run_tests};
