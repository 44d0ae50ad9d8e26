//! What outlives a server: the trace, the judge, what the clients still mean to do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::judge::Judge;
use crate::trace::Trace;

/// The world around the server. Clones are the same one; one thread, so nobody ever waits for it.
#[derive(Clone, Debug)]
pub(crate) struct World(Arc<Mutex<Known>>);

/// What is known of it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) trace: Trace,
    pub(crate) judge: Judge,
    pub(crate) seed: u64,
    /// The number of the server's life.
    pub(crate) life: u64,
    /// The server's process is being ended from outside.
    pub(crate) is_dying: bool,
    /// The queues and rules are there.
    pub(crate) is_set_up: bool,
    /// What must be sent until it is acknowledged, across lives.
    pub(crate) pending: Vec<Pending>,
}

/// A call that is repeated until it is answered: the server knows it again.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    /// A message of a FIFO queue, by its deduplication id.
    Line { number: u64, first_ms: u64 },
    /// The start of an execution, by its name.
    Execution { number: u64 },
}

impl World {
    pub(crate) fn new(seed: u64, trace: Trace) -> Self {
        let judge = Judge::default();
        let known =
            Known { trace, judge, seed, life: 0, is_dying: false, is_set_up: false, pending: Vec::new() };
        Self(Arc::new(Mutex::new(known)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
