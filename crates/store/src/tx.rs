//! What a write sees and does: the committed state, the writes of the jobs before it, and its own.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Bound, ControlFlow};

use redb::ReadableTable;

use crate::error::Error;
use crate::guard::engine;
use crate::key::{Key, KeyRange};
use crate::keyspace::{EngineTable, Sequence};
use crate::read::{Direction, Read};
use crate::record::{Record, seal, unseal};
use crate::table::{Table, damaged, decode, full_range};

pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// One job's view while the writer runs it. What it writes stays in an overlay until its closure has returned `Ok`, so
/// that a refused job leaves nothing behind.
pub struct Tx<'a, 'txn> {
    engine: &'a mut EngineTable<'txn>,
    overlay: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    sequence: &'a mut Sequence,
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
    pub(crate) fn new(engine: &'a mut EngineTable<'txn>, sequence: &'a mut Sequence) -> Self {
        Self { engine, overlay: BTreeMap::new(), sequence, failure: None, hooks: Vec::new() }
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

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }
}

impl Read for Tx<'_, '_> {
    fn get<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V> {
        let key = table.full_key(key);
        // Read where it lies, not from a copy: contents are most of what is stored.
        let found = match self.overlay.get(&key) {
            Some(written) => Ok(written.as_ref().map(|bytes| unseal(&key, bytes))),
            None => engine(|| {
                let stored = self.engine.get(key.as_slice());
                stored.map(|found| found.map(|guard| unseal(&key, guard.value())))
            }),
        };
        match found {
            Ok(Some(None)) => {
                self.fail(damaged(table, &key));
                None
            }
            Ok(value) => value.flatten(),
            Err(cause) => {
                self.fail(Error::Stopped { cause });
                None
            }
        }
    }

    fn get_known<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V> {
        let value = self.get(table, key);
        if value.is_none() {
            self.fail(damaged(table, &table.full_key(key)));
        }
        value
    }

    fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    fn visit<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        direction: Direction,
        visit: &mut dyn FnMut(K, V) -> ControlFlow<()>,
    ) {
        let (from, to) = full_range(table, range);
        let own = (Bound::Included(from.clone()), Bound::Excluded(to.clone()));
        let outcome = match engine(|| self.engine.range::<&[u8]>(from.as_slice()..to.as_slice())) {
            Err(cause) => Err(Error::Stopped { cause }),
            Ok(stored) => {
                let mut decode = |key: &[u8], bytes: &[u8]| match decode(table, key, bytes) {
                    Ok((key, value)) => Ok(visit(key, value)),
                    Err(damaged) => Err(damaged),
                };
                if direction == Direction::Backwards {
                    merge(stored.rev(), self.overlay.range(own).rev(), |a, b| b.cmp(a), &mut decode)
                } else {
                    merge(stored, self.overlay.range(own), |a, b| a.cmp(b), &mut decode)
                }
            }
        };
        if let Err(error) = outcome {
            self.fail(error);
        }
    }
}

type RawVisit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Error> + 'v;

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
