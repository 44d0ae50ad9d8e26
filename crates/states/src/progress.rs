//! One step of an execution, in two halves: computed outside the one writer, then written if nobody has stepped it since.

use std::sync::Arc;
use std::time::Duration;

use asl::{Effects, Event, Machine, TaskError, What};
use aws::Timestamp;
use store::Commit;

use crate::States;
use crate::activity::Waiting;
use crate::buckets::Buckets;
use crate::children::{Gathered, MapRunRecord, Prepared, Seen, Written, prepare};
use crate::execution::{Execution, ExecutionKey, HISTORY, PROGRESS, Progress, ProgressVersion, StoredEvent};
use crate::owed::{Leased, Owed, Step};
use crate::token::{self, OpenTask, Token};
use crate::told::Lines;

/// What came of a computation.
#[derive(Debug)]
pub struct Computed {
    /// The version from which it was computed.
    version: u64,
    at_ms: u64,
    execution: asl::Execution,
    effects: Vec<Effects>,
    map_runs: Vec<Prepared>,
    written: Vec<Written>,
}

/// What an execution is to take, as the interpreter has it.
struct Taken {
    what: Happening,
    now_ms: u64,
}

/// What happens, or what must be made into it first.
enum Happening {
    Known(What),
    /// A map run has ended.
    MapRun {
        map_run: u64,
        run: u64,
        gathered: Box<Result<Gathered, TaskError>>,
    },
}

impl Happening {
    /// As the interpreter has it. What a map run's children came to is written where the definition wants it, and told.
    fn known(self, buckets: &Buckets, written: &mut Vec<Written>) -> What {
        match self {
            Self::Known(what) => what,
            Self::MapRun { map_run, run, gathered } => {
                let mut write = |gathered: Gathered| {
                    let results = gathered.write(buckets)?;
                    written.push(Written { run, results });
                    gathered.outcome()
                };
                What::MapRunEnded { map_run, outcome: (*gathered).and_then(&mut write) }
            }
        }
    }
}

impl States {
    /// Computes a step from what is committed. None: there is no such execution any more.
    ///
    /// # Errors
    /// The store's, in words.
    pub fn compute(&self, step: &Step, now: Timestamp, seed: u64) -> Result<Option<Computed>, String> {
        let read = self.store().read(|read| {
            let (_, record) = Execution::of(read, step.execution)?;
            let mut progress = Progress::find(read, step.execution)?;
            let machine = self.parsed(read, &record.revision).ok()?;
            progress.execution.missing_activities = self.missing_activities(read, &machine);
            let taken = step.owed.iter().filter_map(|leased| {
                let what = match &leased.owed {
                    Owed::MapRunEnded { map_run, run } => {
                        let seen = Seen { home: self.home(), now };
                        let gathered = Box::new(MapRunRecord::gather(read, *run, seen));
                        Happening::MapRun { map_run: *map_run, run: *run, gathered }
                    }
                    Owed::Redrive => {
                        let runs = MapRunRecord::of_execution(read, step.execution).into_iter();
                        let map_runs = runs.map(|(_, record)| record.map_run).collect();
                        Happening::Known(What::Redrive { map_runs })
                    }
                    owed => Happening::Known(owed.clone().what()?),
                };
                // The beginning is told as of when it was acknowledged: `$$.Execution.StartTime` is startDate.
                let now_ms = match leased.owed {
                    Owed::Start => record.started.unix_ms(),
                    _ => now.unix_ms(),
                };
                Some(Taken { what, now_ms })
            });
            let taken: Vec<Taken> = taken.collect();
            Some((machine, progress, taken))
        });
        let found = read.map_err(|error| error.to_string())?;
        Ok(found.map(|(machine, progress, taken)| self.advance(&machine, progress, taken, seed)))
    }

    /// Writes what a step came to and settles it. Where the execution has been stepped since, the step falls due again.
    pub fn settle_step(
        &self,
        commit: &mut Commit<'_>,
        step: &Step,
        computed: Result<Option<Computed>, String>,
    ) {
        let now = commit.now;
        let computed = match computed {
            Ok(Some(computed)) => computed,
            Ok(None) => return self.done(commit, step),
            Err(_) => return self.put_off(commit, step, now.plus(Duration::from_secs(1))),
        };
        // A lease that ended while it was computed: somebody else does it.
        let is_held = |leased: &Leased| self.queues().leased_until(&mut commit.tx, &leased.handle).is_some();
        if !step.owed.iter().all(is_held) {
            return;
        }
        if self.keep(commit, step.execution, computed) {
            self.done(commit, step);
        } else {
            self.put_off(commit, step, now);
        }
    }

    fn done(&self, commit: &mut Commit<'_>, step: &Step) {
        for leased in &step.owed {
            self.queues().delete(&mut commit.tx, &leased.handle);
        }
    }

    fn put_off(&self, commit: &mut Commit<'_>, step: &Step, until: Timestamp) {
        for leased in &step.owed {
            self.queues().reschedule(&mut commit.tx, &leased.handle, until);
        }
    }

