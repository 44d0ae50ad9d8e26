//! The one writer: takes what has arrived, commits it with one sync, releases the tickets.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use redb::{Database, WriteTransaction};
use tokio::sync::watch;

use crate::changes::Changes;
use crate::error::Error;
use crate::guard::guarded;
use crate::keyspace::{EngineTable, KEYSPACE, Sequence};
use crate::passed_over::PassedOver;
use crate::pending::{Hook, Pending, Writes};
use crate::space::Space;

/// Tells the asker how its job ended.
pub(crate) type Done = Box<dyn FnOnce(Result<(), Error>) + Send>;
/// Runs the closure: how it ended, and whom to tell.
pub(crate) type Run = Box<dyn for<'a> FnOnce(Result<&'a mut (dyn Writes + 'a), Error>) -> (End, Done) + Send>;

/// How a job's closure ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Its writes are kept.
    Keep,
    /// It refused: nothing of it is kept.
    Leave,
    /// It panicked, with this message: the store stops.
    Panicked(String),
}

/// What a job is for, which decides what becomes of it on a full disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It adds data: refused.
    Adds,
    /// It frees space or moves what is there: may use the reserve.
    Settles,
    /// It adds data that can wait: it goes with the next commit that somebody else needs.
    Accompanies,
}

pub(crate) struct Job {
    pub(crate) purpose: Purpose,
    pub(crate) run: Run,
}

/// So many jobs share a sync at most: a bound on what one commit holds in memory and on the first job's wait.
const JOBS_PER_COMMIT_MAX: usize = 4096;
/// So many bytes share a sync at most, for the same reason.
const BYTES_PER_COMMIT_MAX: usize = 16 << 20;

pub(crate) struct Writer {
    pub(crate) database: Arc<Database>,
    pub(crate) inbox: Receiver<Job>,
    pub(crate) stop: watch::Sender<Option<String>>,
    pub(crate) sequence: Sequence,
    pub(crate) space: Space,
    pub(crate) passed_over: Arc<PassedOver>,
    /// Jobs that wait for somebody else's commit.
    pub(crate) companions: Vec<Job>,
}

/// What one commit gathers.
#[derive(Default)]
struct Batch {
    waiting: Vec<(Done, Result<(), Error>)>,
    hooks: Vec<Hook>,
    changes: Changes,
    bytes: usize,
    writes: usize,
}

impl Writer {
    /// Runs until every sender is gone.
    pub(crate) fn run(mut self) {
        while let Ok(first) = self.inbox.recv() {
            self.commit_from(first);
        }
    }

    /// Commits what has arrived, in as many commits as that takes; nothing where nothing has.
    pub(crate) fn turn(&mut self) {
        while let Ok(first) = self.inbox.try_recv() {
            self.commit_from(first);
        }
    }

    /// One commit: this job, and those that have arrived after it.
    fn commit_from(&mut self, first: Job) {
        let stopped = self.stop.borrow().clone();
        if let Some(cause) = stopped {
            // INVARIANT (C8): after a failed sync nothing is acknowledged, and the sync is not tried again.
            let (_, done) = (first.run)(Err(Error::Stopped { cause: cause.clone() }));
            done(Err(Error::Stopped { cause }));
            return;
        }
        if first.purpose == Purpose::Accompanies {
            self.companions.push(first);
            return;
        }
        let mut batch = Batch::default();
        // The engine may panic over a damaged page, and a hook over a bug: nobody must wait for ever because of it.
        let committed = guarded(|| self.commit(first, &mut batch)).and_then(|outcome| outcome);
        let stopped = match committed {
            Ok(()) => batch.release(),
            Err(cause) => {
                self.stop.send_replace(Some(cause.clone()));
                batch.fail(&Error::Stopped { cause });
                Ok(())
            }
        };
        if let Err(cause) = stopped {
            self.stop.send_replace(Some(cause));
        }
    }

