//! Express executions: run in memory from their start to their end.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use asl::mock_config::MockedCase;
use asl::step::TaskCall;
use asl::walk::Outside as _;
use asl::{About, Event, Execution, HistoryEvent, Machine, Status, TaskError, What};
use aws::{Clock, Timestamp};
use events::Slots;
use queue::Arrival;
use serde_json::Value;
use states::States;
use states::express::{EXPRESS_TIME, ExpressRun, OwedExpress};
use states::integration::{Asker, start_request};
use store::{Commit, Store};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::debts::{Debts, Label, Terms, Verdict};
use crate::machines::caller::Caller;
use crate::machines::computing::compute;

/// Whose slots they take.
const PAYEE: &str = "express";
/// Executions leased in one commit.
const LEASED_AT_ONCE_MAX: usize = 200;

/// Runs the Express executions of one account and region.
#[derive(Clone, Debug)]
pub struct Runs {
    pub(crate) states: States,
    caller: Caller,
    clock: Clock,
}

/// One that has ended.
#[derive(Debug)]
pub struct ExpressResult {
    /// What became of it.
    pub execution: Execution,
    /// What happened in it.
    pub history: Vec<HistoryEvent>,
}

/// One under way.
struct Run {
    machine: Arc<Machine>,
    ended: ExpressResult,
    pending: VecDeque<What>,
    timers: BinaryHeap<Reverse<(u64, u64)>>,
    calls: JoinSet<What>,
    /// The test case that answers its Tasks.
    mocks: Option<MockedCase>,
    deadline_ms: u64,
}

impl Runs {
    /// Those of `states`, their Tasks called by `caller`.
    pub fn new(states: States, caller: Caller, clock: Clock) -> Self {
        Self { states, caller, clock }
    }

    /// Runs an execution to its end. Dropped, it and what it has called end.
    ///
    /// # Errors
    /// Where its definition is gone, or a thread has ended badly.
    pub async fn run(&self, asked: &ExpressRun) -> Result<ExpressResult, String> {
        let (machine, about) = self.states.express_machine(asked).map_err(|error| error.message)?;
        let deadline_ms = (self.clock.now)().plus(EXPRESS_TIME).unix_ms();
        let mut run = Run {
            machine,
            ended: ExpressResult { execution: Execution::new(about), history: Vec::new() },
            pending: VecDeque::from([What::Start]),
            timers: BinaryHeap::new(),
            calls: JoinSet::new(),
            mocks: self.states.mocked_case(asked),
            deadline_ms,
        };
        while run.ended.execution.status == Status::Running {
            match run.pending.pop_front() {
                Some(what) => self.step(&mut run, what).await?,
                None => {
                    if !self.wait(&mut run).await {
                        break;
                    }
                }
            }
        }
        Ok(run.ended)
    }

    async fn step(&self, run: &mut Run, what: What) -> Result<(), String> {
        let (now, seed) = ((self.clock.now)(), (self.clock.ids)().next_u64());
        let machine = Arc::clone(&run.machine);
        let mut execution = std::mem::replace(&mut run.ended.execution, Execution::new(About::default()));
        let stepped = compute(move || {
            let effects = asl::step(&machine, &mut execution, Event { now_ms: now.unix_ms(), seed, what });
            (execution, effects)
        });
        let (execution, effects) = stepped.await?;
        run.ended.execution = execution;
        run.ended.history.extend(effects.history);
        run.timers.extend(effects.timers.iter().map(|timer| Reverse((timer.at_ms, timer.timer))));
        if effects.unfinished {
            run.pending.push_back(What::Continue);
        }
        for call in effects.tasks {
            self.ask(run, call);
        }
        for order in effects.map_runs {
            let cause = "An Express execution has no distributed Map.".to_owned();
            let outcome = Err(TaskError { error: Some("States.Runtime".to_owned()), cause: Some(cause) });
            run.pending.push_back(What::MapRunEnded { map_run: order.map_run, outcome });
        }
        Ok(())
    }

    fn ask(&self, run: &mut Run, call: TaskCall) {
        let mocked = run.mocks.as_mut().map(|mocks| mocks.task(&call)).unwrap_or_default();
        if !mocked.is_empty() {
            run.pending.extend(mocked);
            return;
        }
        let about = &run.ended.execution.about;
        let asker =
            Asker { execution_arn: about.execution_arn.clone(), machine_arn: about.machine_arn.clone() };
        let this = self.clone();
        run.calls.spawn(async move {
            let task = call.task;
            match this.task(&call, &asker).await {
                Ok(output) => What::TaskSucceeded { task, output },
                Err(TaskError { error, cause }) => What::TaskFailed { task, error, cause },
            }
        });
    }

