//! A store, queues and buses for a test, and the short words to use them.

use std::sync::Arc;

use aws::{Arn, Body, Call, Event, Ids, Reply, Scope, Timestamp};
use events::target::log_group::{self, LogGroupHook};
use events::{
    Acceptance, ActionReport, Attempt, BusName, Counts, DueDelivery, Events, Letter, LetterAction,
    LetterPage, Outcome, Retry, Settlement, Slots, UndoReport, UndoStep,
};
use logs::Logs;
use queue::{Queues, Receive, ReceivedMessage};
use serde_json::{Value, json};
use store::{Commit, Options, Store, Tx};

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";

/// An hour that all tests begin at.
pub(crate) const NOON: Timestamp = Timestamp::from_unix_ms(1_773_921_600_000);

/// A store in a folder of its own, with buses and queues.
pub(crate) struct House {
    pub(crate) events: Events,
    pub(crate) queues: Queues,
    logs: Logs,
    dir: tempfile::TempDir,
    seed: std::cell::Cell<u128>,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (events, queues, logs) = open(&dir);
        Self { events, queues, logs, dir, seed: std::cell::Cell::new(1) }
    }

    /// The same store closed and opened again.
    pub(crate) fn reopened(self) -> Self {
        let Self { events, queues, logs, dir, seed } = self;
        drop((events, queues, logs));
        let (events, queues, logs) = open(&dir);
        Self { events, queues, logs, dir, seed }
    }

    pub(crate) fn ids(&self) -> Ids {
        self.seed.set(self.seed.get() + 1);
        Ids::from_seed(self.seed.get())
    }

    pub(crate) fn call(&self, now: Timestamp) -> Call {
        Call {
            now,
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            request_id: "request".to_owned(),
            base_url: "http://127.0.0.1:4566".to_owned(),
            ids: self.ids(),
            payload: Vec::new(),
        }
    }

    /// An EventBridge operation at noon.
    pub(crate) fn ask(&self, operation: &str, request: &Value) -> Result<Value, aws::Error> {
        self.ask_at(NOON, operation, request)
    }

    pub(crate) fn ask_at(
        &self,
        now: Timestamp,
        operation: &str,
        request: &Value,
    ) -> Result<Value, aws::Error> {
        let row = events::ops::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        answer_of((row.run)(&self.events, self.call(now), request.to_string().as_bytes()))
    }

    /// A CloudWatch Logs operation at noon.
    pub(crate) fn ask_logs(&self, operation: &str, request: &Value) -> Value {
        let row = logs::ops::OPERATIONS.iter().find(|row| row.name == operation).unwrap();
        answer_of((row.run)(&self.logs, self.call(NOON), request.to_string().as_bytes())).unwrap()
    }

    /// Makes an SQS queue and gives its ARN.
    pub(crate) fn queue(&self, name: &str) -> Arn {
        self.queue_with(name, &json!({}))
    }

    pub(crate) fn queue_with(&self, name: &str, attributes: &Value) -> Arn {
        let row = queue::ops::OPERATIONS.iter().find(|row| row.name == "CreateQueue").unwrap();
        let request = json!({"QueueName": name, "Attributes": attributes}).to_string();
        answer_of((row.run)(&self.queues, self.call(NOON), request.as_bytes())).unwrap();
        Arn::new("sqs", REGION, ACCOUNT, name)
    }

    /// Puts a rule on the default bus with these targets.
    pub(crate) fn rule(&self, name: &str, pattern: &Value, targets: &Value) {
        self.ask("PutRule", &json!({"Name": name, "EventPattern": pattern.to_string()})).unwrap();
        let answer = self.ask("PutTargets", &json!({"Rule": name, "Targets": targets})).unwrap();
        assert_eq!(answer["FailedEntryCount"], 0, "{answer}");
    }

    /// Runs a job in a transaction of its own.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Events, &mut Tx<'_>) -> T + Send + 'static,
    ) -> T {
        let events = self.events.clone();
        self.events.store().write(|error| error, move |tx| Ok(job(&events, tx))).wait().unwrap()
    }

    /// Accepts an event on the default bus.
    pub(crate) fn accept(&self, event: &Event, now: Timestamp) -> Acceptance {
        let matched = self.events.match_event(&BusName::default_bus(), event, now).unwrap();
        let ids = self.ids();
        self.write(move |events, tx| events.accept(&mut Commit::new(tx, now, &ids), matched))
    }

    pub(crate) fn due(&self, now: Timestamp) -> Vec<DueDelivery> {
        let ids = self.ids();
        self.write(move |events, tx| events.due(&mut Commit::new(tx, now, &ids), Slots::new(1_000)))
    }

    pub(crate) fn settle(&self, owed: &DueDelivery, outcome: &Outcome, now: Timestamp) -> Settlement {
        let (ids, owed) = (self.ids(), owed.clone());
        let attempt = Attempt::at_once(now, outcome.clone());
        self.write(move |events, tx| events.settle(&mut Commit::new(tx, now, &ids), &owed, &attempt))
    }

    /// Deals with letters of a queue in one step.
    pub(crate) fn deal(
        &self,
        (through, deed, name): (LetterPage, LetterAction, &str),
        now: Timestamp,
    ) -> Result<ActionReport, aws::Error> {
        let (ids, name) = (self.ids(), name.to_owned());
        self.write(move |events, tx| events.act(&mut Commit::new(tx, now, &ids), &through, &deed, &name))
    }

    pub(crate) fn undo(&self, name: &str, now: Timestamp) -> Result<UndoReport, aws::Error> {
        let name = name.to_owned();
        self.write(move |events, tx| events.undo(tx, UndoStep { name: &name, after: None, max: 100 }, now))
    }

    /// The letters of a queue that could be received.
    pub(crate) fn letters(&self, queue: &str, now: Timestamp) -> Vec<Letter> {
        let through = LetterPage { queue: queue.to_owned(), max: 1_000, ..LetterPage::default() };
        let found = self.events.store().read(|read| self.events.letters(read, &through, now)).unwrap();
        found.unwrap().into_iter().map(|listed| listed.letter).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.events.store().read(|read| self.events.counts(read)).unwrap()
    }

    /// Receives and deletes up to ten messages of a queue.
    pub(crate) fn receive(&self, queue: &Arn, now: Timestamp) -> Vec<ReceivedMessage> {
        let (queues, name) = (self.queues.clone(), queue.resource.clone());
        self.write(move |_, tx| {
            let queue = queues.find(tx, &name).unwrap();
            let until = now.plus(std::time::Duration::from_secs(30));
            let received = queues.receive(tx, queue.engine, &Receive { max: 10, until, now, redrive: None });
            for message in &received {
                assert!(queues.delete(tx, &message.handle));
            }
            received
        })
    }
}

