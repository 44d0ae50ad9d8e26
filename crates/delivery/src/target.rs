//! The kinds of target, one file each.

mod api_destination;
mod aws_api;
mod bus;
mod function;
mod log_group;
mod queue;
mod state_machine;

use std::sync::Arc;

use aws::Timestamp;
use events::{Events, MatchedEvent, Outcome, Owed, Retry, TargetKind, TargetResponse};
use http_client::Client;

use crate::aws_access::AwsAccess;
use crate::tokens::Tokens;

/// The code of a call that was cut off: the user guide's ("Using dead-letter queues to process undelivered events").
pub(crate) const CUT_OFF: &str = "TIMEOUT";

/// What came of calling a target.
#[derive(Debug)]
pub(crate) enum Carried {
    /// The attempt ended.
    Ended {
        /// What it means.
        outcome: Outcome,
        /// What the target answered, where it has answers: status and first bytes ([`TargetResponse::new`]).
        answer: Option<TargetResponse>,
    },
    /// The target is a bus of ours: accepting the event there is part of the settlement's commit.
    Forward(MatchedEvent),
}

/// How targets outside are reached.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) client: Client,
    pub(crate) tokens: Tokens,
    pub(crate) aws: Arc<AwsAccess>,
    pub(crate) now: fn() -> Timestamp,
}

/// Calls the target of a delivery once.
pub(crate) async fn carry(outside: &Outside, events: &Events, owed: &Owed, now: Timestamp) -> Carried {
    match &owed.kind {
        TargetKind::ApiDestination => api_destination::carry(outside, events, owed).await,
        TargetKind::Bus(_) => bus::carry(events, owed, now),
        TargetKind::Function => function::carry(outside, events, owed).await,
        TargetKind::Queue => queue::carry(outside, owed).await,
        TargetKind::StateMachine => state_machine::carry(outside, events, owed).await,
        TargetKind::LogGroup => log_group::carry(owed),
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
