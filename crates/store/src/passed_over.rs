//! Damage that jobs went round: counted, and told to whoever keeps the log.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;

/// What was passed over since the store was opened.
#[derive(Debug)]
pub(crate) struct PassedOver {
    count: AtomicU64,
    tell: fn(&Error),
}

impl PassedOver {
    pub(crate) fn new(tell: fn(&Error)) -> Self {
        Self { count: AtomicU64::new(0), tell }
    }

    pub(crate) fn tell(&self, error: &Error) {
        self.count.fetch_add(1, Ordering::Relaxed);
        (self.tell)(error);
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}
