//! An execution walked from its start to its end in memory, by a clock of its own: for tests, mocks and `explain`.
//!
//! Tasks are answered by whoever is [`Outside`]; timers ring at once, the clock jumps to them.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use crate::definition::Machine;
use crate::execution::{About, Execution, TaskError};
use crate::history::{HistoryEvent, Status};
use crate::map_run::{ChildInput, Ended, ItemSource, MapRun, MapRunOrder, Verdict};
use crate::step::{Effects, Event, TaskCall, What, step};

/// How many events a walk takes before it is given up: a definition can loop for ever, Express has no limit.
const EVENTS_MAX: u32 = 200_000;

/// The world that answers an execution.
pub trait Outside {
    /// What becomes of a task: events that answer it, in their order; none where nobody answers.
    fn task(&mut self, call: &TaskCall) -> Vec<What>;

    /// The items that a map run's reader finds.
    ///
    /// # Errors
    /// With which the map run fails.
    fn items(&mut self, order: &MapRunOrder) -> Result<Vec<Value>, TaskError>;
}

/// Where and when a walk begins.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// The execution.
    pub about: About,
    /// In milliseconds since 1970.
    pub now_ms: u64,
    /// Where random numbers start.
    pub seed: u64,
}

/// An execution on its way.
#[derive(Debug)]
pub struct Walk<'a> {
    /// Where it stands.
    pub execution: Execution,
    /// What has happened.
    pub history: Vec<HistoryEvent>,
    /// Its clock, in milliseconds since 1970.
    pub now_ms: u64,
    machine: &'a Machine,
    seed: u64,
    pending: VecDeque<What>,
    timers: BTreeMap<(u64, u64), ()>,
    events: u32,
}

impl<'a> Walk<'a> {
    /// A walk that has not begun.
    pub fn new(machine: &'a Machine, beginning: Beginning) -> Self {
        Self {
            execution: Execution::new(beginning.about),
            history: Vec::new(),
            now_ms: beginning.now_ms,
            machine,
            seed: beginning.seed,
            pending: VecDeque::from([What::Start]),
            timers: BTreeMap::new(),
            events: 0,
        }
    }

    /// Puts an event before all others.
    pub fn tell(&mut self, what: What) {
        self.pending.push_front(what);
    }

    /// Goes on until the execution has ended, or waits for something that does not come.
    pub fn run(&mut self, outside: &mut dyn Outside) {
        while self.advance(outside) {}
    }

    /// Goes on without letting time pass.
    pub fn run_now(&mut self, outside: &mut dyn Outside) {
        while !self.pending.is_empty() && self.advance(outside) {}
    }

    /// Takes the next event; false if there is none.
    pub fn advance(&mut self, outside: &mut dyn Outside) -> bool {
        if self.events >= EVENTS_MAX || (self.execution.status != Status::Running && self.pending.is_empty())
        {
            return false;
        }
        let what = match self.pending.pop_front() {
            Some(what) => what,
            None => {
                let Some(((at_ms, timer), ())) = self.timers.pop_first() else { return false };
                self.now_ms = self.now_ms.max(at_ms);
                What::Timer { timer }
            }
        };
        self.events += 1;
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let event = Event { now_ms: self.now_ms, seed: self.seed, what };
        let effects = step(self.machine, &mut self.execution, event);
        self.carry_out(effects, outside);
        true
    }

    fn carry_out(&mut self, effects: Effects, outside: &mut dyn Outside) {
        self.history.extend(effects.history);
        self.timers.extend(effects.timers.iter().map(|timer| ((timer.at_ms, timer.timer), ())));
        if effects.unfinished {
            self.pending.push_back(What::Continue);
        }
        for call in &effects.tasks {
            self.pending.extend(outside.task(call));
        }
        for order in &effects.map_runs {
            let outcome = self.map_run(order, outside);
            self.pending.push_back(What::MapRunEnded { map_run: order.map_run, outcome });
        }
    }

    /// Runs the children of a map run, one after the other.
    fn map_run(&mut self, order: &MapRunOrder, outside: &mut dyn Outside) -> Result<Value, TaskError> {
        let (items, source) = match &order.source {
            ItemSource::Items(items) => (items.clone(), "STATE_DATA".to_owned()),
            ItemSource::Reader { parameters, .. } => (outside.items(order)?, address(parameters.as_ref())),
        };
        let inputs = order.inputs(self.machine, items, &source)?;
        let mut run = MapRun::new(order, u64::try_from(inputs.len()).unwrap_or(u64::MAX));
        let mut outputs = Vec::new();
        let mut inputs = inputs.into_iter();
        loop {
            for child in run.start() {
                let Some(input) = inputs.next() else { continue };
                let mut walk = self.child(order, child, input);
                walk.run(outside);
                self.now_ms = self.now_ms.max(walk.now_ms);
                run.ended(match walk.execution.output {
                    Some(output) => {
                        outputs.push(output);
                        Ended::Succeeded
                    }
                    None => Ended::Failed,
                });
            }
            match run.verdict() {
                Verdict::GoesOn => {}
                Verdict::Succeeded => return order.result(outputs),
                Verdict::Failed => return Err(MapRun::tolerance_exceeded()),
            }
        }
    }

    fn child(&self, order: &MapRunOrder, number: u64, input: ChildInput) -> Walk<'a> {
        let about = &self.execution.about;
        let name = format!("{}-{number}", order.map_run);
        let machine_arn = format!("{}/{}", about.machine_arn, order.label);
        let machine_name = format!("{}/{}", about.machine_name, order.label);
        let arn = machine_arn.replacen(":stateMachine:", ":execution:", 1);
        let about = About {
            execution_arn: format!("{arn}:{name}"),
            execution_name: name,
            role_arn: about.role_arn.clone(),
            machine_arn,
            machine_name,
            input: input.input,
            item: input.item,
            block: order.block,
        };
        Walk::new(
            self.machine,
            Beginning { about, now_ms: self.now_ms, seed: self.seed.wrapping_add(number) },
        )
    }
}

/// `S3://bucket/key`.
fn address(parameters: Option<&Value>) -> String {
    let text = |name: &str| parameters.and_then(|given| given.get(name)).and_then(Value::as_str);
    let bucket = text("Bucket").unwrap_or_default();
    match text("Key") {
        Some(key) => format!("S3://{bucket}/{key}"),
        None => format!("S3://{bucket}"),
    }
}
