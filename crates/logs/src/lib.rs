//! CloudWatch Logs: log groups, log streams and their events, and the operations to fill them and to look at them.
//!
//! [`Logs::record`] adds an event in the caller's transaction: so a rule's delivery to a log group is paid in the commit that
//! accepts its event. [`Logs::sweep`] removes what is past its group's retention, and the oldest events where all of them
//! together take more than their bound. AWS's operations are the rows of [`ops::OPERATIONS`].

mod check;
mod deletion;
pub mod error;
pub mod event;
mod filter;
pub mod group;
pub mod limits;
pub mod ops;
mod page;
mod resource_policy;
pub mod stream;
mod sweep;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use aws::Scope;
use store::Store;

pub use crate::event::{Entry, Refusal};
pub use crate::group::name_in_arn;
pub use crate::stream::StreamName;
pub use crate::sweep::Limits;

/// The log groups of a store. Clones share it.
#[derive(Clone, Debug)]
pub struct Logs {
    store: Store,
    scope: Scope,
    /// When a sweep is worth its while again, in ms since 1970.
    sweep_at: Arc<AtomicU64>,
}

impl Logs {
    /// The log groups of `store`, which are in this account and region.
    pub fn new(store: Store, scope: Scope) -> Self {
        Self { store, scope, sweep_at: Arc::default() }
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }
}
