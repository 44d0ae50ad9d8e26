//! The open store: snapshots to read, a writer to write.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use aws::Scope;
use redb::Database;
use tokio::sync::{oneshot, watch};

use crate::driven::{Drive, Driven};
use crate::engine::{self, Opened};
use crate::error::{Error, OpenError};
use crate::folder::Folder;
use crate::guard::guarded;
use crate::keyspace::{KeyFit, seal_secrets};
use crate::passed_over::PassedOver;
use crate::pending::Writes;
use crate::scopes::{load, register};
use crate::sealing::{self, SecretKey};
use crate::snapshot::Snapshot;
use crate::space::{Paths, Space};
use crate::ticket::Ticket;
use crate::tx::Tx;
use crate::view::{Registry, View};
use crate::writer::{Done, End, Job, Purpose, Writer};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the home scope is called: the account and the region that the server is started with.
    pub home: Scope,
    /// Memory for pages read and not yet written, in bytes.
    pub cache_bytes: usize,
    /// Writes that add data are refused when the disk has less than this left, in bytes, so that receives and deletes,
    /// which write too, can go on.
    pub disk_reserve_bytes: u64,
    /// What secrets are sealed with, where they are.
    pub secret_key: Option<SecretKey>,
    /// Opens it also without its key: for what copies values and reads none of those.
    pub leaves_secrets_sealed: bool,
    /// Is told of each damaged record that a job went round ([`Tx::pass_over`]); must not block.
    pub on_damage: fn(&Error),
    /// Is called where recovery has left out the newest commit because it was not whole: it was never acknowledged, or the disk
    /// has lost what it said was safe.
    pub on_dropped_commit: fn(),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            home: Scope::default(),
            cache_bytes: 32 << 20,
            disk_reserve_bytes: 64 << 20,
            secret_key: None,
            leaves_secrets_sealed: false,
            on_damage: |_| (),
            on_dropped_commit: || (),
        }
    }
}

/// An open store, seen from one scope. Clones and views of other scopes share it; the data folder is released when the
/// last one goes.
#[derive(Clone)]
pub struct Store {
    shared: Arc<StoreState>,
    view: Arc<View>,
}

