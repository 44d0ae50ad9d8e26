//! The feeds of a real org: those who hear it hand over what they hear, one task commits it.

pub(crate) mod notifications;
pub(crate) mod partner_queue;
mod silence;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use aws::Timestamp;
use events::{BusName, Events};
use genesys::feed::watermark;
use genesys::tracker::derived::QueueNames;
use genesys::tracker::grace::Grace;
use genesys::tracker::intake::Intake;
use genesys::tracker::intake::feed_clock::FeedMoment;
use genesys_org::platform::Platform;
use serde::Deserialize;
use store::Tx;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;

pub use crate::listen::notifications::NotificationsFeed;
pub use crate::listen::partner_queue::PartnerQueueFeed;

use crate::clock;
use crate::ingest::{Batch, Ingest, PreparedEvent};
use crate::rooms::Rooms;
use crate::ticking::{Next, Tick};

/// How long the commit waits at most before it looks at timers that ring.
const TICK: Duration = Duration::from_millis(50);
/// Events that one commit takes in.
const EVENTS_PER_COMMIT_MAX: usize = 200;
/// Timers that one commit serves.
const TIMERS_PER_COMMIT_MAX: usize = 200;
/// What may wait to be committed; a full disk then stops the reading.
const WAITING_MAX: usize = 10_000;

/// What is handed to the commit.
#[derive(Debug)]
enum FeedItem {
    /// A notification, with the envelope that it is put on the bus with.
    Event(String),
    /// An event made from analytics; dropped without a word where it came by itself.
    MadeUp(String),
    /// An event whose sender is told what became of it.
    Owned(String, Option<oneshot::Sender<Fate>>),
    /// Everything of this org up to here has been handed over.
    Whole(String, Timestamp),
}

/// What became of an event that somebody else keeps until then.
#[derive(Debug)]
enum Fate {
    /// It is on disk.
    Committed,
    /// It cannot be taken in, for this reason, however often it comes.
    Unreadable(String),
}

/// The way to the commit.
#[derive(Clone, Debug)]
struct ToCommit {
    heard: mpsc::Sender<FeedItem>,
    /// Wakes the commit.
    more: Arc<Notify>,
}

impl ToCommit {
    async fn send(&self, heard: FeedItem) {
        // The commit is gone when the server ends: what it did not take comes again after the next start.
        drop(self.heard.send(heard).await);
        self.more.notify_one();
    }
}

/// Commits what is heard.
#[derive(Debug)]
pub(crate) struct Listening {
    rooms: Rooms,
    ingest: Ingest,
    heard: mpsc::Receiver<FeedItem>,
    more: Arc<Notify>,
    /// Received and not committed yet: kept until the commit that takes it in, whatever fails before.
    batch: Vec<FeedItem>,
}

/// Where an event comes from, which is also the name of its bus.
#[derive(Deserialize)]
struct From {
    source: String,
}

impl Listening {
    /// Makes the bus of derived events where it is missing. What is sent through the second is committed by the first.
    async fn open(
        rooms: Rooms,
        bus: BusName,
        grace: Grace,
        queues: HashMap<String, String>,
    ) -> Result<(Self, ToCommit), store::Error> {
        // Another feed of this process knows the same org.
        drop(rooms.names.set(queues.clone()));
        let (events, now, made) = (rooms.events.clone(), clock::now(), bus.clone());
        // Only moves what is there once it exists, so it may use the disk's reserve: on a full disk the rest still starts.
        let ensured = rooms.store.write_reserved(
            |error| error,
            move |tx| {
                events.ensure_bus(tx, &made, now);
                Ok(())
            },
        );
        ensured.await?;
        let intake = Intake::new(rooms.queues.clone(), grace, QueueNames(queues.into_iter().collect()));
        if rooms.feed.set((intake.clone(), bus.clone())).is_err() {
            tracing::warn!("another feed runs here already; `reconcile --repair` uses its bus");
        }
        let ingest = Ingest::new(&rooms, intake, bus, Platform::new());
        let (sender, heard) = mpsc::channel(WAITING_MAX);
        let more = Arc::new(Notify::new());
        let to_commit = ToCommit { heard: sender, more: Arc::clone(&more) };
        Ok((Self { rooms, ingest, heard, more, batch: Vec::new() }, to_commit))
    }

