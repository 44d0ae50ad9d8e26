//! How this room keeps what holds JSON: as JSON text, because the compact form cannot hold a value of any type.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Appends the JSON text.
pub(crate) fn to_json(value: &impl Serialize, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    serde_json::to_writer(&mut bytes, value).ok()?;
    Some(bytes)
}

/// Reads the JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

/// Implements [`store::Record`] through JSON.
macro_rules! json_record {
    ($type:ty, version $version:literal) => {
        impl store::Record for $type {
            const VERSION: u8 = $version;
            fn encode(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
                crate::record::to_json(self, bytes)
            }
            fn decode(version: u8, bytes: &[u8]) -> Option<Self> {
                (version == $version).then(|| crate::record::from_json(bytes)).flatten()
            }
        }
    };
}

pub(crate) use json_record;
