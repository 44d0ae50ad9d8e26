//! Random numbers from a seed, as Java makes them: a seeded `$random` and `States.MathRandom` give AWS's own numbers.

use std::cell::Cell;

/// The multiplier, the increment and the 48 bits of `java.util.Random`, which its documentation fixes.
const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const INCREMENT: u64 = 0xB;
const MASK: u64 = (1 << 48) - 1;

/// `java.util.Random`. AWS draws from it: `$random(42)` is 0.7275636800328681 there.
#[derive(Debug)]
pub(crate) struct JavaRandom(u64);

impl JavaRandom {
    pub(crate) fn new(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ MULTIPLIER) & MASK)
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & MASK;
        #[expect(clippy::cast_possible_truncation, reason = "Java casts the top bits to an int here")]
        let top = (self.0 >> (48 - bits)) as u32;
        top.cast_signed()
    }

    /// From 0 to 1, without 1.
    pub(crate) fn next_f64(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        #[expect(clippy::cast_precision_loss, reason = "53 bits, which an f64 holds exactly")]
        let drawn = (high + i64::from(self.next(27))) as f64;
        drawn / 9_007_199_254_740_992.0
    }

    /// From 0 to `bound`, without `bound`, which is positive.
    pub(crate) fn next_below(&mut self, bound: i32) -> i32 {
        if bound & bound.wrapping_neg() == bound {
            let scaled = (i64::from(bound) * i64::from(self.next(31))) >> 31;
            return i32::try_from(scaled).unwrap_or(0);
        }
        loop {
            let bits = self.next(31);
            let value = bits.checked_rem(bound).unwrap_or(0);
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value;
            }
        }
    }
}

/// A source of 64-bit numbers (SplitMix64), one per evaluation.
#[derive(Debug)]
pub(crate) struct Source(Cell<u64>);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.set(state);
        mix(state)
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&self) -> String {
        uuid(self.next(), self.next())
    }
}

/// SplitMix64's finaliser: every bit of the answer depends on every bit of `state`.
pub(crate) fn mix(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The text of a version 4 UUID of these bits.
pub(crate) fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xF000) | 0x4000;
    let low = (low & (u64::MAX >> 2)) | (1 << 63);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF,
    )
}

#[cfg(test)]
mod tests {
    use super::{JavaRandom, Source};

    /// The first numbers that Java's documentation and AWS give for these seeds.
    #[test]
    fn javas_numbers() {
        assert_eq!(JavaRandom::new(42).next_f64(), 0.727_563_680_032_868_1);
        // `new Random(42).nextInt()` is -1170105035, 234785527, -1360544799, 205897768: these without their last bit, mod 100.
        let mut random = JavaRandom::new(42);
        let drawn: Vec<i32> = (0..4).map(|_| random.next_below(100)).collect();
        assert_eq!(drawn, [30, 63, 48, 84]);
    }

    #[test]
    fn uuids_are_of_version_4() {
        let source = Source::new(7);
        let (first, second) = (source.uuid(), source.uuid());
        assert_ne!(first, second);
        assert_eq!(first.len(), 36);
        assert_eq!(first.as_bytes().get(14), Some(&b'4'));
        assert!(first.as_bytes().get(19).is_some_and(|c| b"89ab".contains(c)));
    }
}
