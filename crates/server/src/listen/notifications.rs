//! The feed of an org over its notifications: one task listens, one asks analytics for what was missed.

use std::sync::Arc;
use std::time::Duration;

use aws::Timestamp;
use events::BusName;
use genesys::analytics::synthesis;
use genesys::client::Client;
use genesys::client::fault::Fault;
use genesys::envelope::topic::Topic;
use genesys::feed::catch_up::{self, Interval, Selection};
use genesys::feed::envelope::Sender;
use genesys::feed::notifications::{Channel, OrgFacts};
use genesys::feed::watermark;
use genesys::tracker::grace::Grace;
use genesys::tracker::intake::seen::KNOWN_FOR;
use serde_json::Value;
use tokio::sync::{Notify, watch};
use tokio::time::{interval, sleep, timeout};

use crate::clock;
use crate::listen::{FeedItem, Listening, ToCommit, until_closed};
use crate::rooms::Rooms;

/// How often what has been learned of new conversations is subscribed to.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// How often analytics is asked for the conversations that have ended.
const CATCH_UP_EVERY: Duration = Duration::from_secs(60);
/// Analytics knows an event some seconds after it has happened: each round looks so far behind the one before it.
const LAG: Duration = Duration::from_secs(120);
/// A simulated org may run ahead of our clock; what is to come is asked for too, and there is nothing of it in a real one.
const AHEAD: Duration = Duration::from_secs(24 * 3_600);
/// How soon analytics is asked again when it did not answer, after what the client waited by itself.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Topics of what analytics tells of.
const CONVERSATION: &str = "v2.detail.events.conversation.";
/// A channel is replaced so long before its end.
const RENEWED_BEFORE: Duration = Duration::from_secs(600);
/// The first pause before a new connection; it doubles up to [`RECONNECT_MAX`].
const RECONNECT: Duration = Duration::from_millis(500);
const RECONNECT_MAX: Duration = Duration::from_secs(60);

/// A real org, and where its derived events go.
#[derive(Clone, Debug)]
pub struct NotificationsFeed {
    /// Calls the org.
    pub client: Client,
    /// What there is in it.
    pub facts: OrgFacts,
    /// Templates of the topics that are followed.
    pub topics: Vec<String>,
    /// The bus of derived events.
    pub bus: BusName,
    /// How long the tracker waits.
    pub grace: Grace,
}

/// Starts listening, and asking for what was missed since the last run.
pub(crate) async fn start(
    feed: NotificationsFeed,
    rooms: Rooms,
    closing: watch::Receiver<bool>,
) -> Result<Listening, store::Error> {
    let org_id = feed.facts.id.clone();
    let heard_until = rooms.store.read(|read| watermark::load(read, &org_id))?.unwrap_or_else(clock::now);
    let sender = Sender::of_org(&org_id, rooms.events.account(), rooms.events.region());
    let queues = feed.facts.queues.clone().into_iter().collect();
    let store = rooms.store.clone();
    let (listening, to_commit) = Listening::open(rooms, feed.bus.clone(), feed.grace.clone(), queues).await?;
    // Now and not with the first event, so that rules can be put on it.
    listening.ensure_buses([sender.source.clone()].into(), clock::now()).await?;
    let ear = Ear { feed, sender, to_commit, gap: Arc::new(Notify::new()) };
    tokio::spawn(until_closed(ear.clone().catch_up(heard_until), closing.clone()));
    if ear.follows_conversations() {
        tokio::spawn(until_closed(ear.clone().ask_for_silent(store), closing.clone()));
    }
    tokio::spawn(until_closed(ear.listen(), closing));
    Ok(listening)
}

#[derive(Clone, Debug)]
pub(super) struct Ear {
    pub(super) feed: NotificationsFeed,
    sender: Sender,
    to_commit: ToCommit,
    /// Told when a socket has been connected: what came before is missing.
    gap: Arc<Notify>,
}

impl Ear {
    /// Listens for ever: a channel after the other, a socket after the other.
    async fn listen(self) {
        let mut channel = None;
        let mut pause = RECONNECT;
        loop {
            match self.one_socket(&mut channel).await {
                Ok(why) => {
                    tracing::info!(why, "the notification socket has ended; connecting again");
                    pause = RECONNECT;
                }
                Err(error) => {
                    tracing::warn!(%error, pause_ms = pause.as_millis(), "the org's notifications cannot be heard");
                    // The channel may be what is wrong: the next attempt makes another.
                    channel = None;
                    pause = pause.saturating_mul(2).min(RECONNECT_MAX);
                }
            }
            let spread_ms = clock::ids().next_u64() % 500;
            sleep(pause + Duration::from_millis(spread_ms)).await;
        }
    }

