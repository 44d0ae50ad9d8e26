//! A notification channel of an org, from the listener's side: made, subscribed, connected, and followed from conversation to
//! conversation.
//!
//! Over a WebSocket a topic names one entity, so the topics of the org's queues announce its conversations
//! (`v2.routing.queues.{id}.conversations`), and each of those is then subscribed to by its id. What happens before that, and what
//! does not fit into a channel's 1,000 topics, is asked of analytics (`catch_up`).

use std::collections::{BTreeMap, VecDeque};

use aws::Timestamp;
use serde_json::{Value, json};

use crate::client::Client;
use crate::client::fault::Fault;
use crate::client::socket::Socket;
use crate::envelope::topic::Topic;

/// Topics of one channel. Source: the vendor's documentation.
const TOPICS_MAX: usize = 1_000;
/// The topic by which a queue announces its conversations.
const QUEUE_CONVERSATIONS: &str = "v2.routing.queues.{id}.conversations";
const QUEUES: &str = "v2.routing.queues.{id}";
const USERS: &str = "v2.users.{id}";
const CONVERSATION: &str = "v2.detail.events.conversation.{id}";

/// The topics that are followed by default: what the conversation tracker reads.
pub const TOPICS: [&str; 12] = [
    "v2.detail.events.conversation.{id}.customer.start",
    "v2.detail.events.conversation.{id}.customer.end",
    "v2.detail.events.conversation.{id}.flow.start",
    "v2.detail.events.conversation.{id}.flow.end",
    "v2.detail.events.conversation.{id}.acd.start",
    "v2.detail.events.conversation.{id}.acd.end",
    "v2.detail.events.conversation.{id}.user.start",
    "v2.detail.events.conversation.{id}.user.end",
    "v2.detail.events.conversation.{id}.acw",
    "v2.detail.events.conversation.{id}.wrapup",
    "v2.detail.events.conversation.{id}.voicemail.start",
    "v2.detail.events.conversation.{id}.voicemail.end",
];

/// What there is in an org.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgFacts {
    /// The org's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The names of its queues, by id.
    pub queues: BTreeMap<String, String>,
    /// The names of its wrap-up codes, by id; none where the client may not read them.
    pub wrap_ups: BTreeMap<String, String>,
    /// Its users; read only where a topic asks for them.
    pub users: Vec<String>,
}

impl OrgFacts {
    /// Asks the org.
    ///
    /// # Errors
    /// The client's.
    pub async fn ask(client: &Client, topics: &[String]) -> Result<Self, Fault> {
        let text = |value: &Value, name: &str| {
            value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let org = client.get("/api/v2/organizations/me").await?;
        let queues = client.numbered("/api/v2/routing/queues").await?;
        // Names for people only: not worth a refusal.
        let wrap_ups = client.numbered("/api/v2/routing/wrapupcodes").await.unwrap_or_default();
        let named = |entities: &[Value]| -> BTreeMap<String, String> {
            entities.iter().map(|entity| (text(entity, "id"), text(entity, "name"))).collect()
        };
        let wants_users = topics.iter().any(|topic| topic.starts_with(USERS));
        let users = if wants_users { client.numbered("/api/v2/users").await? } else { Vec::new() };
        Ok(Self {
            id: text(&org, "id"),
            name: text(&org, "name"),
            queues: named(&queues),
            wrap_ups: named(&wrap_ups),
            users: users.iter().map(|user| text(user, "id")).collect(),
        })
    }

    /// The id of a queue, by its name.
    pub fn queue_id(&self, name: &str) -> Option<String> {
        self.queues.iter().find(|(_, known)| *known == name).map(|(id, _)| id.clone())
    }
}

/// A channel and what it is subscribed to.
#[derive(Debug)]
pub struct Channel {
    id: String,
    connect_uri: String,
    expires: Timestamp,
    /// Topics that stay: those of queues and users.
    standing: Vec<String>,
    /// Ends of the topics of each conversation: `acd.end`.
    suffixes: Vec<String>,
    /// Conversations that are followed, oldest first.
    followed: VecDeque<String>,
    changed: bool,
}

impl Channel {
    /// Makes a channel with the topics that stay.
    ///
    /// # Errors
    /// The client's; and where the topics of queues and users alone are too many.
    pub async fn open(client: &Client, facts: &OrgFacts, topics: &[String]) -> Result<Self, Fault> {
        let TopicPlan { standing, suffixes } = plan(facts, topics);
        if standing.len() > TOPICS_MAX {
            return Err(Fault::strange(format!(
                "the topics name {} entities of this org, and a channel has at most {TOPICS_MAX}; leave out the topics of users",
                standing.len()
            )));
        }
        let made = client.send("POST", "/api/v2/notifications/channels", &json!({})).await?;
        let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let expires = Timestamp::parse_iso(&text("expires")).unwrap_or(Timestamp::MAX);
        let channel = Self {
            id: text("id"),
            connect_uri: text("connectUri"),
            expires,
            standing,
            suffixes,
            followed: VecDeque::new(),
            changed: false,
        };
        channel.subscribe(client).await?;
        Ok(channel)
    }

