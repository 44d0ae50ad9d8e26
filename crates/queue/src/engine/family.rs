//! The queues of one store that are open, each scope's with its memory: so that a call of one account finds another's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aws::Scope;

use crate::engine::memory::Memory;

/// Whether the waiting times are kept that AWS has for its own sake: the 60 seconds before the name of a deleted queue can be
/// used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitingTimes {
    /// As AWS does.
    Kept,
    /// Nobody waits.
    #[default]
    LeftOut,
}

/// Clones are the same family. It keeps nobody open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    members: Arc<Mutex<BTreeMap<Scope, Weak<Memory>>>>,
    is_strict: Arc<AtomicBool>,
}

impl Family {
    fn members(&self) -> MutexGuard<'_, BTreeMap<Scope, Weak<Memory>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a scope's memory in, unless it has one already: that one.
    pub(crate) fn join(&self, scope: &Scope, memory: Arc<Memory>) -> Arc<Memory> {
        let mut members = self.members();
        if let Some(open) = members.get(scope).and_then(Weak::upgrade) {
            return open;
        }
        members.insert(scope.clone(), Arc::downgrade(&memory));
        memory
    }

    /// The memory of a scope whose queues are open.
    pub(crate) fn memory(&self, scope: &Scope) -> Option<Arc<Memory>> {
        self.members().get(scope).and_then(Weak::upgrade)
    }

    /// Whether waiting times are kept.
    pub(crate) fn is_strict(&self) -> bool {
        self.is_strict.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, times: WaitingTimes) {
        self.is_strict.store(times == WaitingTimes::Kept, Ordering::Relaxed);
    }

    /// How many scopes have been opened.
    pub(crate) fn len(&self) -> usize {
        self.members().len()
    }
}
