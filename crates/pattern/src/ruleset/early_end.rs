//! How much of an event is marked at first: events that follow one another are often alike, and where the walk ended early
//! in the last few, it will most likely end early in the next.

use crate::scan::marks::BLOCK;

/// After so many events in a row that ended early the next one is begun with its start alone.
const IN_A_ROW: u8 = 4;

/// Where the walks over the last events ended.
#[derive(Debug, Default)]
pub(crate) struct EarlyEnd {
    /// The furthest of those in a row, in bytes.
    furthest: usize,
    /// How many ended early in a row, up to [`IN_A_ROW`].
    in_a_row: u8,
}

impl EarlyEnd {
    /// The start of `event` that is most likely enough, and the rest; `None` where all of it has to be marked.
    pub(crate) fn start<'e>(&self, event: &'e [u8]) -> Option<(&'e [u8], &'e [u8])> {
        if self.in_a_row < IN_A_ROW {
            return None;
        }
        // The colon of the next key, and a value somewhat longer, are still in it.
        let length = (self.furthest / BLOCK + 2) * BLOCK;
        is_early(length, event.len()).then(|| event.split_at_checked(length)).flatten()
    }

    /// A walk read `read` of `length` bytes, after all of the event was marked.
    pub(crate) fn note(&mut self, read: usize, length: usize) {
        if self.in_a_row == IN_A_ROW || !is_early(read, length) {
            // The guess was wrong, or there is nothing to gain.
            *self = EarlyEnd::default();
        }
        if is_early(read, length) {
            self.furthest = self.furthest.max(read);
            self.in_a_row += 1;
        }
    }
}

/// Whether what comes after is worth a second look should it be needed.
fn is_early(read: usize, length: usize) -> bool {
    read < length / 4 * 3
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, EarlyEnd};

    #[test]
    fn a_start_is_tried_after_a_few_that_ended_early() {
        let (event, mut early) = ([b' '; 1000], EarlyEnd::default());
        for read in [100, 250, 100, 30] {
            assert!(early.start(&event).is_none());
            early.note(read, event.len());
        }
        let (start, rest) = early.start(&event).unwrap();
        assert_eq!((start.len(), rest.len()), (5 * BLOCK, 1000 - 5 * BLOCK));
        // A short event is read as a whole, and counts as one that did not end early.
        assert!(early.start(&[b' '; 400]).is_none());
        early.note(400, 400);
        assert!(early.start(&event).is_none());
    }

    #[test]
    fn a_wrong_guess_begins_anew() {
        let (event, mut early) = ([b' '; 1000], EarlyEnd::default());
        (0..4).for_each(|_| early.note(100, 1000));
        assert!(early.start(&event).is_some());
        early.note(600, 1000);
        assert!(early.start(&event).is_none());
        (0..3).for_each(|_| early.note(600, 1000));
        assert_eq!(early.start(&event).map(|(start, _)| start.len()), Some((600 / BLOCK + 2) * BLOCK));
    }
}
