//! A writer without a thread: whoever drives it says when a sync ends, so that a run can be told again by its seed.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::writer::Writer;

/// The writer, and whether it waits to be driven.
pub(crate) struct Driven {
    writer: Mutex<Writer>,
    by_turns: AtomicBool,
    arrived: Notify,
}

impl Driven {
    pub(crate) fn new(writer: Writer) -> Self {
        Self { writer: Mutex::new(writer), by_turns: AtomicBool::new(false), arrived: Notify::new() }
    }

    /// A job has been put into the inbox.
    pub(crate) fn handed_in(&self) {
        if self.by_turns.load(Ordering::Relaxed) {
            self.arrived.notify_one();
        } else {
            self.turn();
        }
    }

    fn turn(&self) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).turn();
    }
}

/// Drives the writer of a store that [`crate::Store::open_driven`] has opened.
pub struct Drive(pub(crate) Option<Arc<Driven>>);

impl fmt::Debug for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drive")
    }
}

impl Drive {
    /// From now on jobs wait for [`Drive::turn`]; before, each is committed where it is handed in, so that rooms can be
    /// opened.
    pub fn go_by_turns(&self) {
        if let Some(driven) = &self.0 {
            driven.by_turns.store(true, Ordering::Relaxed);
        }
    }

    /// Completes when a job has arrived since the last one was waited for.
    pub async fn arrival(&self) {
        if let Some(driven) = &self.0 {
            driven.arrived.notified().await;
        }
    }

    /// Commits all that has arrived and releases its tickets, here and now.
    pub fn turn(&self) {
        if let Some(driven) = &self.0 {
            driven.turn();
        }
    }
}
