//! The feed of an org through the SQS queue that a rule on its partner bus fills: several readers, each message deleted after
//! its commit.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::BusName;
use genesys::feed::partner_queue::{HIDDEN, Message, PartnerQueue};
use genesys::tracker::grace::Grace;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, interval_at, sleep};

use crate::clock;
use crate::listen::{Fate, FeedItem, Listening, ToCommit, until_closed};
use crate::rooms::Rooms;

/// Readers of one queue, each with up to ten messages at a time.
const READERS: usize = 16;
/// How often messages that wait for their commit are kept hidden.
const HOLD_EVERY: Duration = Duration::from_secs(HIDDEN.as_secs() / 3);
/// The first pause after a failure; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Messages that are remembered to have been told of.
const TOLD_MAX: usize = 10_000;

/// The ids of the messages that were set aside, so that each is told once however often the queue gives it.
#[derive(Clone, Debug, Default)]
struct ReportedMessages(Arc<Mutex<HashSet<String>>>);

impl ReportedMessages {
    /// Notes an id; `false` where it was noted before.
    fn note(&self, id: &str) -> bool {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= TOLD_MAX {
            ids.clear();
        }
        ids.insert(id.to_owned())
    }
}

/// The queue, and where derived events go.
#[derive(Clone, Debug)]
pub struct PartnerQueueFeed {
    /// The queue.
    pub queue: PartnerQueue,
    /// Names of the org's queues, by id; a conversation of another queue is derived without its name.
    pub queues: HashMap<String, String>,
    /// The bus of derived events.
    pub bus: BusName,
    /// How long the tracker waits.
    pub grace: Grace,
}

/// Starts the readers.
pub(crate) async fn start(
    feed: PartnerQueueFeed,
    rooms: Rooms,
    closing: watch::Receiver<bool>,
) -> Result<Listening, store::Error> {
    let (listening, to_commit) = Listening::open(rooms, feed.bus, feed.grace, feed.queues).await?;
    let told = ReportedMessages::default();
    for _ in 0..READERS {
        let reader = read(feed.queue.clone(), to_commit.clone(), told.clone());
        tokio::spawn(until_closed(reader, closing.clone()));
    }
    Ok(listening)
}

async fn read(queue: PartnerQueue, to_commit: ToCommit, told: ReportedMessages) {
    let mut pause = PAUSE;
    loop {
        match queue.receive().await {
            Ok(messages) => {
                pause = PAUSE;
                take(&queue, &to_commit, &told, messages).await;
            }
            Err(error) => {
                tracing::warn!(%error, pause_ms = pause.as_millis(), "the partner queue cannot be read");
                let spread_ms = clock::ids().next_u64() % 500;
                sleep(pause + Duration::from_millis(spread_ms)).await;
                pause = pause.saturating_mul(2).min(PAUSE_MAX);
            }
        }
    }
}

/// Hands messages to the commit, keeps them hidden until it is done, and deletes what is committed. What cannot be read is told
/// once and set aside: it stays in the queue, hidden for a while each time, until the queue's own dead-letter queue gets it.
async fn take(queue: &PartnerQueue, to_commit: &ToCommit, told: &ReportedMessages, messages: Vec<Message>) {
    let mut waiting = Vec::with_capacity(messages.len());
    for message in &messages {
        let (sender, fate) = oneshot::channel();
        to_commit.send(FeedItem::Owned(message.body.clone(), Some(sender))).await;
        waiting.push(fate);
    }
    let mut hold = interval_at(Instant::now() + HOLD_EVERY, HOLD_EVERY);
    let (mut done, mut aside) = (Vec::with_capacity(messages.len()), Vec::new());
    for (message, mut fate) in messages.iter().zip(waiting) {
        let fate = loop {
            tokio::select! {
                fate = &mut fate => break fate,
                _ = hold.tick() => {
                    if let Err(error) = queue.hold(&messages).await {
                        tracing::warn!(%error, "messages that wait for their commit may come again");
                    }
                }
            }
        };
        match fate {
            Ok(Fate::Committed) => done.push(message.clone()),
            Ok(Fate::Unreadable(reason)) => {
                if told.note(&message.id) {
                    let (queue, message_id) = (queue.url(), &message.id);
                    tracing::warn!(queue, message_id, reason, "a message of the partner queue is set aside");
                }
                aside.push(message.clone());
            }
            // The server is ending: it comes again.
            Err(_) => {}
        }
    }
    if let Err(error) = queue.set_aside(&aside).await {
        tracing::warn!(%error, "messages that cannot be read come again at once");
    }
    if let Err(error) = queue.delete(&done).await {
        tracing::warn!(%error, "committed messages were not deleted; they come again and are dropped as duplicates");
    }
}