struct StoreState {
    database: Arc<Database>,
    jobs: Mutex<Option<Sender<Job>>>,
    stopped: watch::Receiver<Option<String>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The writer, where it has no thread.
    driven: Option<Arc<Driven>>,
    path: PathBuf,
    passed_over: Arc<PassedOver>,
    // Dropped last: the lock is held until the engine has closed its file.
    folder: Option<Folder>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.shared.path)
            .field("scope", &self.view.scope)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the data folder, making it where it is missing, and recovers what a crash left.
    ///
    /// # Errors
    /// [`OpenError`]: in use, of a newer format, not ours, or refused by the system.
    pub fn open(folder: &Path, options: &Options) -> Result<Self, OpenError> {
        let folder = Folder::open(folder)?;
        let file = folder.engine_file(|file| engine::create(file, options.cache_bytes).map(drop))?;
        let opened = engine::open(&file, options.cache_bytes)?;
        Self::start(opened, options, (Some(folder), Hand::Thread))
    }

    /// Opens a store on another disk than a folder: the crash tests' simulated one.
    ///
    /// # Errors
    /// As [`Store::open`], where the engine cannot recover what the disk holds.
    pub fn open_on(disk: impl redb::StorageBackend, options: &Options) -> Result<Self, OpenError> {
        Self::start(engine::open_on(disk, options.cache_bytes)?, options, (None, Hand::Thread))
    }

    /// As [`Store::open_on`], with a writer that has no thread: it commits when the [`Drive`] says so, and until that is
    /// asked to go by turns it commits each job where it is handed in. For a simulation, which decides when a sync ends.
    ///
    /// # Errors
    /// As [`Store::open_on`].
    pub fn open_driven(
        disk: impl redb::StorageBackend,
        options: &Options,
    ) -> Result<(Self, Drive), OpenError> {
        let opened = engine::open_on(disk, options.cache_bytes)?;
        let store = Self::start(opened, options, (None, Hand::Drive))?;
        let drive = Drive(store.shared.driven.clone());
        Ok((store, drive))
    }

    fn start(
        opened: Opened,
        options: &Options,
        (folder, hand): (Option<Folder>, Hand),
    ) -> Result<Self, OpenError> {
        let Opened { database, sequence, dropped_commit } = opened;
        if dropped_commit {
            (options.on_dropped_commit)();
        }
        let path = folder.as_ref().map_or_else(PathBuf::new, |folder| folder.path().to_path_buf());
        let paths = folder
            .as_ref()
            .map(|folder| Paths { folder: folder.path().to_path_buf(), file: folder.store_file() });
        let space = Space::of(&database, paths, options.disk_reserve_bytes);
        let file = folder.as_ref().map(Folder::store_file).unwrap_or_default();
        let fit = engine::attempt(&file, || seal_secrets(&database, options.secret_key.as_ref()))?;
        if fit != KeyFit::Fits && !options.leaves_secrets_sealed {
            return Err(OpenError::Sealed { folder: path, is_missing: fit == KeyFit::Missing });
        }
        if options.secret_key.is_some() {
            sealing::set(options.secret_key.clone());
        }
        let view = home(&database, &options.home)
            .map_err(|error| OpenError::Damaged { file, cause: error.to_string() })?;
        let database = Arc::new(database);
        let (jobs, inbox) = channel();
        let (stop, stopped) = watch::channel(None);
        let passed_over = Arc::new(PassedOver::new(options.on_damage));
        let writer = Writer {
            database: Arc::clone(&database),
            inbox,
            stop,
            sequence,
            space,
            passed_over: Arc::clone(&passed_over),
            companions: Vec::new(),
        };
        let (thread, driven) = match hand {
            Hand::Thread => (Some(spawn(writer)?), None),
            Hand::Drive => (None, Some(Arc::new(Driven::new(writer)))),
        };
        Ok(Self {
            shared: Arc::new(StoreState {
                database,
                jobs: Mutex::new(Some(jobs)),
                stopped,
                thread: Mutex::new(thread),
                driven,
                path,
                passed_over,
                folder,
            }),
            view: Arc::new(view),
        })
    }

    /// Reads a consistent snapshot of what is committed.
    ///
    /// # Errors
    /// The first failure or damage that `read` met.
    pub fn read<R>(&self, read: impl FnOnce(&mut Snapshot) -> R) -> Result<R, Error> {
        let mut snapshot = Snapshot::of(&self.shared.database, View::clone(&self.view))?;
        let result = read(&mut snapshot);
        snapshot.finish().map(|()| result)
    }

    /// The scope that this view is of.
    pub fn scope(&self) -> &Scope {
        &self.view.scope
    }

    /// Every scope of the store, the home scope first.
    pub fn scopes(&self) -> Vec<Scope> {
        self.view.scopes()
    }

    /// The same store seen from another scope, which is registered if it is new. Blocks then; not for async code.
    ///
    /// # Errors
    /// The store's failure while registering.
    pub fn in_scope(&self, scope: &Scope) -> Result<Self, Error> {
        if let Some(view) = self.view.of(scope) {
            return Ok(Self { shared: Arc::clone(&self.shared), view: Arc::new(view) });
        }
        let home = Self { shared: Arc::clone(&self.shared), view: Arc::new(self.view.to_home()) };
        let new = scope.clone();
        // A few bytes, without which nothing that the scope holds can be received: the reserve is for that.
        let number = home.write_reserved(|error| error, move |tx| register(tx, &new)).wait()?;
        Ok(Self { shared: home.shared, view: Arc::new(self.view.with(scope, number)) })
    }

    /// Hands `job` to the writer. Its writes are kept if it returns `Ok`, and the ticket is released by their sync.
    /// Refused with [`Error::DiskFull`] when the disk's reserve is reached.
    pub fn write<T, E, F>(&self, on_failure: fn(Error) -> E, job: F) -> Ticket<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.submit(Purpose::Adds, on_failure, job)
    }

    /// As [`Store::write`], for jobs that free space or only move what is there (receives, deletes, settlements): they
    /// may use the disk's reserve.
    pub fn write_reserved<T, E, F>(&self, on_failure: fn(Error) -> E, job: F) -> Ticket<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.submit(Purpose::Settles, on_failure, job)
    }

    /// As [`Store::write`], for what can wait: the job runs in the next commit that writes something else, and never makes a
    /// commit of its own. While the disk's reserve is reached it goes on waiting; those that wait when the store is closed are
    /// given up.
    pub fn write_along<T, E, F>(&self, on_failure: fn(Error) -> E, job: F) -> Ticket<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.submit(Purpose::Accompanies, on_failure, job)
    }

    /// Becomes `Some(cause)` when a sync has failed, or the writer could not go on for another reason, and the process
    /// should end (contract C8).
    pub fn stopped(&self) -> watch::Receiver<Option<String>> {
        self.shared.stopped.clone()
    }

    /// Damaged records that jobs went round since the store was opened ([`Tx::pass_over`]).
    pub fn passed_over(&self) -> u64 {
        self.shared.passed_over.count()
    }

    /// Whether others than its owner may look into the data folder.
    pub fn is_open_to_others(&self) -> bool {
        self.shared.folder.as_ref().is_some_and(Folder::is_open)
    }

    pub(crate) fn database(&self) -> &Database {
        &self.shared.database
    }

    /// The data folder.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    fn submit<T, E, F>(&self, purpose: Purpose, on_failure: fn(Error) -> E, job: F) -> Ticket<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        let view = Arc::clone(&self.view);
        let run = Box::new(move |writes: Result<&mut dyn Writes, Error>| {
            // A job that panics must not leave its asker waiting: the store stops, and everyone is told why.
            let (outcome, end) = match guarded(|| {
                writes.map_err(on_failure).and_then(|writes| job(&mut Tx::new(writes, &view)))
            }) {
                Ok(Ok(answer)) => (Ok(answer), End::Keep),
                Ok(Err(refusal)) => (Err(refusal), End::Leave),
                Err(cause) => {
                    (Err(on_failure(Error::Stopped { cause: cause.clone() })), End::Panicked(cause))
                }
            };
            let done: Done = Box::new(move |committed| {
                let answered = match committed {
                    Ok(()) => outcome,
                    Err(failure) => Err(on_failure(failure)),
                };
                // Whoever asked may have gone away; what was written stays written.
                let _ = answer.send(answered);
            });
            (end, done)
        });
        if let Ok(jobs) = self.shared.jobs.lock()
            && let Some(jobs) = jobs.as_ref()
        {
            // A writer that is gone drops the job, and with it the answer: the ticket then says that the store is closed.
            let _ = jobs.send(Job { purpose, run });
        }
        if let Some(driven) = &self.shared.driven {
            driven.handed_in();
        }
        Ticket::new(receiver, on_failure)
    }
}

/// Who runs the writer.
enum Hand {
    /// A thread of its own.
    Thread,
    /// A [`Drive`].
    Drive,
}

fn spawn(writer: Writer) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || writer.run())
        .map_err(|source| OpenError::Io { action: "start the writer thread".to_owned(), source })
}

/// The home scope of a database, with the others that are registered in it.
fn home(database: &Database, home: &Scope) -> Result<View, Error> {
    let view = View::home(Arc::new(Registry::new(home.clone())));
    let mut snapshot = Snapshot::of(database, view.clone())?;
    load(&view.registry, &mut snapshot);
    snapshot.finish().map(|()| view)
}

impl Drop for StoreState {
    fn drop(&mut self) {
        if let Ok(mut jobs) = self.jobs.lock() {
            *jobs = None;
        }
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            // It ends when its inbox is empty; a panic there has already closed every ticket.
            let _ = thread.join();
        }
    }
}
