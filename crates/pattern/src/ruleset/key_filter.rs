//! Which keys anything may wait under: a few bits for each hash, so that the many values that are nobody's cost one look
//! at memory that is warm, and not several at memory that is not.

use std::sync::Arc;

use crate::ruleset::hash_tree::HashTree;

/// The first so many bits of a hash choose a page.
const PAGE_BITS: u32 = 5;
const PAGES: usize = 1 << PAGE_BITS;
/// The next ones choose a word of it, as many as its size has need of, and never more than this with the first ones.
const WORD_BITS_MAX: u32 = 15;
const WORDS_MIN: usize = 8;
const WORDS_MAX: usize = 1 << (WORD_BITS_MAX - PAGE_BITS);
/// So many keys to a word, until a page is as large as it may be.
const KEYS_A_WORD: usize = 2;

type Page = Arc<[u64]>;

/// A set of hashes that may say yes where it should say no: of a hash that is not there, at most twice in a
/// thousand times up to 65,000 keys, once in eighty at 160,000. It is as large as its keys need, so that a few rules' fits beside
/// the event in the nearest cache. Like the [hash tree](crate::ruleset::hash_tree) it is replaced page by page, and its
/// words are what that tree has under the first bits of a hash, so that a word or a page can be made anew.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyFilter(Option<Arc<[Page; PAGES]>>);

/// How many keys each page has, which only the writer needs to know.
#[derive(Debug, Default)]
pub(crate) struct Keys([usize; PAGES]);

#[inline]
fn page_of(hash: u64) -> usize {
    usize::try_from(hash >> (64 - PAGE_BITS)).unwrap_or(0)
}

/// Which of so many words, a power of two, the last of the first [`WORD_BITS_MAX`] bits choose.
#[inline]
fn word_of(hash: u64, words: usize) -> usize {
    usize::try_from(hash >> (64 - WORD_BITS_MAX)).unwrap_or(0) & words.wrapping_sub(1)
}

/// The bits of a hash in its word, chosen by those after the first [`WORD_BITS_MAX`].
#[inline]
fn mask(hash: u64) -> u64 {
    let bit = |number: u32| 1 << ((hash >> (64 - WORD_BITS_MAX - 6 * number)) % 64);
    bit(1) | bit(2) | bit(3)
}

/// The size of a page with so many keys.
fn words(keys: usize) -> usize {
    if keys == 0 { 0 } else { keys.div_ceil(KEYS_A_WORD).next_power_of_two().clamp(WORDS_MIN, WORDS_MAX) }
}

impl KeyFilter {
    /// Whether a key of this hash may be there.
    #[inline]
    pub(crate) fn may_have(&self, hash: u64) -> bool {
        let Some(page) = self.0.as_ref().and_then(|pages| pages.get(page_of(hash))) else { return false };
        let mask = mask(hash);
        page.get(word_of(hash, page.len())).is_some_and(|word| word & mask == mask)
    }

    /// One more key of this hash is there: `all` are all that are.
    pub(crate) fn insert<T>(&mut self, hash: u64, keys: &mut Keys, all: &HashTree<T>) {
        let (before, now) = keys.change(hash, |count| count + 1);
        if words(now) != words(before) {
            self.set_page(hash, words(now), all);
        } else if !self.may_have(hash) {
            // Most keys are there already, and a page that does not change need not be copied.
            self.change_word(hash, |word| word | mask(hash));
        }
    }

    /// One key of this hash is there no more: what the filter says of the hashes near it is what `all` those left say.
    pub(crate) fn remove<T>(&mut self, hash: u64, keys: &mut Keys, all: &HashTree<T>) {
        let (before, now) = keys.change(hash, |count| count - 1);
        let size = words(now);
        if size != words(before) {
            return self.set_page(hash, size, all);
        }
        let (mut left, gone) = (0, mask(hash));
        // In a page of full size the first bits are the word's; in a smaller one there are few keys to ask.
        let bits = if size == WORDS_MAX { WORD_BITS_MAX } else { PAGE_BITS };
        all.near(hash, bits, &mut |other| {
            left |= if word_of(other, size) == word_of(hash, size) { mask(other) } else { 0 };
            // When others say all that this one said, there is no more to know.
            left & gone != gone
        });
        if left & gone != gone {
            self.change_word(hash, |_| left);
        }
    }

    fn change_word(&mut self, hash: u64, to: impl FnOnce(u64) -> u64) {
        let Some(page) = self.pages().get_mut(page_of(hash)) else { return };
        let at = word_of(hash, page.len());
        if let Some(word) = Arc::make_mut(page).get_mut(at) {
            *word = to(*word);
        }
    }

    /// Makes the page of this hash anew, with so many words.
    fn set_page<T>(&mut self, hash: u64, words: usize, all: &HashTree<T>) {
        let mut page = vec![0; words];
        all.near(hash, PAGE_BITS, &mut |other| {
            if let Some(word) = page.get_mut(word_of(other, words)) {
                *word |= mask(other);
            }
            true
        });
        if let Some(old) = self.pages().get_mut(page_of(hash)) {
            *old = Arc::from(page);
        }
    }

    fn pages(&mut self) -> &mut [Page; PAGES] {
        let pages = self.0.get_or_insert_with(|| {
            let empty: Page = Arc::from([]);
            Arc::new(std::array::from_fn(|_| Arc::clone(&empty)))
        });
        Arc::make_mut(pages)
    }
}

impl Keys {
    /// Changes the count of the page of this hash: what it was, and what it is.
    fn change(&mut self, hash: u64, to: impl FnOnce(usize) -> usize) -> (usize, usize) {
        let Some(count) = self.0.get_mut(page_of(hash)) else { return (0, 0) };
        let before = *count;
        *count = to(before);
        (before, *count)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::{prop_oneof, proptest};

    use super::{KeyFilter, Keys};
    use crate::ruleset::hash_tree::{HashTree, Item};

    fn filter_of(hashes: &BTreeMap<u64, usize>) -> KeyFilter {
        let (mut filter, mut keys, mut tree) = (KeyFilter::default(), Keys::default(), HashTree::default());
        for (hash, count) in hashes {
            for item in 0..*count as u64 {
                tree.insert(*hash, item);
                filter.insert(*hash, &mut keys, &tree);
            }
        }
        filter
    }

    proptest! {
        /// Whatever came and went, what is there is never denied, and the filter is what those there make it.
        #[test]
        fn it_says_what_those_there_say(
            // Few first bits and few others, so that pages grow, shrink and hold the same hash several times.
            steps in proptest::collection::vec(
                (prop_oneof![0u64..3, 30u64..32], 0u64..200, proptest::bool::weighted(0.7)),
                1..300,
            ),
        ) {
            let (mut filter, mut keys, mut tree) = (KeyFilter::default(), Keys::default(), HashTree::default());
            let mut there = BTreeMap::new();
            for (first, rest, add) in steps {
                let hash = first << 59 | rest.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 5;
                let count = there.entry(hash).or_insert(0_usize);
                if add {
                    tree.insert(hash, *count as u64);
                    *count += 1;
                    filter.insert(hash, &mut keys, &tree);
                } else if *count > 0 {
                    *count -= 1;
                    tree.remove(hash, (*count as u64).tie());
                    filter.remove(hash, &mut keys, &tree);
                }
                there.retain(|_, count| *count > 0);
                assert!(there.keys().all(|hash| filter.may_have(*hash)));
            }
            if there.is_empty() {
                assert!((0..32).all(|first| !filter.may_have(first << 59)));
            } else {
                assert_eq!(format!("{filter:?}"), format!("{:?}", filter_of(&there)));
            }
        }
    }
}
