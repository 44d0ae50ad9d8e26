//! What one commit of the sweep may still remove, so that nothing else waits long for it.

use std::ops::ControlFlow;

use store::{Commit, Key, KeyRange, Read as _, Record, Table};

/// What may still be removed in this commit.
#[derive(Debug)]
pub(crate) struct Piece {
    left: usize,
}

impl Piece {
    pub(crate) const fn new(records: usize) -> Self {
        Self { left: records }
    }

    pub(crate) const fn left(&self) -> usize {
        self.left
    }

    /// Removes what lies under a prefix; whether all of it is gone.
    pub(crate) fn remove_all<K: Key, V: Record>(
        &mut self,
        commit: &mut Commit<'_>,
        table: &Table<K, V>,
        prefix: &impl Key,
    ) -> bool {
        let mut keys = Vec::new();
        let left = self.left;
        commit.tx.keys(table, &KeyRange::prefix(prefix), &mut |key| {
            if keys.len() >= left {
                return ControlFlow::Break(());
            }
            keys.push(key);
            ControlFlow::Continue(())
        });
        for key in &keys {
            commit.remove(table, key);
        }
        self.left = self.left.saturating_sub(keys.len());
        self.left > 0
    }

    pub(crate) fn spend(&mut self, records: usize) {
        self.left = self.left.saturating_sub(records);
    }
}
