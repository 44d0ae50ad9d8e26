//! Marks with the machine's wide registers and carry-less multiplication, 64 bytes at a time with AVX-512 or twice 32 with
//! AVX2: in about a twelfth or an eighth of the time of the portable way.
//!
//! The one place of this crate with `unsafe`, and the argument why it is sound: everything here is safe code on values
//! (no pointer is read), but the compiler asks for `unsafe` where a function that needs certain instructions is called
//! from one that does not. Each call stands behind the check that this machine has them.

use std::arch::x86_64::{
    __m256i, __m512i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8,
    _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x,
    _mm256_set1_epi8, _mm256_testz_si256, _mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask,
    _mm512_movepi8_mask, _mm512_or_si512, _mm512_set_epi64, _mm512_set1_epi8,
};

use crate::scan::marks::{BLOCK, Raw, Summary, index_with};

/// Marks `event`; `None` where this machine lacks the instructions.
#[inline]
pub(crate) fn index(event: &[u8], quotes: &mut [u64], tokens: &mut [u32]) -> Option<Summary> {
    let bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt");
    if !bits || !is_x86_feature_detected!("avx2") || !is_x86_feature_detected!("pclmulqdq") {
        return None;
    }
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
        #[expect(unsafe_code, reason = "the instructions that the function needs were found just above")]
        // SAFETY: `index_512` needs AVX-512 F and BW, BMI1, PCLMULQDQ and POPCNT and nothing else; all were found just now.
        return Some(unsafe { index_512(event, quotes, tokens) });
    }
    #[expect(unsafe_code, reason = "the instructions that the function needs were found just above")]
    // SAFETY: `index_256` needs AVX2, BMI1, PCLMULQDQ and POPCNT and nothing else; all were found just now.
    Some(unsafe { index_256(event, quotes, tokens) })
}

#[target_feature(enable = "avx512f,avx512bw,bmi1,pclmulqdq,popcnt")]
fn index_512(event: &[u8], quotes: &mut [u64], tokens: &mut [u32]) -> Summary {
    index_with(event, (quotes, tokens), |block| raw_512(block), |bits| parity(bits))
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn raw_512(block: &[u8; BLOCK]) -> Raw {
    let [a, b, c, d, e, f, g, h] = words(block);
    let bytes = _mm512_set_epi64(h, g, f, e, d, c, b, a);
    // Bit 0x20 is what tells `[` from `{` and `]` from `}`.
    let folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    Raw {
        quote: equal_512(bytes, b'"'),
        backslash: equal_512(bytes, b'\\'),
        token: equal_512(folded, b'{') | equal_512(folded, b'}') | equal_512(bytes, b':'),
        high: _mm512_movepi8_mask(bytes),
        control: _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
    }
}

/// A bit for each byte that equals `byte`.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn equal_512(bytes: __m512i, byte: u8) -> u64 {
    _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()))
}

#[target_feature(enable = "avx2,bmi1,pclmulqdq,popcnt")]
fn index_256(event: &[u8], quotes: &mut [u64], tokens: &mut [u32]) -> Summary {
    index_with(event, (quotes, tokens), |block| raw_256(block), |bits| parity(bits))
}

#[target_feature(enable = "avx2")]
#[inline]
fn raw_256(block: &[u8; BLOCK]) -> Raw {
    let [a, b, c, d, e, f, g, h] = words(block);
    let (first, second) = (_mm256_set_epi64x(d, c, b, a), _mm256_set_epi64x(h, g, f, e));
    // Backslashes are rare: where they are is asked only where there are any.
    let backslash = [equal(first, b'\\'), equal(second, b'\\')];
    let any = _mm256_or_si256(backslash[0], backslash[1]);
    let least = _mm256_min_epu8(first, second);
    let control = equal_each(_mm256_min_epu8(least, _mm256_set1_epi8(0x1f)), least);
    Raw {
        quote: gather([equal(first, b'"'), equal(second, b'"')]),
        backslash: if _mm256_testz_si256(any, any) == 0 { gather(backslash) } else { 0 },
        token: gather([token(first), token(second)]),
        high: u64::from(_mm256_movemask_epi8(_mm256_or_si256(first, second)).cast_unsigned()),
        control: u64::from(_mm256_movemask_epi8(control).cast_unsigned()),
    }
}

/// Colons and brackets.
#[target_feature(enable = "avx2")]
#[inline]
fn token(half: __m256i) -> __m256i {
    // Bit 0x20 as above.
    let folded = _mm256_or_si256(half, _mm256_set1_epi8(0x20));
    let bracket = _mm256_or_si256(equal(folded, b'{'), equal(folded, b'}'));
    _mm256_or_si256(bracket, equal(half, b':'))
}

/// All ones in each byte that equals `byte`.
#[target_feature(enable = "avx2")]
#[inline]
fn equal(half: __m256i, byte: u8) -> __m256i {
    equal_each(half, _mm256_set1_epi8(byte.cast_signed()))
}

#[target_feature(enable = "avx2")]
#[inline]
fn equal_each(half: __m256i, other: __m256i) -> __m256i {
    _mm256_cmpeq_epi8(half, other)
}

/// The high bit of each byte.
#[target_feature(enable = "avx2")]
#[inline]
fn gather(halves: [__m256i; 2]) -> u64 {
    let bits = halves.map(|half| u64::from(_mm256_movemask_epi8(half).cast_unsigned()));
    bits[0] | (bits[1] << 32)
}

/// The block as eight little-endian words; the compiler makes plain loads of it.
#[inline]
fn words(block: &[u8; BLOCK]) -> [i64; 8] {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<8>().0) {
        *word = i64::from_le_bytes(*bytes);
    }
    words
}

/// Bit n is the exclusive or of bits 0 to n: a carry-less product with all ones.
#[target_feature(enable = "pclmulqdq")]
#[inline]
fn parity(bits: u64) -> u64 {
    let product = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(bits.cast_signed()), _mm_set1_epi8(-1));
    _mm_cvtsi128_si64(product).cast_unsigned()
}
