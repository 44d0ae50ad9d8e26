//! The keys under which rules wait for values: what a value is looked up by.
//!
//! Everything is one look-up by hash. A rule with a prefix of 13 bytes waits under those bytes and "prefix, 13"; a value
//! at that path is then looked up once for each length in use. A range of numbers waits under a few aligned blocks of
//! doubles, a wildcard under eight bytes of its rarest literal. A hash is a hint, not an answer: what is found is
//! tested whole.

use crate::ruleset::hash;

/// How a value is looked up: the high byte says in what way, the low byte how long or how coarse.
pub(crate) type Code = u16;

/// The string as it is.
pub(crate) const STRING: Code = 0x0000;
/// `true`, `false` or `null`: the low byte says which.
pub(crate) const TRUE: Code = 0x0100;
pub(crate) const FALSE: Code = 0x0101;
pub(crate) const NULL: Code = 0x0102;
/// The digits of a number that cannot be compared.
pub(crate) const DIGITS: Code = 0x0200;
/// The block of doubles that a number lies in; the low byte is the block's size as a power of two.
pub(crate) const NUMBER: Code = 0x0300;
/// Any number that can be compared.
pub(crate) const ANY_NUMBER: Code = 0x0400;
/// Any value.
pub(crate) const ANY: Code = 0x0500;
/// Any string.
pub(crate) const ANY_STRING: Code = 0x0600;
/// The first bytes of a string; the low byte says how many.
pub(crate) const PREFIX: Code = 0x0700;
/// The last bytes.
pub(crate) const SUFFIX: Code = 0x0800;
/// The string without case.
pub(crate) const FOLDED: Code = 0x0900;
/// The first bytes of it without case.
pub(crate) const FOLDED_PREFIX: Code = 0x0a00;
/// The last ones.
pub(crate) const FOLDED_SUFFIX: Code = 0x0b00;
/// So many bytes anywhere in a string.
pub(crate) const GRAM: Code = 0x0c00;
/// The first hexadecimal digits of an IP address; the low byte says how many.
pub(crate) const ADDRESS: Code = 0x0d00;
/// Not a value: conjunctions that no value leads to are tested with every event.
pub(crate) const ALWAYS: Key = Key { hash: 0x616c_7761_7973, path: u32::MAX, code: 0xff00 };

/// Where a conjunction waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) hash: u64,
    pub(crate) path: u32,
    pub(crate) code: Code,
}

impl Key {
    pub(crate) fn bytes(path: u32, code: Code, bytes: &[u8]) -> Key {
        Key { hash: hash::bytes(seed(path, code), bytes), path, code }
    }

    pub(crate) fn number(path: u32, code: Code, number: u64) -> Key {
        Key { hash: hash::number(seed(path, code), number), path, code }
    }

    pub(crate) fn gram(path: u32, code: Code, gram: &[u8]) -> Key {
        Key { hash: gram_hash(seed(path, code), gram), path, code }
    }

    /// The key for codes that need no more than the path.
    pub(crate) fn bare(path: u32, code: Code) -> Key {
        Key { hash: seed(path, code), path, code }
    }
}

/// The hash of at most eight bytes: a string has as many of these as letters.
#[inline]
pub(crate) fn gram_hash(seed: u64, gram: &[u8]) -> u64 {
    let word = match *gram {
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => hash::last(gram),
    };
    hash::fold(word ^ seed, seed | 1)
}

/// Keys of other paths and other ways fall elsewhere.
#[inline]
pub(crate) fn seed(path: u32, code: Code) -> u64 {
    hash::number(u64::from(code), u64::from(path))
}

/// A length that the low byte of a code can say: the exact one while short, then coarser and coarser.
pub(crate) fn length(length: usize) -> u8 {
    let coarse = match length {
        0..=16 => length,
        17..=64 => length / 2 * 2,
        65..=240 => length / 16 * 16,
        _ => 240,
    };
    u8::try_from(coarse).unwrap_or(u8::MAX)
}

/// The double as an integer of the same order.
#[inline]
pub(crate) fn ordered(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// Aligned blocks, as (power of two, number), that together cover `low..=high` and less than as much again: one on each
/// side of the roundest number in between.
pub(crate) fn blocks(low: u64, high: u64) -> Vec<(u8, u64)> {
    if low > high {
        return vec![];
    }
    let Some(top) = (low ^ high).checked_ilog2() else { return vec![(0, low)] };
    let middle = (high >> top) << top;
    let block = |length: u64, inside: u64| {
        let power = length.next_power_of_two().trailing_zeros();
        (u8::try_from(power).unwrap_or(u8::MAX), inside >> power)
    };
    vec![block(middle - low, middle - 1), block(high - middle + 1, middle)]
}

/// `text`, the bytes of a string, without case: equal for all strings that an [`IgnoreCase`](crate::matcher::ignore_case::IgnoreCase) accepts.
pub(crate) fn fold(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    if text.is_ascii() {
        out.extend(text.iter().map(u8::to_ascii_lowercase));
        return;
    }
    let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    for c in std::str::from_utf8(text).unwrap_or_default().chars() {
        if c.is_ascii() {
            push(c.to_ascii_lowercase());
        } else if c > '\u{ffff}' {
            push(c);
        } else {
            // Lower case first: the capital sharp s has no upper case but itself.
            c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase).for_each(&mut push);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{blocks, fold, length, ordered};
    use crate::matcher::ignore_case::forms;

    proptest! {
        #[test]
        fn blocks_cover_a_range(a in any::<u64>(), shift in 0u32..64, inside in any::<u64>()) {
            for (low, high) in [(a, a.saturating_add(u64::MAX >> shift)), (0, a), (a, u64::MAX), (a, a)] {
                let blocks = blocks(low, high);
                assert!(!blocks.is_empty() && blocks.len() <= 2);
                let middle = if high - low == u64::MAX { inside } else { low + inside % (high - low + 1) };
                for value in [low, high, middle] {
                    assert!(blocks.iter().any(|(size, number)| value >> size == *number), "{low} {high} {value}");
                }
                let covered: u128 = blocks.iter().map(|(size, _)| 1u128 << size).sum();
                assert!(covered <= 2 * (u128::from(high - low) + 1));
            }
        }

        #[test]
        fn order_is_kept(a in any::<f64>(), b in any::<f64>()) {
            if !a.is_nan() && !b.is_nan() && a != b {
                assert_eq!(ordered(a) < ordered(b), a < b);
            }
        }
    }

    #[test]
    fn an_empty_range_has_no_blocks() {
        assert!(blocks(5, 4).is_empty());
    }

    #[test]
    fn all_forms_of_a_character_fold_to_one() {
        let folded = |text: &str| {
            let mut out = vec![];
            fold(text.as_bytes(), &mut out);
            out
        };
        let wrong: Vec<char> = ('\0'..=char::MAX)
            .filter(|c| forms(*c).iter().any(|form| folded(form) != folded(&c.to_string())))
            .collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn a_length_is_never_longer_than_it_was() {
        assert!((0..5000).all(|n| usize::from(length(n)) <= n));
    }
}
