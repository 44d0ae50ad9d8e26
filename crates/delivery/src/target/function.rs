//! A Lambda function. Functions are not served yet, so each delivery fails, with the reason.

use events::Owed;

use crate::target::{Carried, hopeless};

pub(crate) fn carry(owed: &Owed) -> Carried {
    hopeless(format!(
        "The function {} cannot be invoked: this Trunkline does not serve Lambda functions yet.",
        owed.target.arn
    ))
}
