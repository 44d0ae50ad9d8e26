//! One step under way: who runs next, what is recorded, how threads begin and end.

use serde_json::{Map, Value, json};

use crate::definition::{Machine, MachineType, State, Transition};
use crate::execution::{Execution, Item, Parent, Phase, StartedRun, Thread};
use crate::expr::{ExprError, NESTING_MAX, nests_within};
use crate::history::{HISTORY_EVENTS_MAX, HistoryEvent, Status};
use crate::payload::PAYLOAD_BYTES_MAX;
use crate::step::failure::Failure;
use crate::step::{Effects, End, Event, Timer, What};

/// How large the variables of a scope may be altogether, in bytes: AWS's limit of an execution.
const VARIABLES_BYTES_MAX: usize = 10 * 1024 * 1024;

/// How many states one step may enter, so that a step takes a bounded time.
const TRANSITIONS_MAX: u32 = 1_000;

/// An execution is kept as JSON, and JSON that nests deeper would not be read back.
fn too_deep() -> String {
    format!("The payload nests deeper than {NESTING_MAX} levels.")
}

/// What a piece of work comes to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The state waits for something.
    Waits,
    /// The state's work is done: this is its result.
    Result(Value),
    /// The state is left.
    Exit(Exit),
}

/// How a state is left.
#[derive(Debug)]
pub(super) struct Exit {
    pub(super) output: Value,
    pub(super) assigned: Option<Map<String, Value>>,
    pub(super) next: Transition,
}

/// Why a piece of work comes to nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// An expression.
    Expression(ExprError),
    /// A failure, which has its event already.
    Failure(Failure),
}

