//! A commit: what a room's operation changes the store with.

use std::ops::{Deref, DerefMut};

use aws::{Ids, Timestamp};

use crate::tx::Tx;

/// A write, the moment at which it happens, and where its identifiers come from: what nearly everything that changes
/// something needs. It is used like the [`Tx`] inside; the scope is [`Tx::scope`].
#[derive(Debug)]
pub struct Commit<'c> {
    /// The write.
    pub tx: Tx<'c>,
    /// When it happens.
    pub now: Timestamp,
    /// Where identifiers come from.
    pub ids: &'c Ids,
}

impl<'c> Commit<'c> {
    /// A commit of `tx`.
    pub fn new(tx: &'c mut Tx<'_>, now: Timestamp, ids: &'c Ids) -> Self {
        Self { tx: tx.by_ref(), now, ids }
    }

    /// The same commit, lent for a while.
    pub fn by_ref(&mut self) -> Commit<'_> {
        Commit { tx: self.tx.by_ref(), now: self.now, ids: self.ids }
    }
}

impl<'c> Deref for Commit<'c> {
    type Target = Tx<'c>;

    fn deref(&self) -> &Tx<'c> {
        &self.tx
    }
}

impl DerefMut for Commit<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.tx
    }
}
