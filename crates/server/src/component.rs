//! What the server opens, as things with one face: the loops it runs, what each sweeps, what it counts, when something of it
//! falls due.
//!
//! Start, sweep, metrics and audit are loops over this list. Adding a component is writing its room and a line in [`components`].

use std::fmt;
use std::pin::Pin;

use aws::Timestamp;
use aws::books::Page;
use delivery::{Deliveries, Invocations, Mappings, Porter, Posts};
use events::Events;
use genesys::platform::event_stream::{Streams, trip};
use genesys::tracker::intake::{Intake, seen};
use genesys::webhook;
use http_client::Client;
use logs::Logs;
use queue::Queues;
use states::States;
use store::{Commit, Snapshot, Store};
use tables::Tables;
use tokio::sync::watch;

use crate::clock::OWN_CLOCK;
use crate::config::Config;
use crate::functions::Workshop;
use crate::replay::Replays;
use crate::rooms::Rooms;
use crate::schedule::Schedules;
use crate::series::Keeping;
use crate::table_sweep::TableSweep;
use crate::ticking::ticking;

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

/// What the loops of all components share.
pub(crate) struct Hands<'h> {
    /// Carries what is owed.
    pub(crate) porter: &'h Porter,
    /// The way out.
    pub(crate) client: &'h Client,
    /// How the server was started.
    pub(crate) config: &'h Config,
    /// Turns true when the server closes; every loop ends then.
    pub(crate) closing: &'h watch::Receiver<bool>,
}

/// Work that goes on until the server closes.
pub(crate) type Loop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One of the things that the server opens.
pub(crate) trait Component: fmt::Debug + Send + Sync {
    /// Its name in the log.
    fn name(&self) -> &'static str;

    /// What goes on beside the door.
    fn loops(&self, hands: &Hands<'_>) -> Vec<Loop> {
        let _ = hands;
        Vec::new()
    }

    /// Whether its loops need files, processes or threads of their own, which no simulation has.
    fn needs_the_machine(&self) -> bool {
        false
    }

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
        Box::new(rooms.states.clone()),
        Box::new(Functions {
            workshop: rooms.workshop.clone(),
            logs: rooms.logs.clone(),
            store: rooms.store.clone(),
        }),
        Box::new(rooms.tables.clone()),
        Box::new(Feed),
        Box::new(Webhooks),
        Box::new(OverTime(rooms.clone())),
    ]
}

fn is_full_piece(removed: usize) -> More {
    More::from(removed >= REMOVED_PER_COMMIT_MAX)
}

impl Component for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn loops(&self, hands: &Hands<'_>) -> Vec<Loop> {
        let closing = || hands.closing.clone();
        let deliveries = Deliveries::new(self.clone(), OWN_CLOCK, hands.client.clone());
        let deliveries = deliveries.with_aws(hands.config.aws.clone());
        vec![
            Box::pin(hands.porter.clone().carry(deliveries.clone(), closing())),
            Box::pin(deliveries.authorize(closing())),
            Box::pin(ticking(Replays::new(self.clone()), closing())),
            Box::pin(ticking(Schedules(self.clone()), closing())),
        ]
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

    fn loops(&self, hands: &Hands<'_>) -> Vec<Loop> {
        let posts = Posts::new(self.clone(), hands.client.clone());
        vec![Box::pin(hands.porter.clone().carry(posts, hands.closing.clone()))]
    }

    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        let now = commit.now;
        is_full_piece(trip::forget(commit, now, REMOVED_PER_COMMIT_MAX))
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

/// Its loops are started with the services that Tasks call.
impl Component for States {
    fn name(&self) -> &'static str {
        "state machines"
    }

    fn sweep(&self, commit: &mut Commit<'_>) -> More {
        is_full_piece(States::sweep(self, commit, REMOVED_PER_COMMIT_MAX))
    }
}

/// Functions, and where what they write goes.
#[derive(Debug)]
struct Functions {
    workshop: Workshop,
    logs: Logs,
    store: Store,
}

impl Component for Functions {
    fn name(&self) -> &'static str {
        "functions"
    }

    fn needs_the_machine(&self) -> bool {
        true
    }

    fn loops(&self, hands: &Hands<'_>) -> Vec<Loop> {
        let invocations = Invocations::new(self.workshop.invoker());
        vec![
            Box::pin(self.workshop.clone().tend(
                self.logs.clone(),
                self.store.clone(),
                hands.closing.clone(),
            )),
            Box::pin(hands.porter.clone().carry(invocations, hands.closing.clone())),
            Box::pin(Mappings::new(self.workshop.invoker()).carry(hands.closing.clone())),
        ]
    }
}

impl Component for Tables {
    fn name(&self) -> &'static str {
        "tables"
    }

    fn needs_the_machine(&self) -> bool {
        true
    }

    /// Its records are in a file of their own, whose work may block: a loop of its own, and nothing in the sweep's commit.
    fn loops(&self, hands: &Hands<'_>) -> Vec<Loop> {
        vec![Box::pin(ticking(TableSweep(self.clone()), hands.closing.clone()))]
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

/// What the books count and the queues hold, over time.
#[derive(Debug)]
struct OverTime(Rooms);

impl Component for OverTime {
    fn name(&self) -> &'static str {
        "series"
    }

    fn loops(&self, hands: &Hands<'_>) -> Vec<Loop> {
        let keeping = Keeping::new(self.0.clone(), all_books);
        vec![Box::pin(ticking(keeping, hands.closing.clone()))]
    }
}

fn all_books(rooms: &Rooms, read: &mut Snapshot, now: Timestamp) -> Vec<Page> {
    components(rooms).iter().flat_map(|component| component.books(read, now)).collect()
}
