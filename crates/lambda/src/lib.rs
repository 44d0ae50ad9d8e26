//! Lambda: functions, their versions, aliases and policies, kept as records. What runs them is a floor above.
//!
//! A function's code is kept beside the store by whoever opens the room ([`Hands`]): this room knows it by its digest. AWS's
//! operations are the rows of [`ops::OPERATIONS`]; an invocation is judged here (which version, may it be called) and
//! carried out by the porter ([`Target`]).

mod alias;
pub mod batch;
mod check;
pub mod cors;
mod destination;
pub mod error;
mod event_invoke;
pub mod function;
mod invocation;
mod layer;
pub mod limits;
pub mod mapping;
mod moment;
pub mod name;
pub mod ops;
pub mod owed;
mod policy;
mod record;
mod target;
pub mod url;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use aws::operation::Later;
use aws::{Arn, Error, Event};
use queue::Queues;
use store::{Commit, Store, Tx};
use tokio::sync::Notify;

pub use crate::batch::{Batch, Handled};
pub use crate::function::{Code, Configuration};
pub use crate::target::{InvocationType, InvokeRequest, StreamForm, Target};

/// A zip that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptZip {
    /// SHA-256 in hexadecimal digits.
    pub digest: String,
    /// The same in base64, as AWS shows it.
    pub sha256: String,
    pub size_bytes: u64,
}

/// Puts an event on the bus of an ARN.
pub type PutEvent = Arc<dyn Fn(&mut Commit<'_>, &Arn, &Event) -> bool + Send + Sync>;

/// What a function's role must allow.
#[derive(Clone, Copy, Debug)]
pub struct RoleErrand<'a> {
    /// The role's ARN.
    pub role: &'a Arn,
    /// Operations of the resource's service, without its name: `ReceiveMessage`.
    pub operations: &'a [&'static str],
    /// What they are called on.
    pub resource: &'a Arn,
    /// Whose role it is.
    pub function: &'a Arn,
}

/// The first operation that a role does not allow, where that is a reason to refuse.
pub type Forbids = Arc<dyn Fn(&mut Tx<'_>, &RoleErrand<'_>) -> Option<&'static str> + Send + Sync>;

/// What this room asks of those who can touch disks and processes.
#[derive(Clone)]
pub struct Hands {
    /// Keeps a zip, synced, before the commit that names it; refuses what is no zip, in AWS's words.
    pub keep_zip: Arc<dyn Fn(Vec<u8>) -> Later<KeptZip> + Send + Sync>,
    /// Whether a runtime can run here; refuses in words for the user.
    pub can_run: Arc<dyn Fn(String) -> Later<()> + Send + Sync>,
    /// Puts an event on a bus, as a part of the commit; `false` where there is no such bus here.
    pub put_event: PutEvent,
    /// What a function's role does not allow.
    pub forbids: Forbids,
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

    /// The digests of all zips that versions of functions and of layers have.
    ///
    /// # Errors
    /// The store's.
    pub fn named_zips(&self) -> Result<HashSet<String>, Error> {
        let zips = self.store.read(|read| {
            let mut zips = function::zips(read);
            zips.extend(layer::zips(read));
            zips
        });
        zips.map_err(error::of_store)
    }

    /// The store that they are in.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
