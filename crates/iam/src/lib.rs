//! IAM: roles and policies, kept as names and documents, so that scripts which set things up run as they do on AWS.
//!
//! Nobody signs in with a role here. What a role would be allowed is answered by [`Iam::may`], which reads its trust policy,
//! its policies and its permissions boundary; the rooms that act in a role's name ask it. AWS's operations are the rows of
//! [`ops::OPERATIONS`]. IAM is the account's, not the region's: the account is the first part of every key.

mod authority;
mod aws_managed;
mod check;
pub mod error;
mod identifier;
pub mod limits;
pub mod ops;
mod policy;
mod role;
mod tags;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::{Store, Tx};

pub use crate::authority::{Authority, Errand};
pub use crate::role::role_name;

/// The roles and policies of a store. Clones share it.
#[derive(Clone, Debug)]
pub struct Iam {
    store: Store,
    /// How often something was changed since the start.
    changes: Arc<AtomicU64>,
}

impl Iam {
    /// The roles and policies of `store`.
    pub fn new(store: Store) -> Self {
        Self { store, changes: Arc::default() }
    }

    /// Greater after each change: a verdict holds while it is the same.
    pub fn generation(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Raises the generation with this commit.
    pub(crate) fn note_change(&self, tx: &mut Tx<'_>) {
        let changes = Arc::clone(&self.changes);
        tx.after_commit(move || {
            changes.fetch_add(1, Ordering::AcqRel);
        });
    }

    /// The store that the roles are in.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
