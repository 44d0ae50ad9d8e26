//! Stored values: a version, the value, a checksum over table, key and both.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sealing::{SEALED, SecretKey, hidden, opened, sealed};

/// A value that a table holds. Its bytes are postcard's unless a type writes its own.
///
/// The format of a version never changes once it has been released: a change of the type raises [`Record::VERSION`]
/// and teaches [`Record::decode`] the older ones.
pub trait Record: Sized {
    /// The version that `encode` writes.
    const VERSION: u8;
    /// Appends the value's bytes; `None` if it cannot be written.
    fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>>;
    /// Reads the bytes that some `version` wrote; `None` where they are none.
    fn decode(version: u8, bytes: &[u8]) -> Option<Self>;
    /// About how many bytes `encode` appends, where it is more than a little: so much room is made at once.
    fn size_hint(&self) -> usize {
        SEALED_BYTES_USUAL
    }
}

/// Implements [`Record`] through serde and postcard for a type that has had one version so far; `about` gives the
/// [`Record::size_hint`] of one that may be large.
#[macro_export]
macro_rules! record {
    ($type:ty, version $version:literal) => {
        impl $crate::Record for $type {
            const VERSION: u8 = $version;
            fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
                $crate::record::to_postcard(self, bytes)
            }
            fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
                (version == $version).then(|| $crate::record::from_postcard(bytes)).flatten()
            }
        }
    };
    ($type:ty, version $version:literal, about $size:expr) => {
        impl $crate::Record for $type {
            const VERSION: u8 = $version;
            fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
                $crate::record::to_postcard(self, bytes)
            }
            fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
                (version == $version).then(|| $crate::record::from_postcard(bytes)).flatten()
            }
            fn size_hint(&self) -> usize {
                let size: fn(&Self) -> usize = $size;
                size(self)
            }
        }
    };
}

/// Appends the postcard form of `value`.
pub fn to_postcard(value: &impl Serialize, bytes: Vec<u8>) -> Option<Vec<u8>> {
    postcard::to_extend(value, bytes).ok()
}

/// Reads a value's postcard form; `None` where bytes are missing, wrong or left over.
pub fn from_postcard<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        Ok(_) | Err(_) => None,
    }
}

record!(u64, version 1);
record!((), version 1);
record!(Vec<u8>, version 1);

/// Most values fit into so much at once; the others grow.
const SEALED_BYTES_USUAL: usize = 96;
/// Version and checksum.
const FRAME_BYTES: usize = 5;

/// Version, value, checksum.
pub(crate) fn seal<V: Record>(key: &[u8], value: &V) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(value.size_hint() + FRAME_BYTES);
    bytes.push(V::VERSION);
    let mut bytes = hidden(key, value.encode(bytes)?)?;
    let sum = checksum(key, &bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    Some(bytes)
}

/// The value, if the checksum holds and its version is known.
pub(crate) fn unseal<V: Record>(key: &[u8], bytes: &[u8]) -> Option<V> {
    let (version, value) = body(key, bytes)?.split_first()?;
    if version & SEALED != 0 {
        return V::decode(version & !SEALED, &opened(key, value)?);
    }
    V::decode(*version, value)
}

/// Whether the bytes are what was written under `key`, of whatever type.
pub(crate) fn intact(key: &[u8], bytes: &[u8]) -> bool {
    body(key, bytes).is_some()
}

/// The same value sealed with a key of secrets; `None` where it is damaged.
pub(crate) fn with_secret_key(key: &[u8], bytes: &[u8], secret: &SecretKey) -> Option<Vec<u8>> {
    let body = sealed(secret, key, body(key, bytes)?)?;
    Some([body.as_slice(), &checksum(key, &body).to_le_bytes()].concat())
}

/// The same version and value as it is stored under another key; `None` where it is damaged.
pub(crate) fn sealed_again(key: &[u8], bytes: &[u8], under: &[u8]) -> Option<Vec<u8>> {
    let body = body(key, bytes)?;
    Some([body, &checksum(under, body).to_le_bytes()].concat())
}

/// Version and value, if the checksum holds.
fn body<'b>(key: &[u8], bytes: &'b [u8]) -> Option<&'b [u8]> {
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    (u32::from_le_bytes(*sum) == checksum(key, body)).then_some(body)
}

/// Covers the key too: a value that turns up under another key is damage as well.
fn checksum(key: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{seal, unseal};

    proptest! {
        #[test]
        fn every_flipped_bit_is_found(value: u64, at in 0usize..64, bit in 0u8..8) {
            let sealed = seal(b"key", &value).unwrap();
            assert_eq!(unseal::<u64>(b"key", &sealed), Some(value));
            assert_eq!(unseal::<u64>(b"kez", &sealed), None);
            let mut damaged = sealed.clone();
            let at = at % damaged.len();
            damaged[at] ^= 1 << bit;
            assert_eq!(unseal::<u64>(b"key", &damaged), None);
            assert_eq!(unseal::<u64>(b"key", &sealed[..at]), None);
        }
    }
}
