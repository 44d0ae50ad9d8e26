//! A house to test in: a store in a folder, its state machines, a clock that stands still until it is moved.

use std::path::Path;
use std::sync::Arc;

use asl::TaskError;
use aws::{Call, Error, Ids, Reply, Scope, Timestamp};
use logs::Logs;
use queue::Queues;
use serde_json::{Value, json};
use states::integration::start_request;
use states::ops::SERVICE;
use states::task::{Answer, OwedTask};
use states::{Hands, RuleStart, States};
use store::{Commit, KeyRange, Options, Read as _, Store, Table};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";

pub(crate) struct House {
    folder: tempfile::TempDir,
    pub(crate) states: States,
    pub(crate) now_ms: u64,
    seed: u128,
    /// Steps and tasks that were computed or called and are not settled, since the last kill.
    pub(crate) calls: Vec<u64>,
}

fn open(folder: &Path) -> States {
    let options = Options { home: Scope::new(ACCOUNT, REGION), ..Options::default() };
    let store = Store::open(folder, &options).unwrap();
    let queues = Queues::open(store.clone()).unwrap();
    let logs = Logs::new(store.clone(), store.scope().clone());
    let states = States::open(
        queues,
        logs,
        Hands { emit: Arc::new(|_, _| ()), hears: Arc::new(|| true), give_back: Arc::new(give_back) },
    )
    .unwrap();
    states.set_served(|_, _| true);
    states
}

/// Notes what is given back where a test looks for it.
fn give_back(commit: &mut Commit<'_>, debt: &str, error: &Error) {
    commit.put(&GIVEN_BACK, &debt.to_owned(), &error.code.to_string().into_bytes());
}

