//! A log group that is not in this store; one that is was paid when the event was accepted.

use std::future::ready;

use events::target::log_group;

use crate::target::{CallOutcome, Caller, Parcel, hopeless};

/// Log groups.
pub(super) static CALLER: Caller =
    Caller { kind: &log_group::KIND, carry: |_outside, parcel| Box::pin(ready(carry(parcel))) };

fn carry(Parcel { events, owed, .. }: Parcel<'_>) -> CallOutcome {
    if events.is_here(&owed.target.arn) {
        return hopeless(format!("The log group {} is not served by this Trunkline.", owed.target.arn));
    }
    hopeless(format!(
        "The log group {} is in another account or region; EventBridge delivers to log groups of its own only.",
        owed.target.arn
    ))
}
