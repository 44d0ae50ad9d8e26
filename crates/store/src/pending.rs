//! One job's writes while the writer runs it: kept apart until its closure has returned `Ok`, so that a refused job
//! leaves nothing behind.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Bound;
use std::sync::Arc;

use redb::ReadableTable;

use crate::changes::{Change, Changes};
use crate::error::Error;
use crate::guard::engine;
use crate::keyspace::{EngineTable, Sequence};
use crate::passed_over::PassedOver;
use crate::read::{Direction, RawVisit};
use crate::table::Bounds;

/// Runs after a sync.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// What a job has written: `None` removes.
pub(crate) type Overlay = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The committed state, the writes of the jobs before this one, and its own.
pub(crate) struct Pending<'a, 'txn> {
    engine: &'a mut EngineTable<'txn>,
    changes: &'a mut Changes,
    overlay: Overlay,
    sequence: &'a mut Sequence,
    damage: &'a Arc<PassedOver>,
    failure: Option<Error>,
    hooks: Vec<Hook>,
}

/// What a finished job leaves for the commit.
pub(crate) struct Written {
    pub(crate) overlay: Overlay,
    pub(crate) hooks: Vec<Hook>,
}

/// [`Pending`] without its lifetimes: what a [`crate::Tx`] is a typed view of.
pub(crate) trait Writes {
    /// Shows the value under a key, if there is one.
    fn see(&mut self, key: &[u8], see: &mut dyn FnMut(&[u8]));
    /// Visits the keys within `bounds` until `visit` breaks or fails.
    fn walk(&mut self, bounds: Bounds, direction: Direction, visit: &mut RawVisit<'_>);
    /// Puts a value; `None` removes what is there.
    fn write(&mut self, key: Vec<u8>, value: Option<Vec<u8>>);
    /// The next number.
    fn next_number(&mut self) -> u64;
    /// Keeps a hook for the end of the commit.
    fn after_commit(&mut self, hook: Hook);
    /// Where damage is counted.
    fn damage(&self) -> &Arc<PassedOver>;
    /// Remembers a failure, if it is the first.
    fn fail(&mut self, error: Error);
    /// The failure that is remembered.
    fn failure(&self) -> Option<&Error>;
    /// How many keys have been written.
    fn count(&self) -> usize;
}

impl<'a, 'txn> Pending<'a, 'txn> {
    pub(crate) fn new(
        engine: &'a mut EngineTable<'txn>,
        changes: &'a mut Changes,
        sequence: &'a mut Sequence,
        damage: &'a Arc<PassedOver>,
    ) -> Self {
        Self { engine, changes, overlay: BTreeMap::new(), sequence, damage, failure: None, hooks: Vec::new() }
    }

    pub(crate) fn finish(self) -> Result<Written, Error> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(Written { overlay: self.overlay, hooks: self.hooks }),
        }
    }
}

impl Writes for Pending<'_, '_> {
    fn see(&mut self, key: &[u8], see: &mut dyn FnMut(&[u8])) {
        // Seen where it lies, not in a copy: contents are most of what is stored.
        if let Some(written) = self.overlay.get(key) {
            if let Some(bytes) = written {
                see(bytes);
            }
            return;
        }
        match self.changes.of(key) {
            Change::Put(bytes) => return see(bytes),
            Change::Removed => return,
            Change::None => {}
        }
        let outcome = engine(|| {
            let stored = self.engine.get(key);
            stored.map(|found| found.map_or((), |guard| see(guard.value())))
        });
        if let Err(cause) = outcome {
            self.fail(Error::Stopped { cause });
        }
    }

    fn walk(&mut self, bounds: Bounds, direction: Direction, visit: &mut RawVisit<'_>) {
        if let Err(cause) = engine(|| self.changes.settle(self.engine, &bounds)) {
            return self.fail(Error::Stopped { cause });
        }
        let put = self.changes.put_within(&bounds).map(|(key, value)| (key, Some(value)));
        let Bounds { from, to } = bounds.clone();
        let stored = engine(|| self.engine.range::<&[u8]>(from.as_slice()..to.as_slice()));
        let own = (Bound::Included(from), Bound::Excluded(to));
        let own = self.overlay.range(own).map(|(key, value)| (key, value.as_deref()));
        let walked = match stored {
            Err(cause) => Err(Error::Stopped { cause }),
            Ok(stored) if direction == Direction::Backwards => {
                let order = |a: &[u8], b: &[u8]| b.cmp(a);
                merge(stored.rev(), Layers::new(own.rev(), put.rev(), order), order, visit)
            }
            Ok(stored) => {
                let order = |a: &[u8], b: &[u8]| a.cmp(b);
                merge(stored, Layers::new(own, put, order), order, visit)
            }
        };
        if let Err(error) = walked {
            self.failure.get_or_insert(error);
        }
    }

    fn write(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.overlay.insert(key, value);
    }

    fn next_number(&mut self) -> u64 {
        self.sequence.next()
    }

    fn after_commit(&mut self, hook: Hook) {
        self.hooks.push(hook);
    }

    fn damage(&self) -> &Arc<PassedOver> {
        self.damage
    }

    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    fn count(&self) -> usize {
        self.overlay.len()
    }
}

/// A key, and its value if it has one.
type Layered<'o> = (&'o Vec<u8>, Option<&'o [u8]>);

/// A job's own writes over those of the jobs before it, in one order; where both have a key, its own counts.
struct Layers<A: Iterator, B: Iterator, O> {
    own: Peekable<A>,
    below: Peekable<B>,
    order: O,
}

impl<'o, A, B, O> Layers<A, B, O>
where
    A: Iterator<Item = Layered<'o>>,
    B: Iterator<Item = Layered<'o>>,
{
    fn new(own: A, below: B, order: O) -> Self {
        Self { own: own.peekable(), below: below.peekable(), order }
    }
}

impl<'o, A, B, O> Iterator for Layers<A, B, O>
where
    A: Iterator<Item = Layered<'o>>,
    B: Iterator<Item = Layered<'o>>,
    O: Fn(&[u8], &[u8]) -> Ordering,
{
    type Item = Layered<'o>;

    fn next(&mut self) -> Option<Layered<'o>> {
        let Some((own, _)) = self.own.peek() else { return self.below.next() };
        let Some((below, _)) = self.below.peek() else { return self.own.next() };
        match (self.order)(own, below) {
            Ordering::Greater => self.below.next(),
            Ordering::Less => self.own.next(),
            Ordering::Equal => {
                self.below.next();
                self.own.next()
            }
        }
    }
}

/// Walks two ordered sources as one; where both have a key, the overlay's entry counts, and `None` there hides it.
fn merge<'g, 'o>(
    mut stored: impl Iterator<
        Item = redb::Result<(redb::AccessGuard<'g, &'static [u8]>, redb::AccessGuard<'g, &'static [u8]>)>,
    >,
    overlay: impl Iterator<Item = Layered<'o>>,
    order: impl Fn(&[u8], &[u8]) -> Ordering,
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
