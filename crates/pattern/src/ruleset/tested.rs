//! Which conjunctions were tested with this event already: one that several values wake is tested once.

use crate::ruleset::hash;

/// A table by hash that grows with what one event wakes, not with the number of rules.
#[derive(Debug, Default)]
pub(crate) struct TestTable {
    /// An event and the number of a conjunction; the entries of earlier events are free. A power of two of them.
    entries: Vec<(u64, u64)>,
    count: usize,
    epoch: u64,
}

impl TestTable {
    /// Forgets all: `epoch` is the number of the next event, higher than those before.
    pub(crate) fn begin(&mut self, epoch: u64) {
        self.epoch = epoch;
        self.count = 0;
    }

    /// Whether this number was not asked for since [`TestTable::begin`].
    #[inline]
    pub(crate) fn is_first(&mut self, number: u64) -> bool {
        if self.count * 2 >= self.entries.len() {
            self.grow();
        }
        let first = self.put(number);
        self.count += usize::from(first);
        first
    }

    #[inline]
    fn put(&mut self, number: u64) -> bool {
        let mask = self.entries.len().wrapping_sub(1);
        let mut at = usize::try_from(hash::number(0, number) >> 32).unwrap_or(0) & mask;
        while let Some(entry) = self.entries.get_mut(at) {
            if entry.0 != self.epoch {
                *entry = (self.epoch, number);
                return true;
            }
            if entry.1 == number {
                return false;
            }
            at = (at + 1) & mask;
        }
        true
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![(0, 0); (self.entries.len() * 2).max(64)];
        let old = std::mem::replace(&mut self.entries, larger);
        for (epoch, number) in old {
            if epoch == self.epoch {
                self.put(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::proptest;

    use super::TestTable;

    proptest! {
        #[test]
        fn it_knows_what_a_set_knows(events in proptest::collection::vec(proptest::collection::vec(0u64..400, 0..500), 0..5)) {
            let mut tested = TestTable::default();
            for (epoch, numbers) in (1..).zip(events) {
                tested.begin(epoch);
                let mut set = BTreeSet::new();
                for number in numbers {
                    assert_eq!(tested.is_first(number), set.insert(number));
                }
            }
        }
    }
}