    /// Opens the channel's socket.
    ///
    /// # Errors
    /// The client's.
    pub async fn connect(&self, client: &Client) -> Result<Socket, Fault> {
        client.socket(&self.connect_uri).await
    }

    /// When its life ends.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Learns from a notification which conversations there are; [`Channel::refresh`] then follows them.
    pub fn learn(&mut self, topic: &Topic, frame: &Value) {
        if topic.template() != QUEUE_CONVERSATIONS || self.suffixes.is_empty() {
            return;
        }
        let Some(id) = frame.pointer("/eventBody/id").and_then(Value::as_str) else { return };
        let is_known = self.followed.iter().any(|known| known == id);
        if !is_known {
            self.followed.push_back(id.to_owned());
            self.changed = true;
        }
        let room = TOPICS_MAX.saturating_sub(self.standing.len()) / self.suffixes.len().max(1);
        while self.followed.len() > room {
            // The oldest has most likely ended; what it still sends will come from analytics.
            self.followed.pop_front();
            self.changed = true;
        }
    }

    /// Subscribes to what has been learned.
    ///
    /// # Errors
    /// The client's; it is tried again with the next refresh.
    pub async fn refresh(&mut self, client: &Client) -> Result<(), Fault> {
        if self.changed {
            self.subscribe(client).await?;
            self.changed = false;
        }
        Ok(())
    }

    async fn subscribe(&self, client: &Client) -> Result<(), Fault> {
        let of_conversations = self.followed.iter().flat_map(|id| {
            self.suffixes.iter().map(move |suffix| format!("v2.detail.events.conversation.{id}.{suffix}"))
        });
        let topics: Vec<Value> =
            self.standing.iter().cloned().chain(of_conversations).map(|id| json!({"id": id})).collect();
        // One topic that is refused must not cost all others; it is named below.
        let path = format!("/api/v2/notifications/channels/{}/subscriptions?ignoreErrors=true", self.id);
        let answer = client.send("PUT", &path, &json!(topics)).await?;
        for entity in answer.get("entities").and_then(Value::as_array).into_iter().flatten() {
            if entity.get("state").and_then(Value::as_str) == Some("Rejected") {
                tracing::warn!(topic = %entity, "the org refuses a topic");
            }
        }
        Ok(())
    }
}

/// What a channel is to be subscribed to.
struct TopicPlan {
    /// Topics that stay.
    standing: Vec<String>,
    /// Ends of the topics of each conversation.
    suffixes: Vec<String>,
}

/// Sorts the requested topics: one for each queue and user, and suffixes for conversations.
fn plan(facts: &OrgFacts, topics: &[String]) -> TopicPlan {
    let mut standing = Vec::new();
    let mut suffixes = Vec::new();
    for topic in topics {
        if let Some(suffix) = topic.strip_prefix(CONVERSATION) {
            suffixes.push(suffix.trim_start_matches('.').to_owned());
        } else if topic.starts_with(QUEUES) {
            standing.extend(facts.queues.keys().map(|id| topic.replacen("{id}", id, 1)));
        } else if topic.starts_with(USERS) {
            standing.extend(facts.users.iter().map(|id| topic.replacen("{id}", id, 1)));
        } else {
            standing.push(topic.clone());
        }
    }
    if !suffixes.is_empty() {
        standing.extend(facts.queues.keys().map(|id| QUEUE_CONVERSATIONS.replacen("{id}", id, 1)));
    }
    standing.sort();
    standing.dedup();
    TopicPlan { standing, suffixes }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Channel, OrgFacts, TOPICS, TOPICS_MAX, TopicPlan, plan};
    use crate::envelope::topic::Topic;

    #[test]
    fn a_channel_follows_conversations_within_its_limit() {
        let facts =
            OrgFacts { queues: [("q1".to_owned(), "Support".to_owned())].into(), ..OrgFacts::default() };
        let TopicPlan { standing, suffixes } = plan(&facts, &TOPICS.map(str::to_owned));
        assert_eq!(standing, ["v2.routing.queues.q1.conversations"]);
        let mut channel = Channel {
            id: String::new(),
            connect_uri: String::new(),
            expires: aws::Timestamp::MAX,
            standing,
            suffixes,
            followed: Default::default(),
            changed: false,
        };
        let topic = Topic::from_name("v2.routing.queues.q1.conversations");
        for number in 0..500 {
            let frame = json!({"eventBody": {"id": format!("c{}", number / 2)}});
            channel.learn(&topic, &frame);
        }
        assert!(channel.changed && channel.followed.back().is_some_and(|last| last == "c249"));
        let topics = channel.followed.len() * TOPICS.len() + 1;
        assert!(topics <= TOPICS_MAX && topics > TOPICS_MAX - TOPICS.len(), "{topics}");
    }
}
