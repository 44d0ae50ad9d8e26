//! Marks for machines without wide registers: eight bytes at a time in ordinary ones.

use crate::scan::marks::{BLOCK, Raw, Summary, index_with};

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks `event`.
pub(crate) fn index(event: &[u8], quotes: &mut [u64], tokens: &mut [u32]) -> Summary {
    index_with(event, (quotes, tokens), raw, parity)
}

fn raw(block: &[u8; BLOCK]) -> Raw {
    let mut raw = Raw::default();
    for (index, word) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let shift = 8 * index;
        // Bit 0x20 is what tells `[` from `{` and `]` from `}`.
        let folded = word | (LOW * 0x20);
        raw.quote |= gather(equal(word, b'"')) << shift;
        raw.backslash |= gather(equal(word, b'\\')) << shift;
        let token = equal(word, b':') | equal(folded, b'{') | equal(folded, b'}');
        raw.token |= gather(token) << shift;
        raw.high |= word & HIGH;
        // Only a byte below 0x20 borrows from its own high bit; what it does to those above it changes no answer.
        raw.control |= word.wrapping_sub(LOW * 0x20) & !word & HIGH;
    }
    raw
}

/// The high bit of each byte that equals `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ (LOW * u64::from(byte));
    // A byte is zero when neither its low seven bits nor its high one are set; no carry leaves a byte.
    !(((differs & !HIGH) + !HIGH) | differs) & HIGH
}

/// The eight high bits, side by side.
fn gather(highs: u64) -> u64 {
    (highs >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Bit n is the exclusive or of bits 0 to n.
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
