//! How much a wildcard may demand: AWS refuses what could be in many places at once.

use std::collections::{BTreeSet, HashSet};

use crate::matcher::wildcard::Wildcard;

/// The first complexity that is refused. AWS accepts 7 (`/Users/*/dir/dir/dir/dir/dir/doc.txt`) and refuses 10
/// (`*:*:*:*:*:event-bus/*`), both recorded from the service; where between them it draws the line is not known.
const TOO_COMPLEX: usize = 10;

/// The most sets that are looked at before a wildcard counts as too complex.
const SETS_MAX: usize = 100_000;

/// What AWS says of such a rule, without a place in the text.
pub(super) const MESSAGE: &str = "Rule is too complex - try using fewer wildcard characters or fewer repeating \
                                  character sequences after a wildcard character";

/// Whether some string would match too many beginnings of the wildcard at once. What is counted are the beginnings,
/// each ending before or after a star, that one string can match (event-ruler, `MachineComplexityEvaluator`).
pub(super) fn is_too_complex(wildcard: &Wildcard) -> bool {
    let steps = steps(wildcard);
    let mut seen: HashSet<Vec<usize>> = HashSet::new();
    let mut open = vec![vec![0]];
    while let Some(places) = open.pop() {
        // Before the first byte there is no beginning yet.
        if places.iter().filter(|place| **place > 0).count() >= TOO_COMPLEX || seen.len() > SETS_MAX {
            return true;
        }
        if places.is_empty() || !seen.insert(places.clone()) {
            continue;
        }
        // Of all bytes only those that lead on from here make a difference, and one that leads nowhere: it leaves the
        // places behind stars, which every other byte leaves as well.
        let bytes: BTreeSet<u8> =
            places.iter().filter_map(|place| steps.get(*place).copied().flatten()).collect();
        open.extend(bytes.iter().map(|byte| after(&steps, &places, *byte)));
    }
    false
}

/// The wildcard in its quotes, byte by byte; a star is `None`.
fn steps(wildcard: &Wildcard) -> Vec<Option<u8>> {
    let mut steps = vec![Some(b'"')];
    for (i, literal) in wildcard.literals().iter().enumerate() {
        if i > 0 {
            steps.push(None);
        }
        steps.extend(literal.bytes().map(Some));
    }
    steps.push(Some(b'"'));
    steps
}

/// The places after one more byte, in order: place `n` means that the first `n` steps are behind.
fn after(steps: &[Option<u8>], places: &[usize], byte: u8) -> Vec<usize> {
    let mut next = vec![];
    for &place in places {
        // Behind a star one may stay.
        if place > 0 && steps.get(place - 1) == Some(&None) {
            next.push(place);
        }
        if steps.get(place) == Some(&Some(byte)) {
            next.push(place + 1);
            // A star may also stand for nothing.
            next.extend((steps.get(place + 1) == Some(&None)).then_some(place + 2));
        }
    }
    next.sort_unstable();
    next.dedup();
    next
}
