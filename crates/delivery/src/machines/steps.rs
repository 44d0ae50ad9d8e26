//! Steps of executions as debts: computed on a thread that may take its time, kept in one commit.

use std::time::Duration;

use aws::{Clock, Timestamp};
use events::Slots;
use queue::Arrival;
use states::States;
use states::owed::{STEP_TIME, Step};
use states::progress::Computed;
use store::{Commit, Store};
use tokio::time::timeout;

use crate::debts::{Debts, Label, Terms, Verdict};
use crate::machines::computing::compute;

/// Whose slots steps take.
const PAYEE: &str = "steps";
/// Steps leased in one commit.
const LEASED_AT_ONCE_MAX: usize = 200;

/// What executions are owed.
#[derive(Clone, Debug)]
pub struct Steps {
    states: States,
    clock: Clock,
}

impl Steps {
    /// What the executions of `states` are owed.
    pub fn new(states: States, clock: Clock) -> Self {
        Self { states, clock }
    }
}

impl Debts for Steps {
    type Debt = Step;
    type Outcome = Result<Option<Computed>, String>;

    fn store(&self) -> &Store {
        self.states.store()
    }

    fn arrival(&self) -> Arrival {
        self.states.step_arrival()
    }

    fn next_due_at(&self) -> Option<Timestamp> {
        self.states.next_step_at()
    }

    fn lease(&self, commit: &mut Commit<'_>, slots: Slots) -> Vec<Step> {
        let max = slots.available(PAYEE, commit.now).min(LEASED_AT_ONCE_MAX);
        self.states.due_steps(commit, max)
    }

    fn lease_next(&self, commit: &mut Commit<'_>, _payee: &str) -> Option<Step> {
        self.states.due_steps(commit, 1).pop()
    }

    fn renew(&self, commit: &mut Commit<'_>, step: &mut Step, _spare: Duration) -> bool {
        self.states.renew_step(commit, step)
    }

    fn terms(step: &Step) -> Terms {
        Terms { payee: PAYEE.to_owned(), call_time: STEP_TIME, call_until: step.until }
    }

    fn label(step: &Step) -> Label {
        Label {
            delivery_id: step.execution().to_string(),
            target_arn: "a step of an execution".to_owned(),
            attempt: step.attempt,
            ..Label::default()
        }
    }

    async fn call(&self, step: &Step, time: Duration) -> Self::Outcome {
        let (states, step) = (self.states.clone(), step.clone());
        let (now, seed) = ((self.clock.now)(), (self.clock.ids)().next_u64());
        // Expressions are strangers' code, bounded by steps: they must not hold up a thread that others need.
        match timeout(time, compute(move || states.compute(&step, now, seed))).await {
            Ok(computed) => computed.and_then(|computed| computed),
            Err(_) => Err("the computation took too long".to_owned()),
        }
    }

    fn was_cut_off(_outcome: &Self::Outcome) -> bool {
        false
    }

    fn settle(&self, commit: &mut Commit<'_>, step: Step, outcome: Self::Outcome) -> Verdict {
        if let Err(error) = &outcome {
            tracing::warn!(
                error,
                execution = step.execution(),
                "a step could not be computed and is tried again"
            );
        }
        self.states.settle_step(commit, &step, outcome);
        Verdict::Settled
    }
}
