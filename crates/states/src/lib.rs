//! Step Functions: state machines, executions and their histories as records, and AWS's operations on them. What calls others for
//! an execution is a floor above.
//!
//! The language is the room `asl`; this room keeps its values. An execution is stepped in two halves: [`States::compute`] reads where
//! it stands and evaluates, outside the one writer; [`States::settle_step`] writes what came of it, if nobody has stepped
//! it since. Whatever an execution waits for (its start, a timer, a task's answer) is a message of an internal queue
//! ([`owed`]), so that a kill costs no more than a repeated computation. What a Task asks for is owed too ([`task`]) and
//! paid by the porter.

mod activity;
pub mod begin;
pub mod buckets;
mod children;
mod ending;
pub mod error;
pub mod execution;
pub mod express;
pub mod integration;
mod limited;
mod limits;
mod machine;
mod mocked;
mod name;
pub mod ops;
pub mod owed;
mod piece;
pub mod progress;
mod record;
mod redriven;
mod retention;

pub mod task;
mod token;
mod told;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use asl::mock_config::MockConfig;
use aws::{Error, Event, Scope};
use logs::Logs;
use queue::Queues;
use store::{Commit, Read, Store};

use crate::buckets::{Buckets, Folders};
pub use crate::limited::RuleStart;
use crate::machine::Revision;

/// Puts an event on the default bus, as a part of the commit.
pub type Emit = Arc<dyn Fn(&mut Commit<'_>, &Event) + Send + Sync>;

/// Whether anybody could hear what is put on the default bus.
pub type Hears = Arc<dyn Fn() -> bool + Send + Sync>;

/// Gives back a rule's start that has waited and cannot begin: what was kept of it ([`RuleStart::debt`]), and why.
pub type GiveBack = Arc<dyn Fn(&mut Commit<'_>, &str, &Error) + Send + Sync>;

/// What this room asks of its neighbours.
#[derive(Clone)]
pub struct Hands {
    /// The bus for events that tell of a change of status.
    pub emit: Emit,
    /// Asked before such an event is made: mostly nobody listens.
    pub hears: Hears,
    /// The dead-letter queues of rules.
    pub give_back: GiveBack,
}

/// Whether an operation is served: the service as credential scopes call it, and the operation's name.
pub type Serves = fn(&str, &str) -> bool;

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hands")
    }
}

/// The state machines of a store. Clones share it.
#[derive(Clone)]
pub struct States {
    store: Store,
    queues: Queues,
    logs: Logs,
    hands: Hands,
    /// What Tasks may ask for; nothing of `aws-sdk` before it is said.
    serves: Arc<OnceLock<Serves>>,
    /// The mock file; none before it is said.
    mocks: Arc<OnceLock<Arc<MockConfig>>>,
    /// Folders that stand for buckets; none before they are said.
    folders: Arc<OnceLock<Arc<dyn Folders>>>,
    /// Definitions, parsed, by their revision.
    parsed: Arc<Mutex<HashMap<String, Arc<asl::Machine>>>>,
}

/// Parsed definitions kept at a time; they are dropped all at once when there are more.
const PARSED_MAX: usize = 500;

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("States")
    }
}

impl States {
    /// The state machines of the store that these queues are in. What was under way when the store was closed is taken up
    /// again. Blocks on the store.
    ///
    /// # Errors
    /// The store's.
    pub fn open(queues: Queues, logs: Logs, hands: Hands) -> Result<Self, store::Error> {
        let states = Self {
            store: queues.store().clone(),
            queues,
            logs,
            hands,
            serves: Arc::default(),
            folders: Arc::default(),
            mocks: Arc::default(),
            parsed: Arc::default(),
        };
        states.take_up()?;
        Ok(states)
    }

    /// The store that they are in.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The account and the region.
    pub fn home(&self) -> &Scope {
        self.store.scope()
    }

    pub(crate) fn queues(&self) -> &Queues {
        &self.queues
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Says which operations Tasks may ask for: the first who says it.
    pub fn set_served(&self, serves: Serves) {
        let _ = self.serves.set(serves);
    }

    /// Says which folders stand for S3's buckets: the first who says it.
    pub fn set_folders(&self, folders: Arc<dyn Folders>) {
        let _ = self.folders.set(folders);
    }

    /// Says which mock file answers for executions that are started as `ARN#CASE`: the first who says it.
    pub fn set_mocks(&self, mocks: Arc<MockConfig>) {
        let _ = self.mocks.set(mocks);
    }

    pub(crate) fn mocks(&self) -> Option<&MockConfig> {
        self.mocks.get().map(AsRef::as_ref)
    }

    pub(crate) fn buckets(&self) -> Buckets {
        Buckets(self.folders.get().cloned())
    }

    pub(crate) fn serves(&self) -> Serves {
        self.serves.get().copied().unwrap_or(|_, _| false)
    }

    pub(crate) fn hands(&self) -> &Hands {
        &self.hands
    }

    /// A definition, parsed.
    ///
    /// # Errors
    /// `StateMachineDoesNotExist` where it is gone.
    pub(crate) fn parsed(&self, read: &mut impl Read, revision: &str) -> Result<Arc<asl::Machine>, Error> {
        if let Some(machine) = self.lock().get(revision) {
            return Ok(Arc::clone(machine));
        }
        let record = Revision::find(read, revision).ok_or_else(|| error::no_machine(revision))?;
        let machine = asl::parse(&record.definition, record.kind).machine;
        let machine = Arc::new(machine.ok_or_else(|| error::no_machine(&record.machine))?);
        let mut parsed = self.lock();
        if parsed.len() >= PARSED_MAX {
            parsed.clear();
        }
        parsed.insert(revision.to_owned(), Arc::clone(&machine));
        Ok(machine)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<asl::Machine>>> {
        // A panic while it was held left the map whole: each change of it is one.
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