fn open(dir: &tempfile::TempDir) -> (Events, Queues, Logs) {
    let store = Store::open(dir.path(), &Options { home: Scope::new(ACCOUNT, REGION), ..Options::default() })
        .unwrap();
    let queues = Queues::open(store.clone()).unwrap();
    let logs = Logs::new(store.clone(), Scope::new(ACCOUNT, REGION));
    let events = Events::open(store, queues.clone(), NOON).unwrap();
    events.register(&log_group::KIND, Arc::new(LogGroupHook(logs.clone())));
    (events, queues, logs)
}

pub(crate) fn answer_of(reply: Reply) -> Result<Value, aws::Error> {
    let body: Body = match reply {
        Reply::Now(answer) => answer?,
        Reply::Later(later) => wait(later)?,
        Reply::Long(work) => return answer_of(work()),
        Reply::Poll(_) | Reply::Call(_) => panic!("no operation here waits for others"),
    };
    Ok(serde_json::from_slice(&body).unwrap())
}

/// Waits on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// An event with this type and detail.
pub(crate) fn event(id: &str, detail_type: &str, detail: &str) -> Event {
    Event {
        id: id.to_owned(),
        source: "test".to_owned(),
        detail_type: detail_type.to_owned(),
        account: ACCOUNT.to_owned(),
        time: NOON,
        region: REGION.to_owned(),
        resources: Vec::new(),
        detail: detail.to_owned(),
    }
}

/// A function's ARN: its deliveries are owed.
pub(crate) fn function(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// An attempt that failed and may be tried again.
pub(crate) fn failed() -> Outcome {
    Outcome::Failed {
        code: "ERROR_FROM_TARGET".to_owned(),
        message: "it said no".to_owned(),
        retry: Retry::ByPolicy,
    }
}
