//! The queues of one store that are open, each scope's with its memory: so that a call of one account finds another's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aws::Scope;

use crate::engine::memory::Memory;

/// Clones are the same family. It keeps nobody open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    members: Arc<Mutex<BTreeMap<Scope, Weak<Memory>>>>,
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

    /// How many scopes have been opened.
    pub(crate) fn len(&self) -> usize {
        self.members().len()
    }
}