impl From<ExprError> for Trouble {
    fn from(error: ExprError) -> Self {
        Self::Expression(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// A thread to be.
#[derive(Debug)]
pub(super) struct Seed {
    pub(super) parent: Option<Parent>,
    pub(super) block: usize,
    pub(super) input: Value,
    pub(super) item: Option<Item>,
    /// The event to which its first points.
    pub(super) last: u64,
}

/// One step under way.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) machine: &'a Machine,
    pub(super) execution: &'a mut Execution,
    pub(super) now_ms: u64,
    pub(super) effects: Effects,
    random: u64,
    transitions: u32,
    exhausted: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(machine: &'a Machine, execution: &'a mut Execution, event: &Event) -> Self {
        let effects = Effects::default();
        let random = event.seed;
        Self { machine, execution, now_ms: event.now_ms, effects, random, transitions: 0, exhausted: false }
    }

    /// Takes the event and runs until everything waits.
    pub(super) fn take(&mut self, what: What) {
        match what {
            What::Start => self.start(),
            What::Redrive { map_runs } => self.redrive(&map_runs),
            _ if self.execution.status != Status::Running => return,
            What::Continue => {}
            What::Timer { timer } if self.execution.deadline == Some(timer) => self.time_out(),
            What::Timer { timer } => self.ring(timer),
            What::ActivityStarted { task, worker_name } => self.activity_started(task, worker_name),
            What::TaskSubmitted { task, output } => self.task_submitted(task, &output),
            What::TaskHeartbeat { task } => self.task_heartbeat(task),
            What::TaskSucceeded { task, output } => self.task_succeeded(task, output),
            What::TaskFailed { task, error, cause } => {
                self.task_failed(task, Failure { error, cause, ..Failure::default() });
            }
            What::MapRunEnded { map_run, outcome } => self.map_run_ended(map_run, outcome),
            What::Stop { error, cause } => self.stop(error, cause),
        }
        self.drain();
    }

    pub(super) fn finish(mut self) -> Effects {
        if self.exhausted && self.execution.status == Status::Running {
            let cause =
                format!("The execution reached the maximum number of history events ({HISTORY_EVENTS_MAX}).");
            let previous = self.execution.last_event_id;
            self.end_failed(previous, Failure::fatal("States.Runtime", cause));
        }
        self.effects
    }

    fn start(&mut self) {
        if self.execution.last_event_id > 0 {
            return;
        }
        self.execution.started_ms = self.now_ms;
        let input = self.execution.about.input.clone();
        let details = json!({
            "input": input.to_string(),
            "inputDetails": {"truncated": false},
            "roleArn": self.execution.about.role_arn,
        });
        self.append(0, "ExecutionStarted", details);
        if let Some(seconds) = self.machine.timeout_seconds {
            self.execution.deadline = Some(self.timer(seconds.saturating_mul(1_000)));
        }
        if !nests_within(&input, NESTING_MAX) {
            return self.end_failed(1, Failure::fatal("States.Runtime", too_deep()));
        }
        let block = self.execution.about.block;
        let item = self.execution.about.item.clone();
        self.spawn(Seed { parent: None, block, input, item, last: 0 });
    }

    /// A new thread at the first state of its block.
    pub(super) fn spawn(&mut self, seed: Seed) {
        let id = self.execution.number();
        let state =
            self.machine.blocks.get(seed.block).map(|block| block.start_at.clone()).unwrap_or_default();
        let thread = Thread {
            id,
            parent: seed.parent,
            block: seed.block,
            state,
            phase: Phase::Ready,
            input: seed.input,
            variables: Map::new(),
            item: seed.item,
            entered: 0,
            entered_previous: 0,
            entered_ms: 0,
            last: seed.last,
            attempts: Vec::new(),
            map_run: None,
        };
        self.execution.threads.insert(id, thread);
        self.execution.runnable.push_back(id);
    }

    fn drain(&mut self) {
        while self.execution.status == Status::Running && !self.exhausted {
            if self.transitions >= TRANSITIONS_MAX {
                self.effects.unfinished = !self.execution.runnable.is_empty();
                return;
            }
            let Some(id) = self.execution.runnable.pop_front() else { return };
            self.transitions += 1;
            self.resume(Some(id), |run, thread| run.enter(thread));
        }
    }

    /// Takes a thread out, lets it work, and puts it where the outcome says.
    pub(super) fn resume(
        &mut self,
        id: Option<u64>,
        work: impl FnOnce(&mut Self, &mut Thread) -> Result<Outcome, Trouble>,
    ) {
        let Some(mut thread) = id.and_then(|id| self.execution.threads.remove(&id)) else { return };
        let outcome = work(self, &mut thread);
        self.settle(thread, outcome);
    }

    fn enter(&mut self, thread: &mut Thread) -> Result<Outcome, Trouble> {
        let state = self.state_of(thread)?;
        let details = json!({
            "name": state.name,
            "input": thread.input.to_string(),
            "inputDetails": {"truncated": false},
        });
        thread.entered_previous = thread.last;
        thread.entered = self.append(thread.last, format!("{}StateEntered", state.type_name()), details);
        thread.last = thread.entered;
        thread.entered_ms = self.now_ms;
        thread.map_run = None;
        thread.attempts = vec![0; state.guard().map_or(0, |guard| guard.retry.len())];
        self.work(thread)
    }

    /// The state in which a thread is. A machine that was parsed has every state that it names.
    pub(super) fn state_of(&self, thread: &Thread) -> Result<&'a State, Trouble> {
        self.machine.state(thread.block, &thread.state).ok_or_else(|| {
            let cause = format!("The state '{}' is not in the definition.", thread.state);
            Trouble::Failure(Failure::fatal("States.Runtime", cause))
        })
    }

    /// Puts a thread where the outcome of its work says: it waits, goes on, or is over.
    pub(super) fn settle(&mut self, mut thread: Thread, outcome: Result<Outcome, Trouble>) {
        let outcome = match outcome {
            Ok(Outcome::Result(result)) => {
                let outcome = self.after_work(&thread, result);
                if outcome.is_err() {
                    // The failure follows the event that told the success.
                    thread.last = self.execution.last_event_id;
                }
                outcome
            }
            other => other,
        };
        match outcome {
            Ok(Outcome::Waits) => {
                self.execution.threads.insert(thread.id, thread);
            }
            Ok(Outcome::Exit(exit)) => self.leave(thread, exit),
            // `after_work` never gives a result again.
            Ok(Outcome::Result(_)) => {}
            Err(trouble) => {
                let failure = self.failure_of(&mut thread, trouble);
                self.failing(thread, failure);
            }
        }
    }

    fn leave(&mut self, mut thread: Thread, exit: Exit) {
        let output = exit.output.to_string();
        if output.len() > PAYLOAD_BYTES_MAX {
            let failure = Failure::too_large(&thread.state);
            self.failing(thread, Failure { fatal: true, ..failure });
            return;
        }
        let mut details = json!({
            "name": thread.state,
            "output": output,
            "outputDetails": {"truncated": false},
        });
        if let (Some(assigned), Value::Object(members)) =
            (exit.assigned.filter(|set| !set.is_empty()), &mut details)
        {
            let Some(texts) = assign(&mut thread, assigned) else {
                let failure = Failure::too_large(&thread.state);
                self.failing(thread, Failure { fatal: true, ..failure });
                return;
            };
            members.insert("assignedVariables".to_owned(), Value::Object(texts));
            members.insert("assignedVariablesDetails".to_owned(), json!({"truncated": false}));
        }
        if !nests_within(&exit.output, NESTING_MAX) {
            self.failing(thread, Failure::fatal("States.Runtime", too_deep()));
            return;
        }
        let kind = self.state_of(&thread).map_or("Pass", State::type_name);
        thread.last = self.append(thread.last, format!("{kind}StateExited"), details);
        match exit.next {
            Transition::Next(next) => {
                thread.state = next;
                thread.input = exit.output;
                thread.phase = Phase::Ready;
                self.execution.runnable.push_back(thread.id);
                self.execution.threads.insert(thread.id, thread);
            }
            Transition::End => self.thread_done(&thread, exit.output),
        }
    }

    fn thread_done(&mut self, thread: &Thread, output: Value) {
        match thread.parent {
            None => self.succeed(thread.last, output),
            Some(parent) => self.child_done(parent, thread.last, output),
        }
    }

    fn succeed(&mut self, previous: u64, output: Value) {
        let details = json!({"output": output.to_string(), "outputDetails": {"truncated": false}});
        self.append(previous, "ExecutionSucceeded", details);
        self.execution.output = Some(output.clone());
        self.execution.threads.clear();
        self.end(End { status: Status::Succeeded, output: Some(output), error: None, cause: None });
    }

    fn stop(&mut self, error: Option<String>, cause: Option<String>) {
        let details = Failure { error, cause, ..Failure::default() };
        self.append(0, "ExecutionAborted", details.to_json());
        self.end_with(Status::Aborted, details);
    }

    fn time_out(&mut self) {
        self.append(0, "ExecutionTimedOut", json!({}));
        self.end_with(Status::TimedOut, Failure::default());
    }

    /// Ends the execution with an error that nobody caught.
    pub(super) fn end_failed(&mut self, previous: u64, failure: Failure) {
        self.append(previous, "ExecutionFailed", failure.to_json());
        self.end_with(Status::Failed, failure);
    }

    fn end_with(&mut self, status: Status, failure: Failure) {
        let (error, cause) = (failure.error, failure.cause);
        (self.execution.error, self.execution.cause) = (error.clone(), cause.clone());
        let open: Vec<u64> = self.execution.threads.keys().copied().collect();
        for id in open {
            self.abandon(id);
        }
        self.end(End { status, output: None, error, cause });
    }

    fn end(&mut self, end: End) {
        self.execution.status = end.status;
        self.execution.runnable.clear();
        self.execution.deadline = None;
        self.effects.tasks.clear();
        self.effects.timers.clear();
        self.effects.map_runs.clear();
        self.effects.redriven_map_runs.clear();
        self.effects.unfinished = false;
        self.effects.end = Some(end);
    }

    /// What a thread waits for is no longer wanted; leaves of the tree become redrivable.
    pub(super) fn abandon(&mut self, id: u64) {
        let Some(thread) = self.execution.threads.get_mut(&id) else { return };
        match &thread.phase {
            Phase::Task(asked) => self.effects.abandoned_tasks.push(asked.task),
            Phase::MapRun { run } => self.effects.abandoned_map_runs.push(*run),
            // They hold what is done already; their open threads are abandoned by themselves.
            Phase::Parallel { .. } | Phase::Map(_) => return,
            Phase::Ready | Phase::Sleep { .. } | Phase::Backoff { .. } | Phase::Stopped => {}
        }
        thread.phase = Phase::Stopped;
    }

    /// Starts an execution again where it failed: every state that was stopped is done again, and map runs that can go on do.
    fn redrive(&mut self, map_runs: &[u64]) {
        let again = !matches!(self.execution.status, Status::Running | Status::Succeeded);
        if !again || self.machine.kind == MachineType::Express {
            return;
        }
        self.execution.redrive_count += 1;
        let details = json!({"redriveCount": self.execution.redrive_count});
        let redriven = self.append(self.execution.last_event_id, "ExecutionRedriven", details);
        self.execution.status = Status::Running;
        (self.execution.error, self.execution.cause) = (None, None);
        if let Some(seconds) = self.machine.timeout_seconds {
            self.execution.deadline = Some(self.timer(seconds.saturating_mul(1_000)));
        }
        let mut going_on = Vec::new();
        for thread in self.execution.threads.values_mut().filter(|thread| thread.phase == Phase::Stopped) {
            thread.last = redriven;
            match &mut thread.map_run {
                Some(started) if map_runs.contains(&started.run) => {
                    started.redrives += 1;
                    going_on.push(thread.id);
                }
                _ => {
                    thread.phase = Phase::Ready;
                    self.execution.runnable.push_back(thread.id);
                }
            }
        }
        for id in going_on {
            self.resume(Some(id), Self::redrive_map_run);
        }
    }

    /// Its retriers begin anew, as in a state that is done again.
    fn redrive_map_run(&mut self, thread: &mut Thread) -> Result<Outcome, Trouble> {
        let Some(StartedRun { run, arn, redrives }) = thread.map_run.clone() else {
            return Ok(Outcome::Waits);
        };
        let details = json!({"mapRunArn": arn, "redriveCount": redrives});
        thread.last = self.append(thread.last, "MapRunRedriven", details);
        thread.attempts.fill(0);
        thread.phase = Phase::MapRun { run };
        self.effects.redriven_map_runs.push(run);
        Ok(Outcome::Waits)
    }

    /// Records an event. At the limit of a history nothing but its end is recorded any more.
    pub(super) fn append(&mut self, previous: u64, kind: impl Into<String>, details: Value) -> u64 {
        let kind = kind.into();
        let id = self.execution.last_event_id + 1;
        let details = match details {
            Value::Object(details) => Some(details),
            _ => None,
        };
        let event =
            HistoryEvent { id, previous_event_id: previous, timestamp_ms: self.now_ms, kind, details };
        if self.machine.kind == MachineType::Standard && id >= HISTORY_EVENTS_MAX && !event.ends() {
            self.exhausted = true;
            return self.execution.last_event_id;
        }
        self.execution.last_event_id = id;
        self.effects.history.push(event);
        id
    }

    /// A timer that rings after so many milliseconds.
    pub(super) fn timer(&mut self, delay_ms: u64) -> u64 {
        let timer = self.execution.number();
        self.effects.timers.push(Timer { timer, at_ms: self.now_ms.saturating_add(delay_ms) });
        timer
    }

    /// The next random number of this step.
    pub(super) fn random(&mut self) -> u64 {
        // SplitMix64: every seed gives a good stream.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Sets variables, and gives their texts for the event; None if they are too large.
fn assign(thread: &mut Thread, assigned: Map<String, Value>) -> Option<Map<String, Value>> {
    let texts: Map<String, Value> =
        assigned.iter().map(|(name, value)| (name.clone(), Value::from(value.to_string()))).collect();
    let size = |text: &Value| text.as_str().map_or(0, str::len);
    thread.variables.extend(assigned);
    let all: usize = thread.variables.values().map(|value| value.to_string().len()).sum();
    (texts.values().map(size).sum::<usize>() <= PAYLOAD_BYTES_MAX && all <= VARIABLES_BYTES_MAX)
        .then_some(texts)
}
