//! The kinds of target: a file each, and a line each in [`CALLERS`].

mod api_destination;
mod aws_api;
mod event_bus;
mod function;
mod log_group;
mod queue;
mod state_machine;

use std::pin::Pin;

use aws::Timestamp;
use aws_client::Access;
use events::{DueDelivery, Events, MatchedEvent, Outcome, Retry, TargetKind, TargetResponse};
use http_client::Client;

use crate::tokens::Tokens;

/// What came of calling a target.
#[derive(Debug)]
pub(crate) enum CallOutcome {
    /// The attempt ended.
    Ended {
        /// What it means.
        outcome: Outcome,
        /// What the target answered, where it has answers: status and first bytes ([`TargetResponse::new`]).
        answer: Option<TargetResponse>,
    },
    /// The target is a bus of ours: accepting the event there is part of the settlement's commit.
    Forward {
        /// The buses of the target's account and region.
        events: Events,
        /// The event, matched there.
        matched: MatchedEvent,
    },
}

/// How targets outside are reached.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) client: Client,
    pub(crate) tokens: Tokens,
    pub(crate) aws: Access,
    pub(crate) now: fn() -> Timestamp,
}

/// How targets of a kind are called.
struct Caller {
    kind: &'static TargetKind,
    carry: for<'c> fn(&'c Outside, Parcel<'c>) -> Calling<'c>,
}

/// A call under way.
type Calling<'c> = Pin<Box<dyn Future<Output = CallOutcome> + Send + 'c>>;

/// A delivery that is carried now.
#[derive(Clone, Copy)]
struct Parcel<'p> {
    events: &'p Events,
    owed: &'p DueDelivery,
    now: Timestamp,
}

/// A carrier for each of [`events::KINDS`].
static CALLERS: [&Caller; 6] = [
    &queue::CALLER,
    &log_group::CALLER,
    &function::CALLER,
    &state_machine::CALLER,
    &event_bus::CALLER,
    &api_destination::CALLER,
];

/// Calls the target of a delivery once.
pub(crate) async fn carry(
    outside: &Outside,
    events: &Events,
    owed: &DueDelivery,
    now: Timestamp,
) -> CallOutcome {
    match CALLERS.into_iter().find(|carrier| carrier.kind == owed.kind) {
        Some(carrier) => (carrier.carry)(outside, Parcel { events, owed, now }).await,
        None => hopeless(format!("{} is of a kind that the porter cannot call.", owed.target.arn)),
    }
}

/// A failure that trying again cannot mend: it goes to the dead-letter queue at once.
pub(crate) fn hopeless(message: String) -> CallOutcome {
    // The user guide's code for a target that does not exist ("Using dead-letter queues to process undelivered events").
    failed("NO_RESOURCE", message, Retry::Never)
}

/// A failure without an answer.
pub(crate) fn failed(code: &str, message: String, retry: Retry) -> CallOutcome {
    CallOutcome::Ended { outcome: Outcome::Failed { code: code.to_owned(), message, retry }, answer: None }
}

#[cfg(test)]
mod tests {
    use events::KINDS;

    use super::CALLERS;

    #[test]
    fn every_kind_has_its_carrier() {
        let carried: Vec<_> = CALLERS.into_iter().map(|carrier| carrier.kind).collect();
        assert_eq!(carried, KINDS);
    }
}
