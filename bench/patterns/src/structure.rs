//! The limit to measure against: a plain structural scan of the same bytes, that is one mask each of quotes, colons,
//! commas and brackets outside strings for every 64 bytes, and nothing made of it.

/// A figure that depends on every mask, so that none can be left out.
pub fn scan(event: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq") {
        // SAFETY: the instructions were found one line above.
        return unsafe { wide(event) };
    }
    event.iter().map(|b| u64::from(matches!(b, b'"' | b':' | b',' | b'{' | b'}' | b'[' | b']'))).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,pclmulqdq")]
fn wide(event: &[u8]) -> u64 {
    use std::arch::x86_64::{
        _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_set1_epi8, _mm256_cmpeq_epi8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8,
    };
    let (mut sum, mut inside) = (0u64, 0u64);
    for block in event.as_chunks::<64>().0 {
        let mut words = [0i64; 8];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<8>().0) {
            *word = i64::from_le_bytes(*bytes);
        }
        let halves = [
            _mm256_set_epi64x(words[3], words[2], words[1], words[0]),
            _mm256_set_epi64x(words[7], words[6], words[5], words[4]),
        ];
        let equal = |halves: [_; 2], byte: u8| {
            let wanted = _mm256_set1_epi8(byte as i8);
            let bits = halves.map(|h| _mm256_movemask_epi8(_mm256_cmpeq_epi8(h, wanted)) as u32 as u64);
            bits[0] | bits[1] << 32
        };
        let folded = halves.map(|h| _mm256_or_si256(h, _mm256_set1_epi8(0x20)));
        let quotes = equal(halves, b'"');
        let parity = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(quotes as i64), _mm_set1_epi8(-1));
        let strings = _mm_cvtsi128_si64(parity) as u64 ^ inside;
        inside = 0u64.wrapping_sub(strings >> 63);
        let structure = equal(halves, b':') | equal(halves, b',') | equal(folded, b'{') | equal(folded, b'}');
        sum = sum.rotate_left(1) ^ (structure & !strings) ^ quotes;
    }
    sum
}
