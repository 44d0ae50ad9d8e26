//! Lambda: functions, their versions, aliases and policies, kept as records. What runs them is a floor above.
//!
//! A function's code is kept beside the store by whoever opens the room ([`Hands`]): this room knows it by its digest. AWS's
//! operations are the rows of [`ops::OPERATIONS`]; an invocation is judged here (which version, may it be called) and
//! carried out by the porter ([`Target`]).

mod alias;
pub mod batch;
mod check;
pub mod error;
pub mod function;
pub mod limits;
pub mod mapping;
pub mod name;
pub mod ops;
pub mod owed;
mod policy;
mod record;
mod target;

use std::fmt;
use std::sync::Arc;

use aws::operation::Later;
use queue::Queues;
use store::Store;
use tokio::sync::Notify;

pub use crate::batch::{Batch, Handled};
pub use crate::function::{Code, Configuration};
pub use crate::target::{InvocationType, InvokeRequest, Target};

/// A zip that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptZip {
    /// SHA-256 in hexadecimal digits.
    pub digest: String,
    /// The same in base64, as AWS shows it.
    pub sha256: String,
    pub size_bytes: u64,
}

/// What this room asks of those who can touch disks and processes.
#[derive(Clone)]
pub struct Hands {
    /// Keeps a zip, synced, before the commit that names it; refuses what is no zip, in AWS's words.
    pub keep_zip: Arc<dyn Fn(Vec<u8>) -> Later<KeptZip> + Send + Sync>,
    /// Whether a runtime can run here; refuses in words for the user.
    pub can_run: Arc<dyn Fn(String) -> Later<()> + Send + Sync>,
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hands")
    }
}

/// The functions of a store. Clones share it.
#[derive(Clone, Debug)]
pub struct Functions {
    store: Store,
    queues: Queues,
    hands: Hands,
    /// Rings when event source mappings have changed.
    mappings_bell: Arc<Notify>,
}

impl Functions {
    /// The functions of the store that these queues are in; what is owed to them waits in internal queues.
    pub fn new(queues: Queues, hands: Hands) -> Self {
        Self { store: queues.store().clone(), queues, hands, mappings_bell: Arc::default() }
    }

    /// The store that they are in.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
