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

use store::Store;

pub use crate::authority::{Authority, Errand};
pub use crate::role::role_name;

/// The roles and policies of a store. Clones share it.
#[derive(Clone, Debug)]
pub struct Iam {
    store: Store,
}

impl Iam {
    /// The roles and policies of `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }
}