    /// Stops an execution in this commit: that evaluates nothing. Its record as it is then.
    pub(crate) fn stop_now(
        &self,
        commit: &mut Commit<'_>,
        number: u64,
        machine: &Arc<Machine>,
        stop: What,
    ) -> Option<Execution> {
        let progress = Progress::find(&mut commit.tx, number)?;
        let taken = Taken { what: Happening::Known(stop), now_ms: commit.now.unix_ms() };
        let computed = self.advance(machine, progress, vec![taken], commit.ids.next_u64());
        self.keep(commit, number, computed);
        Some(Execution::of(&mut commit.tx, number)?.1)
    }

    /// Writes a step's outcome; `false` where it was computed from another version.
    fn keep(&self, commit: &mut Commit<'_>, number: u64, computed: Computed) -> bool {
        let Computed { version, at_ms, execution, effects, map_runs, written } = computed;
        let Some((key, mut record)) = Execution::of(&mut commit.tx, number) else { return true };
        let current = ProgressVersion::find(&mut commit.tx, number);
        if current != Some(version) {
            return false;
        }
        record.last_event_id = execution.last_event_id;
        commit.put(&PROGRESS, &number, &Progress { version: version + 1, at_ms, execution });
        for written in written {
            MapRunRecord::note_written(commit, written);
        }
        let mut end = None;
        for effects in effects {
            self.log_history(commit, &key, &record, &effects);
            self.drop_abandoned(commit, number, &effects);
            self.carry_out(commit, number, &effects);
            end = effects.end.or(end);
        }
        if let Some(end) = end {
            self.end(commit, &key, record, end);
            return true;
        }
        record.put(commit, &key);
        for prepared in map_runs {
            self.begin_map_run(commit, number, prepared);
        }
        true
    }

    fn carry_out(&self, commit: &mut Commit<'_>, number: u64, effects: &Effects) {
        for event in &effects.history {
            commit.put(&HISTORY, &(number, event.id), &StoredEvent(event.clone()));
        }
        if effects.unfinished {
            self.owe(commit, number, Owed::Continue);
        }
        for timer in &effects.timers {
            self.owe_timer(commit, number, *timer);
        }
        for call in &effects.tasks {
            self.ask(commit, number, call);
        }
        for map_run in &effects.redriven_map_runs {
            self.redrive_map_run(commit, number, *map_run);
        }
    }

    fn ask(&self, commit: &mut Commit<'_>, execution: u64, call: &asl::step::TaskCall) {
        let open = OpenTask { token: call.token.clone(), child: None };
        if let Some(owed) = self.mocked_answer(commit, execution, call) {
            return self.owe(commit, execution, owed);
        }
        token::open(commit, Token { execution, task: call.task }, &open);
        match &call.resource {
            asl::resource::Resource::Activity { arn } => {
                let name = crate::name::activity(arn, self.home());
                let (Ok(name), Some(token)) = (name, call.token.clone()) else {
                    return self.refuse_activity(commit, execution, call.task);
                };
                if crate::activity::Activity::find(&mut commit.tx, &name).is_none() {
                    return self.refuse_activity(commit, execution, call.task);
                }
                let waiting = Waiting { execution, task: call.task, token, input: call.input.to_string() };
                self.await_worker(commit, &name, &waiting);
            }
            _ => self.owe_task(commit, execution, call),
        }
    }

    fn refuse_activity(&self, commit: &mut Commit<'_>, execution: u64, task: u64) {
        let error = Some("States.Runtime".to_owned());
        let cause = Some("The activity ARN does not exist.".to_owned());
        self.owe(commit, execution, Owed::Failed { task, error, cause });
    }

    fn drop_abandoned(&self, commit: &mut Commit<'_>, number: u64, effects: &Effects) {
        for task in &effects.abandoned_tasks {
            if let Some(open) = token::close(commit, number, *task) {
                self.stop_child(commit, open.child);
            }
        }
        for map_run in &effects.abandoned_map_runs {
            self.abort_map_run(commit, number, *map_run);
        }
    }

    fn log_history(
        &self,
        commit: &mut Commit<'_>,
        key: &ExecutionKey,
        record: &Execution,
        effects: &Effects,
    ) {
        if effects.history.is_empty() {
            return;
        }
        let Some(logging) = Self::logging(&mut commit.tx, &record.revision) else { return };
        let arn = key.arn(self.home());
        let lines = Lines {
            logging: &logging,
            machine: &record.machine,
            execution_arn: &arn,
            redrive_count: record.redrive_count,
            events: &effects.history,
        };
        self.log(commit, &lines);
    }

    fn advance(&self, machine: &Arc<Machine>, progress: Progress, taken: Vec<Taken>, seed: u64) -> Computed {
        let Progress { version, mut at_ms, mut execution } = progress;
        let buckets = self.buckets();
        let (mut all, mut map_runs, mut written) = (Vec::new(), Vec::new(), Vec::new());
        for (number, Taken { what, now_ms }) in (0_u64..).zip(taken) {
            at_ms = at_ms.max(now_ms);
            let event = Event {
                now_ms: at_ms,
                seed: seed.wrapping_add(number),
                what: what.known(&buckets, &mut written),
            };
            let mut effects = asl::step(machine, &mut execution, event);
            let orders = std::mem::take(&mut effects.map_runs).into_iter();
            map_runs.extend(orders.map(|order| prepare(machine, order, &buckets)));
            all.push(effects);
        }
        Computed { version, at_ms, execution, effects: all, map_runs, written }
    }
}