    /// Listens on one socket until it ends; why it did.
    async fn one_socket(&self, kept: &mut Option<Channel>) -> Result<String, Fault> {
        let client = &self.feed.client;
        let is_fresh =
            kept.as_ref().is_some_and(|channel| channel.expires() > clock::now().plus(RENEWED_BEFORE));
        if !is_fresh {
            *kept = None;
        }
        let channel = match kept {
            Some(channel) => channel,
            None => kept.insert(Channel::open(client, &self.feed.facts, &self.feed.topics).await?),
        };
        let mut socket = channel.connect(client).await?;
        tracing::info!(org = self.feed.facts.name, "listening to the org's notifications");
        self.gap.notify_one();
        let mut refresh = interval(REFRESH_EVERY);
        loop {
            let text = tokio::select! {
                text = socket.next() => text,
                _ = refresh.tick() => {
                    if let Err(error) = channel.refresh(client).await {
                        tracing::warn!(%error, "new conversations are not followed for now");
                    }
                    if channel.expires() <= clock::now().plus(RENEWED_BEFORE) {
                        socket.close().await;
                        return Ok("the channel's life is nearly over".to_owned());
                    }
                    continue;
                }
            };
            let text = match text {
                Ok(text) => text,
                Err(why) => return Ok(why),
            };
            let frame: Value = serde_json::from_str(&text).unwrap_or_default();
            let name = frame.get("topicName").and_then(Value::as_str).unwrap_or_default();
            match name {
                // A heartbeat, or an answer to our ping.
                "" | "channel.metadata" => {}
                "v2.system.socket_closing" => {
                    socket.close().await;
                    return Ok("the org is about to close it".to_owned());
                }
                name => {
                    channel.learn(&Topic::from_name(name), &frame);
                    self.hand_over(&frame, FeedItem::Event).await;
                }
            }
        }
    }

    pub(super) async fn hand_over(&self, frame: &Value, how: fn(String) -> FeedItem) {
        match self.sender.wrap(frame, clock::now()) {
            Ok(text) => self.to_commit.send(how(text)).await,
            Err(error) => tracing::warn!(%error, "a notification cannot be read and is left out"),
        }
    }

    /// Whether any of the topics is one of those that analytics can make up for.
    fn follows_conversations(&self) -> bool {
        self.feed.topics.iter().any(|topic| topic.starts_with(CONVERSATION))
    }

    /// Asks analytics, after each connection for everything and each minute for what has ended, and makes up what is missing.
    async fn catch_up(self, mut from: Timestamp) {
        loop {
            let is_gap = timeout(CATCH_UP_EVERY, self.gap.notified()).await.is_ok();
            let selection = if is_gap { Selection::All } else { Selection::Ended };
            let now = clock::now();
            let to = now.plus(AHEAD);
            if from < catch_up::reach(to) {
                tracing::warn!(
                    "the gap is longer than analytics answers; what is older than 29 days stays missing"
                );
            }
            // Older events that came are no longer known to have come, unless it is the gap itself that reaches so far back.
            let oldest = from.minus(LAG).min(now.minus(KNOWN_FOR));
            let found = if self.follows_conversations() {
                catch_up::conversations(&self.feed.client, Interval { from: from.minus(LAG), to }, selection)
                    .await
            } else {
                Ok(Vec::new())
            };
            match found {
                Ok(found) => {
                    let mut frames: Vec<Value> = found.iter().flat_map(synthesis::detail_events).collect();
                    frames.retain(|frame| is_wanted(frame, &self.feed.topics, oldest));
                    for frame in &frames {
                        self.hand_over(frame, FeedItem::MadeUp).await;
                    }
                    from = now;
                    self.to_commit.send(FeedItem::Whole(self.feed.facts.id.clone(), now)).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "the org's analytics does not answer; asked again");
                    if is_gap {
                        self.gap.notify_one();
                    }
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}

/// Whether a made-up notification is of a topic that is followed, and not older than this.
pub(super) fn is_wanted(frame: &Value, topics: &[String], oldest: Timestamp) -> bool {
    let name = frame.get("topicName").and_then(Value::as_str).unwrap_or_default();
    let topic = Topic::from_name(name);
    let at_ms = frame.pointer("/eventBody/eventTime").and_then(Value::as_u64);
    topics.iter().any(|followed| followed == topic.template() || followed == name)
        && at_ms.is_none_or(|at_ms| at_ms >= oldest.unix_ms())
}

#[cfg(test)]
mod tests {
    use aws::Timestamp;
    use serde_json::json;

    use super::is_wanted;

    #[test]
    fn only_followed_topics_within_the_time_are_made_up() {
        let topics = ["v2.detail.events.conversation.{id}.acd.end".to_owned()];
        let frame = |end: &str| {
            let name = format!("v2.detail.events.conversation.c1.{end}");
            json!({"topicName": name, "eventBody": {"eventTime": 1_000}})
        };
        let at = Timestamp::from_unix_ms;
        assert!(is_wanted(&frame("acd.end"), &topics, at(1_000)));
        assert!(!is_wanted(&frame("acd.start"), &topics, at(1_000)));
        assert!(!is_wanted(&frame("acd.end"), &topics, at(1_001)));
    }
}
