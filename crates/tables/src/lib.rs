//! DynamoDB: tables and items, by an engine that is not ours, in a SQLite file of its own for each account and region.
//!
//! The room is thin: it reads a request, hands it to the engine on a thread that may block, and writes the answer. A write is
//! acknowledged after the engine's sync (SQLite's `synchronous = FULL`, its default, which nothing here changes). After the
//! first failure to write to or read from the disk nothing is acknowledged any more: [`Tables::stopped`] says so, and the
//! process ends. The engine reads its own clock, and touches its own file: the one exception to the rule that only the store does.

pub mod backup;
mod cannot_open;
mod engine;
mod error;
pub mod file;
mod long_read;
pub mod ops;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws::Scope;
use dynoxide::Database;
use tokio::sync::watch;

pub use crate::cannot_open::CannotOpen;
use crate::long_read::Watched;
pub use crate::long_read::{LongRead, Watch};

/// The tables of an account and region. Clones share them.
#[derive(Clone)]
pub struct Tables {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database,
    scope: Scope,
    /// Why nothing is acknowledged any more.
    stopped: watch::Sender<Option<String>>,
    watched: Watched,
}

impl Tables {
    /// Opens the tables in a file, which is made where it is missing. Blocks.
    ///
    /// # Errors
    /// [`CannotOpen`]: a file that cannot be read or written, that is no file of tables, or that a newer engine wrote.
    pub fn open(file: &Path, scope: Scope) -> Result<Self, CannotOpen> {
        let refuse = |why: &dyn fmt::Display| CannotOpen(format!("the tables in {}: {why}", file.display()));
        let path = file.to_str().ok_or_else(|| refuse(&"the file's name is not UTF-8"))?;
        let database = Database::new(path).map_err(|error| refuse(&error))?;
        let (stopped, watched) = (watch::Sender::new(None), Watched::default());
        let shared = Shared { database, scope, stopped, watched };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Has reads told that take long. The first one who asks is the one who is told.
    pub fn watch(&self, watch: Watch) {
        self.shared.watched.set(watch);
    }

    /// Turns to the cause when the disk has failed.
    pub fn stopped(&self) -> watch::Receiver<Option<String>> {
        self.shared.stopped.subscribe()
    }

    /// Removes items whose time to live has ended: later than AWS's promise is early, and never before. Blocks.
    ///
    /// # Errors
    /// The engine's.
    pub fn sweep(&self) -> Result<usize, aws::Error> {
        let _at_work = backup::at_work();
        self.shared.database.sweep_ttl().map_err(|error| self.refusal("", &error))
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").field("scope", &self.shared.scope).finish_non_exhaustive()
    }
}