    async fn commit(&mut self) -> Result<Next, store::Error> {
        while self.batch.len() < EVENTS_PER_COMMIT_MAX {
            let Ok(heard) = self.heard.try_recv() else { break };
            self.batch.push(heard);
        }
        let now = clock::now();
        let nothing_rings = self.ingest.intake.next_wake().is_none_or(|at| at > now);
        if self.batch.is_empty() && nothing_rings {
            return Ok(Next::Pause);
        }
        let sources = self.batch.iter().filter_map(source).collect();
        self.ensure_buses(sources, now).await?;
        let (prepared, whole) = self.prepared(now);
        let batch = Batch { prepared, moment: FeedMoment::real(now), timers_max: TIMERS_PER_COMMIT_MAX };
        let saved = move |tx: &mut Tx<'_>| {
            for (org, at) in &whole {
                watermark::save(tx, org, *at);
            }
        };
        let rung = self.ingest.commit(batch, saved).await?.rung;
        let more = self.batch.len() == EVENTS_PER_COMMIT_MAX || rung == TIMERS_PER_COMMIT_MAX;
        for heard in self.batch.drain(..) {
            if let FeedItem::Owned(_, Some(sender)) = heard
                && sender.send(Fate::Committed).is_err()
            {
                tracing::debug!(
                    "whoever handed over an event is gone; it comes again and is dropped as a duplicate"
                );
            }
        }
        Ok(if more { Next::Again } else { Next::Pause })
    }

    /// What of the batch can be read, and up to when each org is whole. What cannot be read, and what has a sender and no bus of
    /// its own, leaves the batch, and its sender is told why.
    fn prepared(&mut self, now: Timestamp) -> (Vec<PreparedEvent>, Vec<(String, Timestamp)>) {
        let (mut prepared, mut whole) = (Vec::with_capacity(self.batch.len()), Vec::new());
        let ingest = &self.ingest;
        self.batch.retain_mut(|heard| {
            let made = match &*heard {
                FeedItem::Event(text) | FeedItem::Owned(text, _) => ingest.prepare(text, now),
                FeedItem::MadeUp(text) => ingest.prepare(text, now).map(PreparedEvent::made_up),
                FeedItem::Whole(org, at) => {
                    whole.push((org.clone(), *at));
                    return true;
                }
            };
            match made {
                // Its sender keeps it: it comes again when the bus is there, or ends in the sender's dead-letter queue.
                Ok(event)
                    if matches!(heard, FeedItem::Owned(..))
                        && (event.is_homeless() || source(heard).is_none()) =>
                {
                    refuse(heard, "its source has no partner event bus here");
                    return false;
                }
                Ok(event) => prepared.push(event),
                Err(error) => {
                    refuse(heard, &error.to_string());
                    return false;
                }
            }
            true
        });
        (prepared, whole)
    }

    /// Makes the buses of these partner event sources where they are missing. Looked for each time: somebody may delete one
    /// while it is fed.
    async fn ensure_buses(&self, mut sources: BTreeSet<String>, now: Timestamp) -> Result<(), store::Error> {
        if !sources.is_empty() {
            self.rooms.store.read(|read| {
                sources
                    .retain(|source| BusName::parse(source).is_some_and(|bus| !Events::has_bus(read, &bus)));
            })?;
        }
        if sources.is_empty() {
            return Ok(());
        }
        let events = self.rooms.events.clone();
        let made = self.rooms.store.write_reserved(
            |error| error,
            move |tx| {
                for source in &sources {
                    if let Err(error) = events.ensure_partner_bus(tx, source, now) {
                        tracing::error!(%error, source, "the org's own bus was not made");
                    }
                }
                Ok(())
            },
        );
        made.await
    }
}

/// Tells whoever keeps an event why it is not taken in; the log, where nobody does.
fn refuse(heard: &mut FeedItem, reason: &str) {
    match heard {
        FeedItem::Owned(_, sender) => {
            // A sender that is gone gets the message again.
            if let Some(sender) = sender.take() {
                drop(sender.send(Fate::Unreadable(reason.to_owned())));
            }
        }
        _ => tracing::warn!(reason, "an event of the feed cannot be read and is left out"),
    }
}

/// The partner event source that an event names.
fn source(heard: &FeedItem) -> Option<String> {
    let (FeedItem::Event(text) | FeedItem::MadeUp(text) | FeedItem::Owned(text, _)) = heard else {
        return None;
    };
    let From { source } = serde_json::from_str(text).ok()?;
    source.starts_with("aws.partner/genesys.com/").then_some(source)
}

impl Tick for Listening {
    const NAME: &'static str = "listening";
    const PAUSE: Duration = TICK;

    async fn tick(&mut self) -> Result<Next, store::Error> {
        self.commit().await
    }

    async fn wait(&self) {
        // Whatever comes first: somebody hands something over, or timers are to be looked at.
        drop(timeout(Self::PAUSE, self.more.notified()).await);
    }
}

/// Nobody waits for what a listener is about when the server goes: it comes again after the next start.
async fn until_closed(work: impl Future<Output = ()>, mut closing: watch::Receiver<bool>) {
    tokio::select! {
        () = work => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
}
