//! A view: the keyspace seen from one scope, and the scopes that there are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws::Scope;

/// A scope's number as it stands in keys.
pub(crate) type Number = u16;

/// The number of the home scope, whatever account and region a store is opened with: so that starting with another
/// `--account` shows the same resources.
pub(crate) const HOME: Number = 0;

/// The scopes of an open store: the mirror of the table of scopes.
#[derive(Debug)]
pub(crate) struct Registry {
    home: Scope,
    others: Mutex<Vec<Registered>>,
}

/// A scope and its number.
#[derive(Clone, Debug)]
struct Registered {
    scope: Scope,
    number: Number,
}

/// What a reader or a writer sees of the keyspace: one scope.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) number: Number,
    pub(crate) scope: Scope,
    pub(crate) registry: Arc<Registry>,
}

impl Registry {
    pub(crate) fn new(home: Scope) -> Self {
        Self { home, others: Mutex::default() }
    }

    fn others(&self) -> MutexGuard<'_, Vec<Registered>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, scope: Scope, number: Number) {
        let mut others = self.others();
        if others.iter().all(|other| other.number != number) {
            others.push(Registered { scope, number });
        }
    }

    fn number(&self, scope: &Scope) -> Option<Number> {
        if *scope == self.home {
            return Some(HOME);
        }
        self.others().iter().find(|other| other.scope == *scope).map(|other| other.number)
    }
}

impl View {
    pub(crate) fn home(registry: Arc<Registry>) -> Self {
        Self { number: HOME, scope: registry.home.clone(), registry }
    }

    pub(crate) fn to_home(&self) -> Self {
        Self::home(Arc::clone(&self.registry))
    }

    /// The view of another scope; `None` where none of that name is registered.
    pub(crate) fn of(&self, scope: &Scope) -> Option<Self> {
        self.registry.number(scope).map(|number| self.with(scope, number))
    }

    pub(crate) fn with(&self, scope: &Scope, number: Number) -> Self {
        Self { number, scope: scope.clone(), registry: Arc::clone(&self.registry) }
    }

    /// The views of all scopes but this one.
    pub(crate) fn others(&self) -> Vec<Self> {
        self.scopes()
            .iter()
            .filter(|scope| **scope != self.scope)
            .filter_map(|scope| self.of(scope))
            .collect()
    }

    /// The home scope, then the others as they were registered. One that was registered before the server was started with
    /// its name as home is hidden by it.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let home = &self.registry.home;
        let mut others = self.registry.others().clone();
        others.sort_by_key(|other| other.number);
        let others = others.into_iter().map(|other| other.scope).filter(|scope| scope != home);
        std::iter::once(home.clone()).chain(others).collect()
    }
}
