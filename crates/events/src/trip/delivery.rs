//! A delivery as it waits: what is said of it, and the event, in the body of one message.

use aws::{Arn, Timestamp};
use serde::{Deserialize, Serialize};

use crate::buses::bus::BusName;
use crate::target::Target;

/// The kind of internal queue that deliveries wait in; `delivery:<target arn>` is the name of one.
pub const DELIVERIES: &str = "delivery";
/// What a delivery carries beside its event: enough to be made, tried and given up whatever becomes of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) bus: BusName,
    pub(crate) event_id: String,
    /// Where the event's record is on its bus.
    pub(crate) position: u64,
    pub(crate) accepted: Timestamp,
    pub(crate) trace_header: Option<String>,
    pub(crate) rule_arn: Arn,
    pub(crate) target: Target,
}

impl Delivery {
    /// The body of its message: one line about it, then the event as it is.
    pub(crate) fn write(&self, event: &str) -> String {
        // There are only texts and numbers in it, which can always be written.
        let mut body = serde_json::to_string(self).unwrap_or_default();
        body.reserve(event.len() + 1);
        body.push('\n');
        body.push_str(event);
        body
    }

    /// The delivery and its event; `None` where the body is none of ours.
    pub(crate) fn read(body: &str) -> Option<(Self, &str)> {
        let (line, event) = body.split_once('\n')?;
        Some((serde_json::from_str(line).ok()?, event))
    }
}
