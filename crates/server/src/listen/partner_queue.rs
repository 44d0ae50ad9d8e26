//! The feed of an org through the SQS queue that a rule on its partner bus fills: several readers, each message deleted after
//! its commit.

use std::collections::HashMap;
use std::time::Duration;

use events::BusName;
use genesys::feed::partner_queue::{HIDDEN, Message, PartnerQueue};
use genesys::tracker::grace::Grace;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, interval_at, sleep};

use crate::clock;
use crate::listen::{FeedItem, Listening, ToCommit, until_closed};
use crate::rooms::Rooms;

/// Readers of one queue, each with up to ten messages at a time.
const READERS: usize = 16;
/// How often messages that wait for their commit are kept hidden.
const HOLD_EVERY: Duration = Duration::from_secs(HIDDEN.as_secs() / 3);
/// The first pause after a failure; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(60);

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
    for _ in 0..READERS {
        let reader = read(feed.queue.clone(), to_commit.clone());
        tokio::spawn(until_closed(reader, closing.clone()));
    }
    Ok(listening)
}

async fn read(queue: PartnerQueue, to_commit: ToCommit) {
    let mut pause = PAUSE;
    loop {
        match queue.receive().await {
            Ok(messages) => {
                pause = PAUSE;
                take(&queue, &to_commit, messages).await;
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

/// Hands messages to the commit, keeps them hidden until it is done, and deletes what is committed. What cannot be read stays
/// in the queue, whose own dead-letter queue gets it.
async fn take(queue: &PartnerQueue, to_commit: &ToCommit, messages: Vec<Message>) {
    let mut waiting = Vec::with_capacity(messages.len());
    for message in &messages {
        let (committed, told) = oneshot::channel();
        to_commit.send(FeedItem::Owned(message.body.clone(), committed)).await;
        waiting.push(told);
    }
    let mut hold = interval_at(Instant::now() + HOLD_EVERY, HOLD_EVERY);
    let mut done = Vec::with_capacity(messages.len());
    for (message, mut told) in messages.iter().zip(waiting) {
        let is_committed = loop {
            tokio::select! {
                told = &mut told => break told.is_ok(),
                _ = hold.tick() => {
                    if let Err(error) = queue.hold(&messages).await {
                        tracing::warn!(%error, "messages that wait for their commit may come again");
                    }
                }
            }
        };
        if is_committed {
            done.push(message.clone());
        }
    }
    if let Err(error) = queue.delete(&done).await {
        tracing::warn!(%error, "committed messages were not deleted; they come again and are dropped as duplicates");
    }
}
