//! What the server opens, as things with one face: what each sweeps, what it counts, when something of it falls due.
//!
//! Sweep, metrics and audit are loops over this list. Adding a component is writing its room and a line in [`components`].

use std::fmt;

use aws::Timestamp;
use aws::books::Page;
use events::Events;
use genesys::platform::event_stream::Streams;
use genesys::tracker::intake::{Intake, seen};
use genesys::webhook;
use logs::Logs;
use queue::Queues;
use store::{Commit, Snapshot};

use crate::rooms::Rooms;

/// Records that one commit removes, so that nothing else waits long for it.
const REMOVED_PER_COMMIT_MAX: usize = 1_000;

/// Whether there is more of the same to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum More {
    /// There is.
    Yes,
    /// There is not.
    No,
}

impl From<bool> for More {
    fn from(more: bool) -> Self {
        if more { Self::Yes } else { Self::No }
    }
}

/// One of the things that the server opens.
pub(crate) trait Component: fmt::Debug + Send + Sync {
    /// Its name in the log.
    fn name(&self) -> &'static str;

    /// Removes or moves a bounded piece of what is to go: in a commit of its own, so that what stops one does not stop others.
    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        let _ = commit;
        More::No
    }

    /// When something of it falls due next, as far as that is known.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    /// Its books.
    fn books(&self, read: &mut Snapshot, now: Timestamp) -> Vec<Page> {
        let _ = (read, now);
        Vec::new()
    }
}

/// The components of these rooms.
pub(crate) fn components(rooms: &Rooms) -> Vec<Box<dyn Component>> {
    vec![
        Box::new(rooms.events.clone()),
        Box::new(rooms.streams.clone()),
        Box::new(rooms.queues.clone()),
        Box::new(MoveTasks(rooms.queues.clone())),
        Box::new(rooms.logs.clone()),
        Box::new(Feed),
        Box::new(Webhooks),
    ]
}

fn is_full_piece(removed: usize) -> More {
    More::from(removed >= REMOVED_PER_COMMIT_MAX)
}

impl Component for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        let now = commit.now;
        More::from(Events::sweep(self, commit, now, REMOVED_PER_COMMIT_MAX).more)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.next_due_at()
    }

    fn books(&self, read: &mut Snapshot, _now: Timestamp) -> Vec<Page> {
        self.counts(read).pages()
    }
}

impl Component for Streams {
    fn name(&self) -> &'static str {
        "event streams"
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.next_due_at()
    }

    fn books(&self, read: &mut Snapshot, now: Timestamp) -> Vec<Page> {
        vec![self.page(read, now)]
    }
}

impl Component for Queues {
    fn name(&self) -> &'static str {
        "queues"
    }

    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        let now = commit.now;
        is_full_piece(Queues::sweep(self, commit, now, REMOVED_PER_COMMIT_MAX))
    }
}

/// The message move tasks of the queues, which have rates in messages a second.
#[derive(Debug)]
struct MoveTasks(Queues);

impl Component for MoveTasks {
    fn name(&self) -> &'static str {
        "message move tasks"
    }

    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        let now = commit.now;
        More::from(self.0.step_move_tasks(commit, now) > 0)
    }
}

impl Component for Logs {
    fn name(&self) -> &'static str {
        "log groups"
    }

    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        let now = commit.now;
        is_full_piece(Logs::sweep(self, commit, now, REMOVED_PER_COMMIT_MAX))
    }
}

/// The way in of the Genesys feed: what it remembers of events that came, and what it counts.
#[derive(Debug)]
struct Feed;

impl Component for Feed {
    fn name(&self) -> &'static str {
        "feed"
    }

    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        let now = commit.now;
        is_full_piece(seen::forget(commit, now, REMOVED_PER_COMMIT_MAX))
    }

    fn books(&self, read: &mut Snapshot, _now: Timestamp) -> Vec<Page> {
        vec![Intake::counts(read).page()]
    }
}

/// The webhooks.
#[derive(Debug)]
struct Webhooks;

impl Component for Webhooks {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn books(&self, read: &mut Snapshot, _now: Timestamp) -> Vec<Page> {
        vec![webhook::page(read)]
    }
}
