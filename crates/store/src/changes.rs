//! What the jobs of one commit have changed, on its way to the engine: handed over at the commit's end, sorted, so that keys
//! which lie beside one another are written together. A key that every job writes is written once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use redb::{CursorError, ReadableTable};

use crate::keyspace::EngineTable;
use crate::table::{Bounds, PREFIX_BYTES};

/// From so many new keys of a table on they are spliced in together: a splice builds the pages above anew as well.
const SPLICED_MIN: usize = 4;
/// So many entries may stay between two that are removed together: each is looked at, and that is cheaper than another way
/// down the tree.
const KEPT_BETWEEN_MAX: usize = 8;

/// The changes. INVARIANT: no key is in both.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    put: BTreeMap<Vec<u8>, Vec<u8>>,
    removed: BTreeSet<Vec<u8>>,
    freed_bytes: usize,
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<'c> {
    Put(&'c [u8]),
    Removed,
    /// It is as the engine has it.
    None,
}

impl Changes {
    /// What became of a key.
    pub(crate) fn of(&self, key: &[u8]) -> Change<'_> {
        match self.put.get(key) {
            Some(value) => Change::Put(value),
            None if self.removed.contains(key) => Change::Removed,
            None => Change::None,
        }
    }

    /// What was put within bounds.
    pub(crate) fn put_within(&self, bounds: &Bounds) -> impl DoubleEndedIterator<Item = (&Vec<u8>, &[u8])> {
        let bounds = (Bound::Included(&bounds.from), Bound::Excluded(&bounds.to));
        self.put.range::<Vec<u8>, _>(bounds).map(|(key, value)| (key, value.as_slice()))
    }

    /// Puts a value.
    pub(crate) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        if !self.removed.is_empty() {
            self.removed.remove(&key);
        }
        let key_bytes = key.len();
        if let Some(before) = self.put.insert(key, value) {
            self.freed_bytes += key_bytes + before.len();
        }
    }

    /// Removes what is there.
    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        if let Some(before) = self.put.remove(&key) {
            self.freed_bytes += key.len() + before.len();
        }
        self.removed.insert(key);
    }

    /// Bytes of what went since this was asked last.
    pub(crate) fn take_freed_bytes(&mut self) -> usize {
        std::mem::take(&mut self.freed_bytes)
    }

    /// Removes from the engine what was removed within bounds, so that a walk meets none of it. Otherwise each job that looks
    /// for the first entry of many would look at all that those before it have taken.
    pub(crate) fn settle(
        &mut self,
        engine: &mut EngineTable<'_>,
        bounds: &Bounds,
    ) -> Result<(), redb::Error> {
        if self.removed.is_empty() {
            return Ok(());
        }
        let within = (Bound::Included(&bounds.from), Bound::Excluded(&bounds.to));
        let keys: Vec<Vec<u8>> = self.removed.range::<Vec<u8>, _>(within).cloned().collect();
        for key in &keys {
            self.removed.remove(key);
        }
        self.remove_all(engine, &keys)
    }

    /// Hands the engine everything.
    pub(crate) fn apply(&mut self, engine: &mut EngineTable<'_>) -> Result<(), redb::Error> {
        let removed: Vec<Vec<u8>> = std::mem::take(&mut self.removed).into_iter().collect();
        self.remove_all(engine, &removed)?;
        let put = std::mem::take(&mut self.put);
        let mut left = put.iter().peekable();
        let mut of_table = Vec::new();
        while let Some((key, value)) = left.next() {
            of_table.push(Entry { key, value });
            let prefix = key.get(..PREFIX_BYTES);
            if left.peek().is_some_and(|(next, _)| next.get(..PREFIX_BYTES) == prefix) {
                continue;
            }
            if of_table.len() < SPLICED_MIN || !is_gap(engine, &of_table)? {
                of_table.iter().try_for_each(|entry| self.insert(engine, *entry))?;
            } else {
                self.splice(engine, &of_table)?;
            }
            of_table.clear();
        }
        Ok(())
    }

    fn insert(
        &mut self,
        engine: &mut EngineTable<'_>,
        Entry { key, value }: Entry<'_>,
    ) -> Result<(), redb::Error> {
        if let Some(before) = engine.insert(key, value)? {
            self.freed_bytes += key.len() + before.value().len();
        }
        Ok(())
    }

    /// Inserts run by run: keys that follow one another with none of the engine's between them are spliced in together, which
    /// takes a fraction of the work of one after the other, and leaves full pages.
    fn splice(&mut self, engine: &mut EngineTable<'_>, entries: &[Entry<'_>]) -> Result<(), redb::Error> {
        let mut left = entries;
        while let Some((first, rest)) = left.split_first() {
            let mut run = engine.lower_bound_mut(Bound::Included(first.key))?;
            let before = left.len();
            while let Some((next, after)) = left.split_first() {
                match run.insert_before(next.key, next.value) {
                    Ok(()) => left = after,
                    Err(CursorError::UnorderedKey) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            run.close()?;
            if left.len() == before {
                // The key is there already: it has a new value.
                self.insert(engine, *first)?;
                left = rest;
            }
        }
        Ok(())
    }

    fn remove_all(&mut self, engine: &mut EngineTable<'_>, keys: &[Vec<u8>]) -> Result<(), redb::Error> {
        let mut left = keys;
        while let Some((first, rest)) = left.split_first() {
            let together = neighbours(engine, left)?;
            let Some((run, after)) = left.split_at_checked(together).filter(|_| together > 1) else {
                if let Some(before) = engine.remove(first.as_slice())? {
                    self.freed_bytes += first.len() + before.value().len();
                }
                left = rest;
                continue;
            };
            self.remove_run(engine, run)?;
            left = after;
        }
        Ok(())
    }

    /// Removes keys that lie beside one another, a page at a time.
    fn remove_run(&mut self, engine: &mut EngineTable<'_>, run: &[Vec<u8>]) -> Result<(), redb::Error> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
        let mut wanted = run.iter().peekable();
        let is_wanted = |key: &[u8], _: &[u8]| {
            while wanted.next_if(|wanted| wanted.as_slice() < key).is_some() {}
            wanted.next_if(|wanted| wanted.as_slice() == key).is_some()
        };
        let mut removed =
            engine.extract_from_if::<&[u8], _>(first.as_slice()..=last.as_slice(), is_wanted)?;
        for entry in &mut removed {
            let (key, value) = entry?;
            self.freed_bytes += key.value().len() + value.value().len();
        }
        removed.close()?;
        Ok(())
    }
}

/// A key and its value.
#[derive(Clone, Copy)]
struct Entry<'e> {
    key: &'e [u8],
    value: &'e [u8],
}

