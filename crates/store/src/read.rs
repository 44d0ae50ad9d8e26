//! Reading, alike in a snapshot and inside a write.

use std::ops::ControlFlow;

use aws::Scope;

use crate::error::Error;
use crate::key::{Key, KeyRange};
use crate::record::{Record, unseal};
use crate::table::{Bounds, Table, damaged, full_range, key_of};
use crate::view::View;

/// Which way a range is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the least key up.
    Forwards,
    /// From the greatest key down.
    Backwards,
}

/// What is under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<V> {
    /// Nothing.
    Nothing,
    /// What was written.
    Value(V),
    /// Something else than what was written.
    Damaged,
}

/// Sees a stored key and value, as they lie.
pub(crate) type RawVisit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Error> + 'v;

/// What the two readers do each in their way.
pub(crate) trait Source {
    /// The scope that is seen.
    fn view(&self) -> &View;
    /// The value under a table's key. A storage failure is remembered.
    fn look<V: Record>(&mut self, key: &[u8]) -> Found<V>;
    /// Visits the keys within `bounds` until `visit` breaks or fails. Failures are remembered.
    fn walk(&mut self, bounds: Bounds, direction: Direction, visit: &mut RawVisit<'_>);
    /// Remembers a failure, if it is the first.
    fn fail(&mut self, error: Error);
    /// Whether one is remembered.
    fn failed(&self) -> bool;
}

/// What can be read from. A storage failure or a damaged value is remembered by the reader and fails the whole read or
/// write at its end, so that the code between can be written as if there were none. Where one record must not stop others,
/// it is read with [`Read::find`], [`Read::visit_found`] or [`Read::keys`], and damage is the caller's to go round.
pub trait Read {
    /// The value under `key`.
    fn get<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V>;

    /// As [`Read::get`], where damage is an answer and no failure.
    fn find<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Found<V>;

    /// Whether something has failed already, so that the read or write will come to nothing. A loop that goes on until
    /// nothing is left must ask: what cannot be read cannot be removed either, and is found again and again.
    fn has_failed(&self) -> bool;

    /// Visits a range in `direction` until `visit` breaks.
    fn visit<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        direction: Direction,
        visit: &mut dyn FnMut(K, V) -> ControlFlow<()>,
    );

    /// As [`Read::visit`], with `None` for a value that is damaged.
    fn visit_found<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        visit: &mut dyn FnMut(K, Option<V>) -> ControlFlow<()>,
    );

    /// Visits the keys of a range in order until `visit` breaks, and does not look at the values.
    fn keys<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        visit: &mut dyn FnMut(K) -> ControlFlow<()>,
    );

    /// The first `limit` entries of a range, with `None` for a value that is damaged.
    fn list_found<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        limit: usize,
    ) -> Vec<(K, Option<V>)> {
        let mut entries = Vec::new();
        if limit == 0 {
            return entries;
        }
        self.visit_found(table, range, &mut |key, value| {
            entries.push((key, value));
            if entries.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        entries
    }

    /// Visits a range in order until `visit` breaks.
    fn scan<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        visit: &mut dyn FnMut(K, V) -> ControlFlow<()>,
    ) {
        self.visit(table, range, Direction::Forwards, visit);
    }

    /// The first `limit` entries of a range.
    fn list<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        limit: usize,
    ) -> Vec<(K, V)> {
        self.take(table, range, Direction::Forwards, limit)
    }

    /// The last `limit` entries of a range, last first.
    fn list_back<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        limit: usize,
    ) -> Vec<(K, V)> {
        self.take(table, range, Direction::Backwards, limit)
    }

    /// The first `limit` entries of a range, seen in `direction`.
    fn take<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        direction: Direction,
        limit: usize,
    ) -> Vec<(K, V)> {
        let mut entries = Vec::new();
        if limit == 0 {
            return entries;
        }
        self.visit(table, range, direction, &mut |key, value| {
            entries.push((key, value));
            if entries.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        entries
    }

    /// Another scope that has something under `key`; the first, in the order in which they were registered.
    fn elsewhere<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<Scope>;

    /// Whether there is a value under `key`.
    fn contains<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> bool {
        self.get(table, key).is_some()
    }
}

impl<S: Source> Read for S {
    fn get<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V> {
        let key = table.full_key(self.view().number, key);
        match self.look(&key) {
            Found::Nothing => None,
            Found::Value(value) => Some(value),
            Found::Damaged => {
                self.fail(damaged(table, &key));
                None
            }
        }
    }

    fn find<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Found<V> {
        self.look(&table.full_key(self.view().number, key))
    }

    fn has_failed(&self) -> bool {
        self.failed()
    }

    fn elsewhere<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<Scope> {
        let others = self.view().others();
        others.into_iter().find_map(|View { number, scope, .. }| {
            let found: Found<V> = self.look(&table.full_key(number, key));
            (!matches!(found, Found::Nothing)).then_some(scope)
        })
    }

    fn visit<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        direction: Direction,
        visit: &mut dyn FnMut(K, V) -> ControlFlow<()>,
    ) {
        let bounds = full_range(table, self.view().number, range);
        self.walk(bounds, direction, &mut |bytes, value| {
            let key = key_of(table, bytes)?;
            Ok(visit(key, unseal(bytes, value).ok_or_else(|| damaged(table, bytes))?))
        });
    }

    fn visit_found<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        visit: &mut dyn FnMut(K, Option<V>) -> ControlFlow<()>,
    ) {
        let bounds = full_range(table, self.view().number, range);
        self.walk(bounds, Direction::Forwards, &mut |bytes, value| {
            Ok(visit(key_of(table, bytes)?, unseal(bytes, value)))
        });
    }

    fn keys<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        range: &KeyRange,
        visit: &mut dyn FnMut(K) -> ControlFlow<()>,
    ) {
        let bounds = full_range(table, self.view().number, range);
        self.walk(bounds, Direction::Forwards, &mut |bytes, _| Ok(visit(key_of(table, bytes)?)));
    }
}