    /// Calls what a Task asks for, for whoever waits in memory.
    pub(crate) async fn task(&self, call: &TaskCall, asker: &Asker) -> Result<Value, TaskError> {
        match start_request(&call.resource, &call.input) {
            None => self.caller.call(&call.resource, &call.input, asker, EXPRESS_TIME).await,
            Some(request) => self.caller.start_execution(&call.resource, request).await,
        }
    }

    /// The room that they are of.
    pub const fn states(&self) -> &States {
        &self.states
    }

    /// Who calls what their Tasks ask for.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Waits for a call or a timer; `false` where there is none.
    async fn wait(&self, run: &mut Run) -> bool {
        let now = (self.clock.now)();
        let next = run.timers.peek().map(|Reverse((at_ms, _))| *at_ms);
        let until = Timestamp::from_unix_ms(next.unwrap_or(u64::MAX).min(run.deadline_ms));
        let has_calls = !run.calls.is_empty();
        tokio::select! {
            Some(answer) = run.calls.join_next(), if has_calls => {
                run.pending.extend(answer.ok());
            }
            () = sleep(until.since(now)) => {
                let now_ms = (self.clock.now)().unix_ms();
                if now_ms >= run.deadline_ms {
                    time_out(run, now_ms);
                    return false;
                }
                while run.timers.peek().is_some_and(|Reverse((at_ms, _))| *at_ms <= now_ms) {
                    let timer = run.timers.pop().map(|Reverse((_, timer))| What::Timer { timer });
                    run.pending.extend(timer);
                }
            }
        }
        true
    }
}

/// Ends what took longer than an Express execution may.
fn time_out(run: &mut Run, now_ms: u64) {
    let execution = &mut run.ended.execution;
    execution.status = Status::TimedOut;
    execution.error = Some("States.Timeout".to_owned());
    execution.last_event_id += 1;
    run.ended.history.push(HistoryEvent {
        id: execution.last_event_id,
        previous_event_id: execution.last_event_id - 1,
        timestamp_ms: now_ms,
        kind: "ExecutionTimedOut".to_owned(),
        details: None,
    });
}

impl Debts for Runs {
    type Debt = OwedExpress;
    type Outcome = Result<ExpressResult, String>;

    fn store(&self) -> &Store {
        self.states.store()
    }

    fn arrival(&self) -> Arrival {
        self.states.express_arrival()
    }

    fn next_due_at(&self) -> Option<Timestamp> {
        self.states.next_express_at()
    }

    fn lease(&self, commit: &mut Commit<'_>, slots: Slots) -> Vec<OwedExpress> {
        let max = slots.available(PAYEE, commit.now).min(LEASED_AT_ONCE_MAX);
        self.states.due_express(commit, max)
    }

    fn lease_next(&self, commit: &mut Commit<'_>, _payee: &str) -> Option<OwedExpress> {
        self.states.due_express(commit, 1).pop()
    }

    fn renew(&self, commit: &mut Commit<'_>, owed: &mut OwedExpress, _spare: Duration) -> bool {
        self.states.renew_express(commit, owed)
    }

    fn terms(owed: &OwedExpress) -> Terms {
        Terms { payee: PAYEE.to_owned(), call_time: EXPRESS_TIME, call_until: owed.until }
    }

    fn label(owed: &OwedExpress) -> Label {
        Label { target_arn: owed.run.arn.clone(), attempt: owed.attempt, ..Label::default() }
    }

    async fn call(&self, owed: &OwedExpress, _time: Duration) -> Self::Outcome {
        self.run(&owed.run).await
    }

    fn was_cut_off(_outcome: &Self::Outcome) -> bool {
        false
    }

    fn settle(&self, commit: &mut Commit<'_>, owed: OwedExpress, outcome: Self::Outcome) -> Verdict {
        let history = match outcome {
            Ok(ended) => ended.history,
            Err(error) => {
                tracing::warn!(error, execution = owed.run.arn, "an Express execution could not be run");
                Vec::new()
            }
        };
        self.states.settle_express(commit, &owed, &history);
        Verdict::Settled
    }
}
