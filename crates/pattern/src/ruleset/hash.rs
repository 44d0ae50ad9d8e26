//! One fast hash for keys, values and numbers.
//!
//! Its seed is fixed: what it spreads are the rules' own literals, and a value of an event that falls on the hash of
//! another one is looked at and refused. Whoever may write rules may also write slow ones; whoever sends events may not.

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
const TAIL: u64 = 0xd6e8_feb8_6659_fd93;

/// High and low half of the product.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are wanted")]
pub(crate) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of some bytes.
#[inline]
pub(crate) fn bytes(seed: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(TAIL);
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), MIX);
    }
    if rest.is_empty() {
        return fold(hash, TAIL);
    }
    // The last eight bytes once more where there are eight, else those that there are.
    let tail = match bytes.last_chunk::<8>() {
        Some(tail) => u64::from_le_bytes(*tail),
        None => rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    fold(hash ^ tail, TAIL)
}

/// The hash of a number.
#[inline]
pub(crate) fn number(seed: u64, number: u64) -> u64 {
    fold(fold(seed ^ number, MIX) ^ number, TAIL)
}

/// The hash of a key in an object: its length and its last eight bytes, which is all that the walk reads of the keys
/// that nobody wants.
#[inline]
pub(crate) fn key(length: usize, last: u64) -> u64 {
    fold(last ^ (length as u64).wrapping_mul(TAIL), MIX)
}

/// The last eight bytes of a key, as [`key`] wants them.
#[inline]
pub(crate) fn last(key: &[u8]) -> u64 {
    match key.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => key.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    }
}
