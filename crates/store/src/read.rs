//! Reading, alike in a snapshot and inside a write.

use std::ops::ControlFlow;

use crate::key::{Key, KeyRange};
use crate::record::Record;
use crate::table::Table;

/// Which way a range is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the least key up.
    Forwards,
    /// From the greatest key down.
    Backwards,
}

/// What can be read from. A storage failure or a damaged value is remembered by the reader and fails the whole read or
/// write at its end, so that the code between can be written as if there were none.
pub trait Read {
    /// The value under `key`.
    fn get<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V>;

    /// As [`Read::get`], where something else that is stored says that there is a value: that there is none is damage.
    fn get_known<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> Option<V>;

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

    /// Whether there is a value under `key`.
    fn contains<K: Key, V: Record>(&mut self, table: &Table<K, V>, key: &K) -> bool {
        self.get(table, key).is_some()
    }
}
