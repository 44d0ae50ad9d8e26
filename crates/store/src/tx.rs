//! What a write sees and does.

use std::fmt;
use std::sync::Arc;

use aws::Scope;

use crate::error::Error;
use crate::key::Key;
use crate::pending::Writes;
use crate::read::{Direction, Found, RawVisit, Source};
use crate::record::{Record, seal, unseal};
use crate::table::{Bounds, Table, damaged};
use crate::view::View;

/// One job's view while the writer runs it: the committed state, the writes of the jobs before it, and its own, all of one
/// scope. What it writes is kept only if its closure returns `Ok`.
pub struct Tx<'t> {
    writes: &'t mut (dyn Writes + 't),
    view: &'t View,
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("scope", &self.view.scope)
            .field("writes", &self.writes.count())
            .field("failure", &self.writes.failure())
            .finish_non_exhaustive()
    }
}

impl<'t> Tx<'t> {
    pub(crate) fn new(writes: &'t mut (dyn Writes + 't), view: &'t View) -> Self {
        Self { writes, view }
    }

    /// The same view, lent for a while.
    pub fn by_ref(&mut self) -> Tx<'_> {
        Tx { writes: &mut *self.writes, view: self.view }
    }

    /// The scope that is read and written.
    pub fn scope(&self) -> &'t Scope {
        &self.view.scope
    }

    /// Every scope of the store, the home scope first.
    pub fn scopes(&self) -> Vec<Scope> {
        self.view.scopes()
    }

    /// Runs `act` in another scope, in the same commit; `None` where no such scope is registered
    /// ([`crate::Store::in_scope`] registers).
    pub fn in_scope<R>(&mut self, scope: &Scope, act: impl FnOnce(&mut Tx<'_>) -> R) -> Option<R> {
        let view = self.view.of(scope)?;
        Some(act(&mut Tx { writes: &mut *self.writes, view: &view }))
    }

    /// Stores `value` under `key`, in place of what was there.
    pub fn put<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K, value: &V) {
        let key = table.full_key(self.view.number, key);
        match seal(&key, value) {
            Some(bytes) => self.writes.write(key, Some(bytes)),
            None => self.fail(Error::Stopped {
                cause: format!("a value for table '{}' cannot be encoded", table.name()),
            }),
        }
    }

    /// Removes what is under `key`, if anything.
    pub fn remove<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) {
        self.writes.write(table.full_key(self.view.number, key), None);
    }

    /// A number greater than every one given before, in any scope, across restarts.
    pub fn next_number(&mut self) -> u64 {
        self.writes.next_number()
    }

    /// Runs `hook` after the sync and before the tickets are released: memory that mirrors what is stored changes
    /// there. Hooks run in the order of the commit and must not block.
    pub fn after_commit(&mut self, hook: impl FnOnce() + Send + 'static) {
        self.writes.after_commit(Box::new(hook));
    }

    /// Goes round a record that is damaged, or that is missing where another says that it is there: the job does without
    /// it. Counted, and told to [`crate::Options::on_damage`], once what the job did instead is on disk.
    pub fn pass_over<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) {
        let error = damaged(table, &table.full_key(self.view.number, key));
        let damage = Arc::clone(self.writes.damage());
        self.after_commit(move || damage.tell(&error));
    }
}

impl Source for Tx<'_> {
    fn view(&self) -> &View {
        self.view
    }

    fn look<V: Record>(&mut self, key: &[u8]) -> Found<V> {
        let mut found = Found::Nothing;
        self.writes.see(key, &mut |bytes| found = unseal(key, bytes).map_or(Found::Damaged, Found::Value));
        found
    }

    fn walk(&mut self, bounds: Bounds, direction: Direction, visit: &mut RawVisit<'_>) {
        self.writes.walk(bounds, direction, visit);
    }

    fn fail(&mut self, error: Error) {
        self.writes.fail(error);
    }

    fn failed(&self) -> bool {
        self.writes.failure().is_some()
    }
}