    fn commit(&mut self, first: Job, batch: &mut Batch) -> Result<(), String> {
        // Looked at before the engine is asked: after a write that failed it would not even read any more.
        if self.space.is_read_only() {
            batch.refuse(first, Error::ReadOnly);
            return Ok(());
        }
        let database = Arc::clone(&self.database);
        let transaction = match database.begin_write() {
            Ok(transaction) => transaction,
            Err(e) => {
                batch.refuse(first, Error::Stopped { cause: e.to_string() });
                return Err(e.to_string());
            }
        };
        self.run_jobs(&transaction, first, batch)?;
        if batch.writes == 0 {
            return transaction.abort().map_err(|e| e.to_string());
        }
        transaction.commit().map_err(|e| e.to_string())
    }

    fn run_jobs(
        &mut self,
        transaction: &WriteTransaction,
        first: Job,
        batch: &mut Batch,
    ) -> Result<(), String> {
        let disk_full = self.space.full();
        let mut engine = match transaction.open_table(KEYSPACE) {
            Ok(engine) => engine,
            Err(e) => {
                batch.refuse(first, Error::Stopped { cause: e.to_string() });
                return Err(e.to_string());
            }
        };
        let mut next = Some(first);
        while let Some(job) = next {
            match (&disk_full, job.purpose) {
                (_, Purpose::Accompanies) => self.companions.push(job),
                (Some(full), Purpose::Adds) => batch.refuse(job, full.clone()),
                (_, Purpose::Adds | Purpose::Settles) => self.run_job(job, &mut engine, batch)?,
            }
            next = if batch.has_room() { self.inbox.try_recv().ok() } else { None };
        }
        if batch.writes > 0 && disk_full.is_none() {
            for job in std::mem::take(&mut self.companions) {
                self.run_job(job, &mut engine, batch)?;
            }
        }
        batch.changes.apply(&mut engine).map_err(|e| e.to_string())?;
        self.space.removed(batch.changes.take_freed_bytes());
        batch.writes += usize::from(self.sequence.store(&mut engine)?);
        Ok(())
    }

    fn run_job(&mut self, job: Job, engine: &mut EngineTable<'_>, batch: &mut Batch) -> Result<(), String> {
        let mut pending = Pending::new(engine, &mut batch.changes, &mut self.sequence, &self.passed_over);
        let (end, done) = (job.run)(Ok(&mut pending));
        let (outcome, written) = match (pending.finish(), end) {
            (Ok(written), End::Keep) => (Ok(()), Some(written)),
            (Ok(_), End::Leave) => (Ok(()), None),
            (Err(failure), End::Keep | End::Leave) => (Err(failure), None),
            (_, End::Panicked(cause)) => (Err(Error::Stopped { cause }), None),
        };
        batch.waiting.push((done, outcome.clone()));
        if let Err(Error::Stopped { cause }) = outcome {
            // What the engine could not read, or a bug: nothing more is tried on this transaction.
            return Err(cause);
        }
        let Some(written) = written else { return Ok(()) };
        batch.hooks.extend(written.hooks);
        batch.writes += written.overlay.len();
        for (key, value) in written.overlay {
            match value {
                Some(value) => {
                    batch.bytes += key.len() + value.len();
                    self.space.put(key.len() + value.len());
                    batch.changes.put(key, value);
                }
                None => batch.changes.remove(key),
            }
        }
        Ok(())
    }
}

impl Batch {
    fn has_room(&self) -> bool {
        self.waiting.len() < JOBS_PER_COMMIT_MAX && self.bytes < BYTES_PER_COMMIT_MAX
    }

    fn refuse(&mut self, job: Job, error: Error) {
        let (_, done) = (job.run)(Err(error.clone()));
        self.waiting.push((done, Err(error)));
    }

    /// INVARIANT (C1): only called after the sync. An error where a hook panicked: memory no longer mirrors the disk.
    fn release(self) -> Result<(), String> {
        let hooks = guarded(|| self.hooks.into_iter().for_each(|hook| hook()));
        for (done, outcome) in self.waiting {
            done(outcome);
        }
        hooks
    }

    fn fail(self, error: &Error) {
        for (done, _) in self.waiting {
            done(Err(error.clone()));
        }
    }
}