/// What was given back, and why.
const GIVEN_BACK: Table<String, Vec<u8>> = Table::new(250, "given back");

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let states = open(folder.path());
        Self { folder, states, now_ms: 1_795_856_400_000, seed: 1, calls: Vec::new() }
    }

    /// As after a kill: what was leased was never settled.
    pub(crate) fn reopen(self) -> Self {
        let Self { folder, states, now_ms, seed, calls } = self;
        drop(states);
        let states = open(folder.path());
        Self { folder, states, now_ms, seed: seed + 1_000_000, calls }
    }

    fn ids(&mut self) -> Ids {
        self.seed += 1;
        Ids::from_seed(self.seed)
    }

    pub(crate) fn try_call(&mut self, operation: &str, request: &Value) -> Result<Value, Error> {
        let ids = self.ids();
        let call = Call {
            now: Timestamp::from_unix_ms(self.now_ms),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            request_id: ids.next_uuid(),
            base_url: "http://localhost".to_owned(),
            ids,
            payload: Vec::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body = match SERVICE.run(&self.states, operation, call, request.to_string().as_bytes()) {
            Reply::Now(answer) => answer?,
            Reply::Later(answer) => runtime.block_on(answer)?,
            Reply::Poll(mut poll) => {
                let now = Timestamp::from_unix_ms(self.now_ms);
                runtime.block_on(poll.attempt(now))?.unwrap_or_else(|| poll.nothing())
            }
            reply @ (Reply::Long(_) | Reply::Call(_)) => panic!("{reply:?} is answered elsewhere"),
        };
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    pub(crate) fn call(&mut self, operation: &str, request: &Value) -> Value {
        self.try_call(operation, request).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    pub(crate) fn machine(&mut self, name: &str, definition: &Value) -> String {
        let request = json!({"name": name, "definition": definition.to_string(), "roleArn": "arn:aws:iam::111111111111:role/r"});
        self.call("CreateStateMachine", &request)["stateMachineArn"].as_str().unwrap().to_owned()
    }

    pub(crate) fn start(&mut self, machine: &str, name: &str, input: &Value) -> String {
        let request = json!({"stateMachineArn": machine, "name": name, "input": input.to_string()});
        self.call("StartExecution", &request)["executionArn"].as_str().unwrap().to_owned()
    }

    /// As a rule starts it: at most so many at a time.
    pub(crate) fn start_by_rule(
        &mut self,
        machine: &str,
        input: &Value,
        limit: Option<u32>,
    ) -> Result<String, Error> {
        let debt = limit.map(|_| format!("debt of {input}"));
        let start = RuleStart { machine_arn: machine.to_owned(), input: input.to_string(), limit, debt };
        self.commit(move |states, commit| states.start_by_rule(commit, start))
    }

    pub(crate) fn describe(&mut self, execution: &str) -> Value {
        self.call("DescribeExecution", &json!({"executionArn": execution}))
    }

    /// The history, which must have no gap and one end at most.
    pub(crate) fn history(&mut self, execution: &str) -> Vec<String> {
        let answer =
            self.call("GetExecutionHistory", &json!({"executionArn": execution, "maxResults": 1000}));
        let events = answer["events"].as_array().unwrap();
        let ids: Vec<u64> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "a gap in the history");
        let types: Vec<String> =
            events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
        let ends = types.iter().filter(|kind| {
            matches!(
                kind.as_str(),
                "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut"
            )
        });
        let redrives = types.iter().filter(|kind| *kind == "ExecutionRedriven").count();
        assert!(ends.count() <= 1 + redrives, "{types:?}");
        types
    }

    fn commit<T: Send + 'static>(
        &mut self,
        act: impl FnOnce(&States, &mut Commit<'_>) -> T + Send + 'static,
    ) -> T {
        let (states, ids) = (self.states.clone(), self.ids());
        let now = Timestamp::from_unix_ms(self.now_ms);
        let store = self.states.store().clone();
        store
            .write(|error| error, move |tx| Ok(act(&states, &mut Commit::new(tx, now, &ids))))
            .wait()
            .unwrap()
    }

    /// What was given back, each with the error's code.
    pub(crate) fn given_back(&mut self) -> Vec<(String, String)> {
        let all = self.commit(|_, commit| commit.tx.list(&GIVEN_BACK, &KeyRange::all(), 100));
        all.into_iter().map(|(debt, code)| (debt, String::from_utf8(code).unwrap())).collect()
    }

    /// How many Express executions are owed.
    pub(crate) fn express(&mut self) -> usize {
        self.commit(|states, commit| states.due_express(commit, 100).len())
    }

    /// Sweeps a piece of what is too old; how many records it were.
    pub(crate) fn sweep(&mut self, max: usize) -> usize {
        self.commit(move |states, commit| states.sweep(commit, max))
    }

    /// Leases and computes a step, and settles it unless it is killed before. Whether there was one.
    pub(crate) fn step(&mut self, fate: Fate) -> bool {
        let Some(step) = self.commit(|states, commit| states.due_steps(commit, 1)).pop() else {
            return false;
        };
        let (now, seed) = (Timestamp::from_unix_ms(self.now_ms), self.ids().next_u64());
        let computed = self.states.compute(&step, now, seed);
        if fate == Fate::Settles {
            self.commit(move |states, commit| states.settle_step(commit, &step, computed));
        }
        true
    }

    /// The same of a task, answered by `answer`.
    pub(crate) fn task(
        &mut self,
        fate: Fate,
        answer: impl Fn(&OwedTask) -> Result<Value, TaskError>,
    ) -> bool {
        let Some(owed) = self.commit(|states, commit| states.due_tasks(commit, |_| 1)).pop() else {
            return false;
        };
        if self.states.asker(&owed).is_none() {
            self.commit(move |states, commit| states.settle_task(commit, &owed, Answer::Void));
            return true;
        }
        self.calls.push(owed.task);
        let answer = match start_request(&owed.resource, &owed.input) {
            Some(request) => Answer::Start(request),
            None => answer(&owed).map_or_else(Answer::Failed, Answer::Done),
        };
        if fate == Fate::Settles {
            self.commit(move |states, commit| states.settle_task(commit, &owed, answer));
        }
        true
    }

    /// Goes on until nothing is due, now or later.
    pub(crate) fn run(&mut self) {
        loop {
            while self.step(Fate::Settles) || self.task(Fate::Settles, echo) {}
            let next = self.states.next_step_at();
            match next.filter(|at| at.unix_ms() + 1_000 > self.now_ms) {
                // To the second below: a second more is past it.
                Some(at) => self.now_ms = at.unix_ms() + 1_000,
                None => return,
            }
        }
    }
}

/// A task that gives back its input's payload.
#[expect(clippy::unnecessary_wraps, reason = "the form of every answer")]
pub(crate) fn echo(owed: &OwedTask) -> Result<Value, TaskError> {
    Ok(owed.input.get("Payload").cloned().unwrap_or_else(|| owed.input.clone()))
}

/// What becomes of work under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Settles,
    IsLost,
}
