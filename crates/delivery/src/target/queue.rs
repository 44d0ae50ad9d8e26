//! An SQS queue that is not in this store; one that is was paid when the event was accepted.

use events::Owed;

use crate::target::{Carried, hopeless};

pub(crate) fn carry(owed: &Owed) -> Carried {
    hopeless(format!(
        "The queue {} is in another account or region, and this Trunkline does not send to AWS yet.",
        owed.target.arn
    ))
}
