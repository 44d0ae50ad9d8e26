//! Tasks of executions as debts: each is called once, and once more after a kill.

use std::time::Duration;

use aws::Timestamp;
use events::Slots;
use queue::Arrival;
use states::States;
use states::integration::start_request;
use states::task::{Answer, OwedTask};
use store::{Commit, Store};

use crate::debts::{Debts, Label, Terms, Verdict};
use crate::machines::caller::Caller;

/// Tasks leased in one commit.
const LEASED_AT_ONCE_MAX: usize = 200;

/// What Tasks ask for.
#[derive(Clone, Debug)]
pub struct Tasks {
    states: States,
    caller: Caller,
}

impl Tasks {
    /// What the Tasks of `states` ask of whom `caller` reaches.
    pub fn new(states: States, caller: Caller) -> Self {
        Self { states, caller }
    }
}

impl Debts for Tasks {
    type Debt = OwedTask;
    type Outcome = Answer;

    fn store(&self) -> &Store {
        self.states.store()
    }

    fn arrival(&self) -> Arrival {
        self.states.task_arrival()
    }

    fn next_due_at(&self) -> Option<Timestamp> {
        self.states.next_task_at()
    }

    fn lease(&self, commit: &mut Commit<'_>, mut slots: Slots) -> Vec<OwedTask> {
        let (now, mut left) = (commit.now, LEASED_AT_ONCE_MAX);
        self.states.due_tasks(commit, |payee| {
            let max = slots.available(payee, now).min(left);
            left -= max;
            (0..max).for_each(|_| slots.take(payee));
            max
        })
    }

    fn lease_next(&self, commit: &mut Commit<'_>, payee: &str) -> Option<OwedTask> {
        self.states.next_task_of(commit, payee)
    }

    fn renew(&self, commit: &mut Commit<'_>, owed: &mut OwedTask, _spare: Duration) -> bool {
        self.states.renew_task(commit, owed)
    }

    fn terms(owed: &OwedTask) -> Terms {
        Terms { payee: owed.payee.clone(), call_time: owed.call_time, call_until: owed.call_until }
    }

    fn label(owed: &OwedTask) -> Label {
        Label {
            delivery_id: owed.execution.to_string(),
            target_arn: owed.resource.arn().to_owned(),
            attempt: owed.attempt,
            ..Label::default()
        }
    }

    async fn call(&self, owed: &OwedTask, time: Duration) -> Answer {
        let Some(asker) = self.states.asker(owed) else { return Answer::Void };
        if let Some(request) = start_request(&owed.resource, &owed.input) {
            return Answer::Start(request);
        }
        match self.caller.call(&owed.resource, &owed.input, &asker, time).await {
            Ok(output) => Answer::Done(output),
            Err(error) => Answer::Failed(error),
        }
    }

    fn was_cut_off(_outcome: &Answer) -> bool {
        false
    }

    fn settle(&self, commit: &mut Commit<'_>, owed: OwedTask, answer: Answer) -> Verdict {
        self.states.settle_task(commit, &owed, answer);
        Verdict::Settled
    }
}
