//! Random numbers from a seed: the same on every machine, to the bit.
//!
//! The standard library's `ln` and `exp` come from the platform and may differ in the last bit; the ones here use only
//! additions, multiplications and divisions, which IEEE 754 rounds the same everywhere.

use std::ops::RangeInclusive;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A lognormal distribution by its median and the standard deviation of its logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    /// Half of the values are below.
    pub median_ms: f64,
    /// Spread; the mean is the median times `exp(sigma^2 / 2)`.
    pub sigma: f64,
}

impl Lognormal {
    /// The mean in milliseconds.
    pub fn mean_ms(self) -> f64 {
        self.median_ms * exp(self.sigma * self.sigma / 2.0)
    }
}

/// A stream of random numbers.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// Streams with another `stream` or `salt` have nothing in common.
    pub(super) fn new(seed: u64, stream: u64, salt: u64) -> Self {
        let mut bytes = [0; 32];
        let words = seed.to_le_bytes().into_iter().chain(stream.to_le_bytes()).chain(salt.to_le_bytes());
        for (byte, word) in bytes.iter_mut().zip(words) {
            *byte = word;
        }
        Self(ChaCha8Rng::from_seed(bytes))
    }

    /// At least 0, less than 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the range, each as likely.
    pub(super) fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        let span = u128::from(high.saturating_sub(low)) + 1;
        // The high half of the product is below `span`, so it fits again.
        low + u64::try_from((u128::from(self.0.next_u64()) * span) >> 64).unwrap_or_default()
    }

    /// An index below `count`; 0 where `count` is 0.
    pub(super) fn index(&mut self, count: usize) -> usize {
        let last = u64::try_from(count).unwrap_or(u64::MAX).saturating_sub(1);
        usize::try_from(self.between(0..=last)).unwrap_or_default()
    }

    /// Milliseconds, exponentially distributed.
    pub(super) fn exponential(&mut self, mean_ms: f64) -> u64 {
        whole(-mean_ms * ln(1.0 - self.unit()))
    }

    /// Milliseconds, lognormally distributed.
    pub(super) fn lognormal(&mut self, shape: Lognormal) -> u64 {
        whole(shape.median_ms * exp(shape.sigma * self.normal()))
    }

    /// Nearly standard normal: twelve uniform numbers minus six. Its tails end at six, which suits durations.
    fn normal(&mut self) -> f64 {
        let mut sum = 0;
        for _ in 0..3 {
            let bits = self.0.next_u64();
            sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        }
        (sum + 6) as f64 / 65_536.0 - 6.0
    }

    /// 128 random bits.
    pub(super) fn bits(&mut self) -> u128 {
        u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())
    }
}

/// The nearest whole number of milliseconds; 0 for what is below.
#[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates, which is meant here")]
fn whole(ms: f64) -> u64 {
    (ms + 0.5) as u64
}

/// Natural logarithm of a positive, finite, normal number.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or_default() - 1023;
    let mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 1023 << 52);
    // ln(m) = 2 artanh((m - 1) / (m + 1)); m is in [1, 2), so the series in at most 1/9 gains a digit a term.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    for term in (0..16).rev() {
        sum = sum * square + 1.0 / f64::from(2 * term + 1);
    }
    2.0 * s * sum + f64::from(exponent) * std::f64::consts::LN_2
}

/// The exponential function for arguments between -700 and 700.
fn exp(x: f64) -> f64 {
    let doublings = (x / std::f64::consts::LN_2).round().clamp(-1000.0, 1000.0);
    let rest = x - doublings * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for term in (1..16).rev() {
        sum = 1.0 + sum * rest / f64::from(term);
    }
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a thousand above")]
    let exponent = doublings as i64 + 1023;
    sum * f64::from_bits(u64::try_from(exponent).unwrap_or_default() << 52)
}

#[cfg(test)]
mod tests {
    use super::{Dice, Lognormal, exp, ln};

    #[test]
    fn own_functions_agree_with_the_platform() {
        for step in 1..2_000 {
            let x = f64::from(step) / 37.0;
            assert!((ln(x) - x.ln()).abs() < 1e-12, "ln {x}");
            let y = x - 20.0;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-12, "exp {y}");
        }
    }

    #[test]
    fn means_come_out() {
        let mut dice = Dice::new(1, 2, 3);
        let shape = Lognormal { median_ms: 20_000.0, sigma: 0.95 };
        let count = 40_000;
        let (mut skewed, mut waits) = (0, 0);
        for _ in 0..count {
            skewed += dice.lognormal(shape);
            waits += dice.exponential(20_000.0);
        }
        assert!(((skewed / count) as f64 / shape.mean_ms() - 1.0).abs() < 0.03, "{}", skewed / count);
        assert!(((waits / count) as f64 / 20_000.0 - 1.0).abs() < 0.03, "{}", waits / count);
    }
}
