//! Which keys anything may wait under: a few bits for each hash, so that the many values that are nobody's cost one look
//! at memory that is warm, and not several at memory that is not.

use std::sync::Arc;

/// The first so many bits of a hash choose a word.
pub(crate) const WORD_BITS: u32 = 15;
const WIDTH: usize = 32;
const BITS: u32 = 5;

type Page = Arc<[u64; WIDTH]>;

/// A set of hashes that may say yes where it should say no: of a hash that is not there, once in fifty times at 160,000
/// keys. Like the [hash tree](crate::ruleset::hash_tree) it is replaced page by page, and its words are what that tree
/// has under [`WORD_BITS`] bits of a hash, so that a word can be made anew when a key goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyFilter(Option<Arc<[Arc<[Page; WIDTH]>; WIDTH]>>);

/// Which of 32 the five bits before the last `rest` bits of a word's number choose.
#[inline]
fn slot(hash: u64, rest: u32) -> usize {
    usize::try_from((hash >> (64 - WORD_BITS + rest)) % WIDTH as u64).unwrap_or(0)
}

/// The bits of a hash in its word, chosen by those after the first [`WORD_BITS`].
#[inline]
pub(crate) fn mask(hash: u64) -> u64 {
    let bit = |number: u32| 1 << ((hash >> (64 - WORD_BITS - 6 * number)) % 64);
    bit(1) | bit(2)
}

impl KeyFilter {
    /// Whether a key of this hash may be there.
    #[inline]
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        let pages = self.0.as_ref().and_then(|pages| pages.get(slot(hash, 2 * BITS)));
        let page = pages.and_then(|pages| pages.get(slot(hash, BITS)));
        let mask = mask(hash);
        page.and_then(|page| page.get(slot(hash, 0))).is_some_and(|word| word & mask == mask)
    }

    /// A key of this hash is there.
    pub(crate) fn insert(&mut self, hash: u64) {
        // Most keys are there already, and a page that does not change need not be copied.
        if !self.may_have(hash) {
            self.change(hash, |word| word | mask(hash));
        }
    }

    /// Of all hashes whose first [`WORD_BITS`] bits are those of `hash`, just these [masks](mask) are left.
    pub(crate) fn set_word(&mut self, hash: u64, masks: u64) {
        self.change(hash, |_| masks);
    }

    fn change(&mut self, hash: u64, to: impl FnOnce(u64) -> u64) {
        let pages = self.0.get_or_insert_with(|| {
            let empty = Arc::new([0; WIDTH]);
            let pages = Arc::new(std::array::from_fn(|_| Arc::clone(&empty)));
            Arc::new(std::array::from_fn(|_| Arc::clone(&pages)))
        });
        let Some(pages) = Arc::make_mut(pages).get_mut(slot(hash, 2 * BITS)) else { return };
        let Some(page) = Arc::make_mut(pages).get_mut(slot(hash, BITS)) else { return };
        if let Some(word) = Arc::make_mut(page).get_mut(slot(hash, 0)) {
            *word = to(*word);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{KeyFilter, WORD_BITS, mask};

    proptest! {
        #[test]
        fn what_is_there_is_never_denied(hashes in proptest::collection::vec(any::<u64>(), 1..200)) {
            let mut filter = KeyFilter::default();
            hashes.iter().for_each(|hash| filter.insert(*hash));
            assert!(hashes.iter().all(|hash| filter.may_have(*hash)));
            let (gone, rest) = hashes.split_first().unwrap();
            let same_word = |hash: &&u64| (**hash ^ gone) >> (64 - WORD_BITS) == 0;
            let masks: u64 = rest.iter().filter(same_word).fold(0, |masks, hash| masks | mask(*hash));
            filter.set_word(*gone, masks);
            assert!(rest.iter().all(|hash| filter.may_have(*hash)));
            assert_eq!(filter.may_have(*gone), masks & mask(*gone) == mask(*gone));
        }
    }
}
