//! A snapshot: what was committed at one moment.

use std::fmt;
use std::ops::ControlFlow;

use aws::Scope;
use redb::{Database, ReadableDatabase};

use crate::error::Error;
use crate::guard::engine;
use crate::keyspace::KEYSPACE;
use crate::read::{Direction, Found, RawVisit, Source};
use crate::record::{Record, unseal};
use crate::table::Bounds;
use crate::view::View;

/// What was committed at one moment, seen from one scope.
pub struct Snapshot {
    engine: redb::ReadOnlyTable<&'static [u8], &'static [u8]>,
    view: View,
    failure: Option<Error>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(crate) fn of(database: &Database, view: View) -> Result<Self, Error> {
        let open = || -> Result<_, redb::Error> { Ok(database.begin_read()?.open_table(KEYSPACE)?) };
        let engine = engine(open).map_err(|cause| Error::Stopped { cause })?;
        Ok(Self { engine, view, failure: None })
    }

    /// The scope that is read.
    pub fn scope(&self) -> &Scope {
        &self.view.scope
    }

    /// Every scope of the store, the home scope first.
    pub fn scopes(&self) -> Vec<Scope> {
        self.view.scopes()
    }

    /// Runs `act` on the same snapshot in another scope; `None` where no such scope is registered.
    pub fn in_scope<R>(&mut self, scope: &Scope, act: impl FnOnce(&mut Self) -> R) -> Option<R> {
        let view = self.view.of(scope)?;
        let own = std::mem::replace(&mut self.view, view);
        let result = act(self);
        self.view = own;
        Some(result)
    }

    /// The first failure or damage that was met.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.failure.map_or(Ok(()), Err)
    }
}

impl Source for Snapshot {
    fn view(&self) -> &View {
        &self.view
    }

    fn look<V: Record>(&mut self, key: &[u8]) -> Found<V> {
        let found = engine(|| {
            let stored = self.engine.get(key);
            stored.map(|found| found.map(|guard| unseal(key, guard.value())))
        });
        match found {
            Ok(None) => Found::Nothing,
            Ok(Some(value)) => value.map_or(Found::Damaged, Found::Value),
            Err(cause) => {
                self.fail(Error::Stopped { cause });
                Found::Nothing
            }
        }
    }

    fn walk(&mut self, bounds: Bounds, direction: Direction, visit: &mut RawVisit<'_>) {
        let Bounds { from, to } = bounds;
        let mut entries = match engine(|| self.engine.range::<&[u8]>(from.as_slice()..to.as_slice())) {
            Ok(entries) => entries,
            Err(cause) => return self.fail(Error::Stopped { cause }),
        };
        let mut step = || -> Result<ControlFlow<()>, Error> {
            let next = engine(|| match direction {
                Direction::Forwards => entries.next().transpose(),
                Direction::Backwards => entries.next_back().transpose(),
            });
            let Some((key, value)) = next.map_err(|cause| Error::Stopped { cause })? else {
                return Ok(ControlFlow::Break(()));
            };
            visit(key.value(), value.value())
        };
        loop {
            match step() {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return,
                Err(error) => return self.fail(error),
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    fn failed(&self) -> bool {
        self.failure.is_some()
    }
}
