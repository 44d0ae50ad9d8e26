//! The pool: environments that wait for their function's next invocation, and how many there may be.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::environment::{Environment, Remains, Slot};

/// Which function, and in which state of its configuration and code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) arn: String,
    pub(crate) revision: u64,
}

#[derive(Debug)]
struct Idle {
    key: Key,
    environment: Environment,
    since: Instant,
}

#[derive(Debug, Default)]
struct Shelf {
    /// In the order in which they became idle.
    idle: Vec<Idle>,
    /// The /tmp of environments whose processes have ended, by function.
    slots: HashMap<String, Vec<Slot>>,
}

/// Where environments wait.
#[derive(Debug)]
pub(crate) struct Pool {
    shelf: Mutex<Shelf>,
    permits: Arc<Semaphore>,
    freed: Notify,
    folder: PathBuf,
    next_slot: AtomicU64,
}

/// What an invocation gets.
#[derive(Debug)]
pub(crate) enum EnvironmentSlot {
    Warm(Environment),
    /// The right to start one.
    Cold(OwnedSemaphorePermit),
}

impl Pool {
    pub(crate) fn new(folder: PathBuf, environments_max: usize) -> Self {
        Self {
            shelf: Mutex::default(),
            permits: Arc::new(Semaphore::new(environments_max.max(1))),
            freed: Notify::new(),
            folder,
            next_slot: AtomicU64::new(0),
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A warm environment, or the right to start one. Where there are as many as there may be, the one that has been idle
    /// longest makes room, whosever it is; where none is idle, the next that becomes it is waited for.
    pub(crate) async fn place(&self, key: &Key) -> EnvironmentSlot {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if let Some(environment) = self.warm(key).await {
                return EnvironmentSlot::Warm(environment);
            }
            if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
                return EnvironmentSlot::Cold(permit);
            }
            let oldest = {
                let mut shelf = self.shelf();
                (!shelf.idle.is_empty()).then(|| shelf.idle.remove(0))
            };
            match oldest {
                Some(oldest) => self.end(oldest.key.arn, oldest.environment).await,
                None => freed.await,
            }
        }
    }

    /// The environment that was used last: the others may then fall idle for good.
    async fn warm(&self, key: &Key) -> Option<Environment> {
        loop {
            let found = {
                let mut shelf = self.shelf();
                let at = shelf.idle.iter().rposition(|idle| idle.key.arn == key.arn)?;
                shelf.idle.remove(at)
            };
            let mut environment = found.environment;
            if found.key.revision == key.revision && !environment.is_over() {
                return Some(environment);
            }
            self.end(found.key.arn, environment).await;
        }
    }

    /// Takes an environment back that can be used again.
    pub(crate) fn put_back(&self, key: Key, environment: Environment) {
        self.shelf().idle.push(Idle { key, environment, since: Instant::now() });
        self.freed.notify_waiters();
    }

    /// Ends an environment; its /tmp is kept for the function's next one.
    pub(crate) async fn end(&self, arn: String, environment: Environment) {
        let Remains { slot, permit } = environment.end().await;
        self.keep(arn, slot);
        drop(permit);
        self.freed.notify_waiters();
    }

    /// Keeps a /tmp for the function's next environment.
    pub(crate) fn keep(&self, arn: String, slot: Slot) {
        self.shelf().slots.entry(arn).or_default().push(slot);
    }

    /// A /tmp for a new environment: one that the function has used, or an empty one.
    pub(crate) fn slot(&self, arn: &str) -> io::Result<Slot> {
        if let Some(slot) = self.shelf().slots.get_mut(arn).and_then(Vec::pop) {
            return Ok(slot);
        }
        let number = self.next_slot.fetch_add(1, Ordering::Relaxed);
        Slot::make(self.folder.join(number.to_string()))
    }

    /// Ends what nobody has used for so long, and forgets the /tmp of functions that have no environment left.
    pub(crate) async fn sweep(&self, idle_max: Duration) {
        let old: Vec<Idle> = {
            let mut shelf = self.shelf();
            shelf.idle.extract_if(.., |idle| idle.since.elapsed() >= idle_max).collect()
        };
        for idle in old {
            drop(idle.environment.end().await);
            self.freed.notify_waiters();
            let mut shelf = self.shelf();
            if !shelf.idle.iter().any(|other| other.key.arn == idle.key.arn) {
                shelf.slots.remove(&idle.key.arn);
            }
        }
    }

    /// Ends the idle environments of one function, and forgets its /tmp.
    pub(crate) async fn forget(&self, arn: &str) {
        let old: Vec<Idle> = {
            let mut shelf = self.shelf();
            shelf.slots.remove(arn);
            shelf.idle.extract_if(.., |idle| idle.key.arn == arn).collect()
        };
        for idle in old {
            drop(idle.environment.end().await);
        }
        self.freed.notify_waiters();
    }

    /// How many environments wait.
    pub(crate) fn idle(&self) -> usize {
        self.shelf().idle.len()
    }
}
