//! What a write sees and does: the committed state, the writes of the jobs before it, and its own.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use redb::ReadableTable;

use crate::error::Error;
use crate::guard::engine;
use crate::key::Key;
use crate::keyspace::{EngineTable, Sequence};
use crate::passed_over::PassedOver;
use crate::read::{Direction, Found, RawVisit, Source};
use crate::record::{Record, seal, unseal};
use crate::table::{Table, damaged};

pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// One job's view while the writer runs it. What it writes stays in an overlay until its closure has returned `Ok`, so
/// that a refused job leaves nothing behind.
pub struct Tx<'a, 'txn> {
    engine: &'a mut EngineTable<'txn>,
    overlay: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    sequence: &'a mut Sequence,
    damage: &'a Arc<PassedOver>,
    failure: Option<Error>,
    hooks: Vec<Hook>,
}

impl fmt::Debug for Tx<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("writes", &self.overlay.len())
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// What a finished job leaves for the commit.
pub(crate) struct Written {
    pub(crate) overlay: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pub(crate) hooks: Vec<Hook>,
}

impl<'a, 'txn> Tx<'a, 'txn> {
    pub(crate) fn new(
        engine: &'a mut EngineTable<'txn>,
        sequence: &'a mut Sequence,
        damage: &'a Arc<PassedOver>,
    ) -> Self {
        Self { engine, overlay: BTreeMap::new(), sequence, damage, failure: None, hooks: Vec::new() }
    }

    pub(crate) fn finish(self) -> Result<Written, Error> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(Written { overlay: self.overlay, hooks: self.hooks }),
        }
    }

    /// Stores `value` under `key`, in place of what was there.
    pub fn put<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K, value: &V) {
        let key = table.full_key(key);
        match seal(&key, value) {
            Some(bytes) => {
                self.overlay.insert(key, Some(bytes));
            }
            None => self.fail(Error::Stopped {
                cause: format!("a value for table '{}' cannot be encoded", table.name()),
            }),
        }
    }

    /// Removes what is under `key`, if anything.
    pub fn remove<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) {
        self.overlay.insert(table.full_key(key), None);
    }

    /// A number greater than every one given before, across restarts.
    pub fn next_number(&mut self) -> u64 {
        self.sequence.next()
    }

    /// Runs `hook` after the sync and before the tickets are released: memory that mirrors what is stored changes
    /// there. Hooks run in the order of the commit and must not block.
    pub fn after_commit(&mut self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }

    /// Goes round a record that is damaged, or that is missing where another says that it is there: the job does without
    /// it. Counted, and told to [`crate::Options::on_damage`], once what the job did instead is on disk.
    pub fn pass_over<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) {
        let (error, damage) = (damaged(table, &table.full_key(key)), Arc::clone(self.damage));
        self.after_commit(move || damage.tell(&error));
    }
}

impl Source for Tx<'_, '_> {
    fn look<V: Record>(&mut self, key: &[u8]) -> Found<V> {
        // Read where it lies, not from a copy: contents are most of what is stored.
        let found = match self.overlay.get(key) {
            Some(written) => Ok(written.as_ref().map(|bytes| unseal(key, bytes))),
            None => engine(|| {
                let stored = self.engine.get(key);
                stored.map(|found| found.map(|guard| unseal(key, guard.value())))
            }),
        };
        match found {
            Ok(None) => Found::Nothing,
            Ok(Some(value)) => value.map_or(Found::Damaged, Found::Value),
            Err(cause) => {
                self.fail(Error::Stopped { cause });
                Found::Nothing
            }
        }
    }

    fn walk(&mut self, (from, to): (Vec<u8>, Vec<u8>), direction: Direction, visit: &mut RawVisit<'_>) {
        let own = (Bound::Included(from.clone()), Bound::Excluded(to.clone()));
        let outcome = match engine(|| self.engine.range::<&[u8]>(from.as_slice()..to.as_slice())) {
            Err(cause) => Err(Error::Stopped { cause }),
            Ok(stored) if direction == Direction::Backwards => {
                merge(stored.rev(), self.overlay.range(own).rev(), |a, b| b.cmp(a), visit)
            }
            Ok(stored) => merge(stored, self.overlay.range(own), |a, b| a.cmp(b), visit),
        };
        if let Err(error) = outcome {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    fn failed(&self) -> bool {
        self.failure.is_some()
    }
}

/// Walks two ordered sources as one; where both have a key, the overlay's entry counts, and `None` there hides it.
fn merge<'g, 'o>(
    mut stored: impl Iterator<
        Item = redb::Result<(redb::AccessGuard<'g, &'static [u8]>, redb::AccessGuard<'g, &'static [u8]>)>,
    >,
    overlay: impl Iterator<Item = (&'o Vec<u8>, &'o Option<Vec<u8>>)>,
    order: impl Fn(&[u8], &[u8]) -> std::cmp::Ordering,
    visit: &mut RawVisit<'_>,
) -> Result<(), Error> {
    let mut overlay = overlay.peekable();
    let mut next = || engine(|| stored.next().transpose()).map_err(|cause| Error::Stopped { cause });
    while let Some((key, value)) = next()? {
        let mut hidden = false;
        while let Some((own_key, own)) = overlay.next_if(|(own_key, _)| order(own_key, key.value()).is_le()) {
            hidden = own_key.as_slice() == key.value();
            if let Some(own) = own
                && visit(own_key, own)?.is_break()
            {
                return Ok(());
            }
        }
        if !hidden && visit(key.value(), value.value())?.is_break() {
            return Ok(());
        }
    }
    for (own_key, own) in overlay {
        if let Some(own) = own
            && visit(own_key, own)?.is_break()
        {
            return Ok(());
        }
    }
    Ok(())
}