/// Whether the engine has nothing from the first of these sorted keys to the last: lone keys among its own are cheaper to insert
/// one by one, since each splice builds the pages above it anew.
fn is_gap(engine: &EngineTable<'_>, entries: &[Entry<'_>]) -> Result<bool, redb::Error> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(true) };
    Ok(engine.range::<&[u8]>(first.key..=last.key)?.next().is_none())
}

/// How many of the first keys lie beside one another in the engine, those that it does not have counted in.
fn neighbours(engine: &EngineTable<'_>, keys: &[Vec<u8>]) -> Result<usize, redb::Error> {
    let (Some(first), true) = (keys.first(), keys.len() > 1) else { return Ok(keys.len()) };
    let (mut found, mut reached, mut between) = (0, 0, 0);
    for entry in engine.range::<&[u8]>(first.as_slice()..)? {
        let (key, _) = entry?;
        let left = keys.get(found..).unwrap_or_default();
        found += left.iter().take_while(|wanted| wanted.as_slice() < key.value()).count();
        if keys.get(found).is_some_and(|wanted| wanted.as_slice() == key.value()) {
            found += 1;
            (reached, between) = (found, 0);
        } else {
            between += 1;
        }
        if found == keys.len() || between > KEPT_BETWEEN_MAX {
            break;
        }
    }
    Ok(reached)
}
