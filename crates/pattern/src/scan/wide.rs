//! Marks with AVX2 and carry-less multiplication, 32 bytes at a time: in about an eighth of the time of the
//! portable way.
//!
//! The one place of this crate with `unsafe`, and the argument why it is sound: everything here is safe code on values
//! (no pointer is read), but the compiler asks for `unsafe` where a function that needs certain instructions is called
//! from one that does not. The call stands behind the check that this machine has them.

use std::arch::x86_64::{
    __m256i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8, _mm256_cmpeq_epi8,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_testz_si256,
};

use crate::scan::marks::{BLOCK, Raw, Summary, index_with};

/// Marks `event`; `None` where this machine lacks the instructions.
#[inline]
pub(crate) fn index(event: &[u8], quotes: &mut [u64], tokens: &mut [u32]) -> Option<Summary> {
    let bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt");
    if !bits || !is_x86_feature_detected!("avx2") || !is_x86_feature_detected!("pclmulqdq") {
        return None;
    }
    #[expect(unsafe_code, reason = "the instructions that the function needs were found one line above")]
    // SAFETY: `index_wide` needs AVX2, BMI1, PCLMULQDQ and POPCNT and nothing else; all were found just now.
    Some(unsafe { index_wide(event, quotes, tokens) })
}

#[target_feature(enable = "avx2,bmi1,pclmulqdq,popcnt")]
fn index_wide(event: &[u8], quotes: &mut [u64], tokens: &mut [u32]) -> Summary {
    index_with(event, (quotes, tokens), |block| raw(block), |bits| parity(bits))
}

#[target_feature(enable = "avx2")]
#[inline]
fn raw(block: &[u8; BLOCK]) -> Raw {
    let [a, b, c, d, e, f, g, h] = words(block);
    let (first, second) = (_mm256_set_epi64x(d, c, b, a), _mm256_set_epi64x(h, g, f, e));
    // Backslashes are rare: where they are is asked only where there are any.
    let backslash = [equal(first, b'\\'), equal(second, b'\\')];
    let any = _mm256_or_si256(backslash[0], backslash[1]);
    Raw {
        quote: gather([equal(first, b'"'), equal(second, b'"')]),
        backslash: if _mm256_testz_si256(any, any) == 0 { gather(backslash) } else { 0 },
        token: gather([token(first), token(second)]),
        high: u64::from(_mm256_movemask_epi8(_mm256_or_si256(first, second)).cast_unsigned()),
    }
}

/// Colons and brackets.
#[target_feature(enable = "avx2")]
#[inline]
fn token(half: __m256i) -> __m256i {
    // Bit 0x20 is what tells `[` from `{` and `]` from `}`.
    let folded = _mm256_or_si256(half, _mm256_set1_epi8(0x20));
    let bracket = _mm256_or_si256(equal(folded, b'{'), equal(folded, b'}'));
    _mm256_or_si256(bracket, equal(half, b':'))
}

/// The block as eight little-endian words; the compiler makes two plain loads of it.
#[inline]
fn words(block: &[u8; BLOCK]) -> [i64; 8] {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<8>().0) {
        *word = i64::from_le_bytes(*bytes);
    }
    words
}

/// All ones in each byte that equals `byte`.
#[target_feature(enable = "avx2")]
#[inline]
fn equal(half: __m256i, byte: u8) -> __m256i {
    _mm256_cmpeq_epi8(half, _mm256_set1_epi8(byte.cast_signed()))
}

/// The high bit of each byte.
#[target_feature(enable = "avx2")]
#[inline]
fn gather(halves: [__m256i; 2]) -> u64 {
    let bits = halves.map(|half| u64::from(_mm256_movemask_epi8(half).cast_unsigned()));
    bits[0] | (bits[1] << 32)
}

/// Bit n is the exclusive or of bits 0 to n: a carry-less product with all ones.
#[target_feature(enable = "pclmulqdq")]
#[inline]
fn parity(bits: u64) -> u64 {
    let product = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(bits.cast_signed()), _mm_set1_epi8(-1));
    _mm_cvtsi128_si64(product).cast_unsigned()
}
