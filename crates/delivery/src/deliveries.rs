//! Rules' deliveries as debts: called by the target's kind, settled by [`Events`].

use std::time::Duration;

use aws::{Clock, Timestamp};
use aws_client::Access;
use events::{Attempt, DueDelivery, Events, MatchedEvent, Outcome, Retry, Settlement, Slots};
use http_client::Client;
use queue::Arrival;
use store::{Commit, Store};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::authorizer;
use crate::debts::{Debts, Label, Terms, Verdict};
use crate::judgement::CUT_OFF;
use crate::target::{self, CallOutcome, Outside};
use crate::tokens::Tokens;

/// What rules owe to their targets.
#[derive(Clone, Debug)]
pub struct Deliveries {
    events: Events,
    outside: Outside,
}

/// What came of an attempt.
#[derive(Debug)]
pub struct DeliveryOutcome {
    attempt: Attempt,
    /// The target is a bus of ours: the event is accepted there in the settlement's commit.
    forward: Option<ForwardedEvent>,
}

/// An event for a bus of ours, perhaps of another account or region.
#[derive(Debug)]
struct ForwardedEvent {
    events: Events,
    matched: MatchedEvent,
}

impl Deliveries {
    /// The deliveries of these buses; targets outside are called by `client`.
    pub fn new(events: Events, clock: Clock, client: Client) -> Self {
        let outside =
            Outside { tokens: Tokens::new(client.clone()), client, aws: Access::default(), now: clock.now };
        Self { events, outside }
    }

    /// The same, with credentials for targets that are real AWS resources.
    #[must_use]
    pub fn with_aws(mut self, access: Access) -> Self {
        self.outside.aws = access;
        self
    }

    /// Fetches the first token of each connection that needs one, until `closing` turns true.
    pub async fn authorize(self, closing: watch::Receiver<bool>) {
        authorizer::run(self.events, self.outside.tokens, self.outside.now, closing).await;
    }

    fn now(&self) -> Timestamp {
        (self.outside.now)()
    }
}

impl Debts for Deliveries {
    type Debt = DueDelivery;
    type Outcome = DeliveryOutcome;

    fn store(&self) -> &Store {
        self.events.store()
    }

    fn arrival(&self) -> Arrival {
        self.events.arrival()
    }

    fn next_due_at(&self) -> Option<Timestamp> {
        self.events.next_due_at()
    }

    fn lease(&self, commit: &mut Commit<'_>, slots: Slots) -> Vec<DueDelivery> {
        self.events.due(commit, slots)
    }

    fn lease_next(&self, commit: &mut Commit<'_>, payee: &str) -> Option<DueDelivery> {
        self.events.next_due_to(commit, &payee.parse().ok()?)
    }

    fn renew(&self, commit: &mut Commit<'_>, owed: &mut DueDelivery, spare: Duration) -> bool {
        let now = commit.now;
        let until = self.events.renew_lease(commit, owed, now, spare);
        owed.call_until = until.unwrap_or(owed.call_until);
        until.is_some()
    }

    fn terms(owed: &DueDelivery) -> Terms {
        Terms { payee: owed.target.arn.to_string(), call_time: owed.call_time, call_until: owed.call_until }
    }

    fn label(owed: &DueDelivery) -> Label {
        Label {
            delivery_id: owed.id.clone(),
            event_id: owed.event_id.clone(),
            rule_arn: owed.rule_arn.to_string(),
            target_arn: owed.target.arn.to_string(),
            attempt: owed.attempt,
        }
    }

    async fn call(&self, owed: &DueDelivery, time: Duration) -> DeliveryOutcome {
        let started = self.now();
        let carried = timeout(time, target::carry(&self.outside, &self.events, owed, started)).await;
        let carried = carried.unwrap_or_else(|_| {
            let message = format!("The target did not answer within {} ms.", time.as_millis());
            target::failed(CUT_OFF, message, Retry::ByPolicy)
        });
        let took = self.now().since(started);
        let (outcome, answer, forward) = match carried {
            CallOutcome::Ended { outcome, answer } => (outcome, answer, None),
            CallOutcome::Forward { events, matched } => {
                (Outcome::Delivered, None, Some(ForwardedEvent { events, matched }))
            }
        };
        DeliveryOutcome { attempt: Attempt { started, took, answer, outcome }, forward }
    }

    fn was_cut_off(attempted: &DeliveryOutcome) -> bool {
        matches!(&attempted.attempt.outcome, Outcome::Failed { code, .. } if code == CUT_OFF)
    }

    fn is_held(attempted: &DeliveryOutcome) -> Option<&str> {
        match &attempted.attempt.outcome {
            Outcome::Failed { message, retry: Retry::Held, .. } => Some(message),
            Outcome::Failed { .. } | Outcome::Delivered => None,
        }
    }

    fn settle(&self, commit: &mut Commit<'_>, owed: DueDelivery, attempted: DeliveryOutcome) -> Verdict {
        let DeliveryOutcome { attempt, forward } = attempted;
        let settlement = self.events.settle(commit, &owed, &attempt);
        // Settled by somebody else already: then it was also forwarded by them.
        if let (Some(ForwardedEvent { events, matched }), true) = (forward, settlement != Settlement::Gone) {
            let (now, ids) = (commit.now, commit.ids);
            commit.tx.in_scope(events.scope(), |tx| events.accept(&mut Commit::new(tx, now, ids), matched));
        }
        match settlement {
            Settlement::Lost { .. } => Verdict::Lost { reason: reason_of(attempt) },
            _ => Verdict::Settled,
        }
    }
}

fn reason_of(attempt: Attempt) -> String {
    match attempt.outcome {
        Outcome::Failed { message, .. } => message,
        Outcome::Delivered => String::new(),
    }
}
