//! The kinds of target, one file each.

mod bus;
mod function;
mod queue;

use aws::Timestamp;
use events::{Events, Matched, Outcome, Owed, TargetKind};

/// What came of calling a target.
#[derive(Debug)]
pub(crate) enum Carried {
    /// The attempt ended.
    Ended(Outcome),
    /// The target is a bus of ours: accepting the event there is part of the settlement's commit.
    Forward(Matched),
}

/// Calls the target of a delivery once.
pub(crate) async fn carry(events: &Events, owed: &Owed, now: Timestamp) -> Carried {
    match &owed.kind {
        TargetKind::Bus(_) => bus::carry(events, owed, now),
        TargetKind::Function => function::carry(owed),
        TargetKind::Queue => queue::carry(owed),
    }
}

/// A failure that trying again cannot mend: it goes to the dead-letter queue at once.
pub(crate) fn hopeless(message: String) -> Carried {
    // The user guide's code for a target that does not exist ("Using dead-letter queues to process undelivered events").
    Carried::Ended(Outcome::Failed { code: "NO_RESOURCE".to_owned(), message, retryable: false })
}
