//! A receipt handle: which receive of which message it settles.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::engine::record::QueueId;

/// Settles one receive of one message; no longer valid once the message was received again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Handle {
    /// Where it was received.
    pub queue: QueueId,
    pub(crate) sequence: u64,
    /// The end of the lease when the handle was given.
    pub(crate) at_ms: u64,
    pub(crate) receive: u32,
}

/// A text that is no handle of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidHandle;

/// Tells our handles from other base64.
const MARK: [u8; 4] = *b"TRK\x01";

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [self.queue.0, self.sequence, self.at_ms].map(u64::to_be_bytes).concat();
        let bytes = [&MARK, numbers.as_slice(), &self.receive.to_be_bytes()].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Handle {
    type Err = InvalidHandle;

    fn from_str(text: &str) -> Result<Self, InvalidHandle> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidHandle)?;
        let rest = bytes.strip_prefix(&MARK).ok_or(InvalidHandle)?;
        let (queue, rest) = rest.split_first_chunk().ok_or(InvalidHandle)?;
        let (sequence, rest) = rest.split_first_chunk().ok_or(InvalidHandle)?;
        let (at_ms, rest) = rest.split_first_chunk().ok_or(InvalidHandle)?;
        let receive = rest.try_into().map_err(|_| InvalidHandle)?;
        Ok(Self {
            queue: QueueId(u64::from_be_bytes(*queue)),
            sequence: u64::from_be_bytes(*sequence),
            at_ms: u64::from_be_bytes(*at_ms),
            receive: u32::from_be_bytes(receive),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Handle, InvalidHandle, QueueId};

    #[test]
    fn there_and_back() {
        let handle = Handle { queue: QueueId(7), sequence: u64::MAX, at_ms: 1_773_957_888_128, receive: 3 };
        assert_eq!(handle.to_string().parse(), Ok(handle));
        for text in ["", "AQEB", "not a handle", &format!("{handle}A")] {
            assert_eq!(text.parse::<Handle>(), Err(InvalidHandle), "{text}");
        }
    }
}
