//! What an operation is given beside its request: the moment, a source of identifiers, account and region.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::time::Timestamp;
use crate::uuid::Uuid;

/// The circumstances of one request. The door makes one for each request; tests make their own.
#[derive(Debug)]
pub struct Call {
    /// When the request arrived.
    pub now: Timestamp,
    /// Twelve digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
    /// The answer's `x-amzn-RequestId`.
    pub request_id: String,
    /// `http://host:port`, as the caller addressed the door; queue URLs begin with it.
    pub base_url: String,
    /// Where this request's identifiers come from.
    pub ids: Ids,
    /// The bytes of the request's body where they are one member of it ([`crate::rest::RequestBody::Blob`]); else empty.
    pub payload: Vec<u8>,
}

/// Identifiers that are unique given a unique seed: a counter pushed through a mixing function, so that no room
/// below the door needs a random source and a test can repeat itself to the byte.
#[derive(Debug)]
pub struct Ids {
    high: u64,
    low: AtomicU64,
}

impl Ids {
    /// A source that starts from `seed`; two sources with one seed give the same identifiers.
    pub fn from_seed(seed: u128) -> Self {
        let bytes = seed.to_be_bytes();
        let (high, low) = bytes.split_at(8);
        Self { high: mix(be_u64(high)), low: AtomicU64::new(be_u64(low)) }
    }

    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        // The golden ratio as step is what SplitMix64 uses: it visits every 64-bit state once before it repeats.
        let state = self.low.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        mix(state.wrapping_add(self.high)) ^ self.high.rotate_left(17)
    }

    /// The next identifier in the form of a version 4 UUID, lower case with hyphens.
    pub fn next_uuid(&self) -> String {
        Uuid::v4(self.next_u128()).to_string()
    }

    /// The next 128 bits.
    pub fn next_u128(&self) -> u128 {
        let high = u128::from(self.next_u64()) << 64;
        high | u128::from(self.next_u64())
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn be_u64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Ids;

    #[test]
    fn uuids_have_their_form_and_do_not_repeat() {
        let ids = Ids::from_seed(7);
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let id = ids.next_uuid();
            assert_eq!(id.len(), 36);
            assert_eq!(id.as_bytes()[14], b'4');
            assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
            assert!(seen.insert(id));
        }
    }

    #[test]
    fn one_seed_one_sequence() {
        assert_eq!(Ids::from_seed(42).next_uuid(), Ids::from_seed(42).next_uuid());
        assert_ne!(Ids::from_seed(42).next_uuid(), Ids::from_seed(43).next_uuid());
        assert_ne!(Ids::from_seed(42).next_uuid(), Ids::from_seed(42 << 64).next_uuid());
    }
}
