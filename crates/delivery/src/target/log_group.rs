//! A log group that is not in this store; one that is was paid when the event was accepted.

use events::Owed;

use crate::target::{Carried, hopeless};

pub(crate) fn carry(owed: &Owed) -> Carried {
    hopeless(format!(
        "The log group {} is in another account or region; EventBridge delivers to log groups of its own only.",
        owed.target.arn
    ))
}
