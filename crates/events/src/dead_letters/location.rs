//! Where a message waits that a dead letter or an event became.

use aws::Timestamp;
use queue::{QueueId, SendReceipt};
use serde::{Deserialize, Serialize};

/// Where a message waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLocation {
    pub(crate) queue: QueueId,
    pub(crate) at: Timestamp,
    pub(crate) sequence: u64,
}

impl MessageLocation {
    /// The location of a message that has just been sent.
    pub fn of(queue: QueueId, sent: &SendReceipt) -> Self {
        Self { queue, at: sent.at, sequence: sent.sequence }
    }
}
