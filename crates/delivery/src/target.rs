//! The kinds of target, one file each.

mod bus;
mod function;
mod queue;

use aws::Timestamp;
use events::{Answer, Events, Matched, Outcome, Owed, Retry, TargetKind};

/// What came of calling a target.
#[derive(Debug)]
pub(crate) enum Carried {
    /// The attempt ended.
    Ended {
        /// What it means.
        outcome: Outcome,
        /// What the target answered, where it has answers: status and first bytes ([`Answer::new`]).
        answer: Option<Answer>,
    },
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
    failed("NO_RESOURCE", message, Retry::Never)
}

/// A failure without an answer.
pub(crate) fn failed(code: &str, message: String, retry: Retry) -> Carried {
    Carried::Ended { outcome: Outcome::Failed { code: code.to_owned(), message, retry }, answer: None }
}
