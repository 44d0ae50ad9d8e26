//! Notification channels: topics subscribed, and the socket that their notifications are sent to.
//!
//! As in the real API, nothing is stored for a channel without a socket: it misses what happens meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws::Timestamp;
use genesys::catalogue::{self, Origin};
use genesys::envelope::topic::Topic;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::platform::Platform;

/// Maximum number of channels of one client; one more replaces the oldest, those without a socket first. Source: the vendor's docs.
const CHANNELS_MAX: usize = 20;
/// Maximum number of topics of one channel. Source: the vendor's docs.
const TOPICS_MAX: usize = 1_000;
/// How long a channel lives.
pub const LIFETIME: Duration = Duration::from_secs(24 * 3_600);
/// Maximum number of notifications that wait for a slow reader; one more closes its socket.
const WAITING_MAX: usize = 4_096;

/// A message for a socket.
pub type Frame = Arc<str>;

/// The socket's end of a channel.
#[derive(Debug)]
pub struct Connection {
    /// The messages for the socket.
    pub frames: mpsc::Receiver<Frame>,
    /// When the channel's life ends.
    pub expires: Timestamp,
}

/// All channels.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    open: BTreeMap<String, Channel>,
    /// Which channels want a topic.
    wanted: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug)]
struct Channel {
    client_id: String,
    made: Timestamp,
    topics: BTreeSet<String>,
    socket: Option<mpsc::Sender<Frame>>,
}

impl Channel {
    fn expires(&self) -> Timestamp {
        self.made.plus(LIFETIME)
    }
}

impl Channels {
    fn remove(&mut self, id: &str) {
        let Some(channel) = self.open.remove(id) else { return };
        for topic in channel.topics {
            self.forget(&topic, id);
        }
    }

    fn forget(&mut self, topic: &str, id: &str) {
        if let Some(ids) = self.wanted.get_mut(topic) {
            ids.remove(id);
            if ids.is_empty() {
                self.wanted.remove(topic);
            }
        }
    }

    fn expire(&mut self, now: Timestamp) {
        let over: Vec<String> = self
            .open
            .iter()
            .filter(|(_, channel)| channel.expires() <= now)
            .map(|(id, _)| id.clone())
            .collect();
        for id in over {
            self.remove(&id);
        }
    }

    fn evict_oldest(&mut self, client_id: &str) {
        let mut own: Vec<(bool, Timestamp, String)> = self
            .open
            .iter()
            .filter(|(_, channel)| channel.client_id == client_id)
            .map(|(id, channel)| (channel.socket.is_some(), channel.made, id.clone()))
            .collect();
        own.sort();
        let over = (own.len() + 1).saturating_sub(CHANNELS_MAX);
        for (_, _, id) in own.into_iter().take(over) {
            self.remove(&id);
        }
    }

    /// The client's own channel.
    fn of(&mut self, request: &ApiRequest) -> Result<&mut Channel, ApiError> {
        self.expire(request.now);
        let id = request.hole(0);
        let found = self.open.get_mut(id).filter(|channel| channel.client_id == request.client_id);
        found.ok_or_else(|| ApiError::not_found(format!("There is no channel with the id {id}.")))
    }

    /// Sends a notification to every subscriber of its topic.
    fn send(&mut self, topic: &str, frame: &Frame) {
        let Some(ids) = self.wanted.get(topic) else { return };
        for id in ids {
            let Some(channel) = self.open.get_mut(id) else { continue };
            let sent = channel.socket.as_ref().map(|socket| socket.try_send(Arc::clone(frame)));
            if sent.is_some_and(|sent| sent.is_err()) {
                channel.socket = None;
            }
        }
    }
}

/// `POST /api/v2/notifications/channels`.
pub fn create(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    platform.with_simulation(|_| Ok(()))?;
    let channels = &mut platform.state().channels;
    channels.expire(request.now);
    channels.evict_oldest(&request.client_id);
    let id = format!("streaming-{}", request.ids.next_uuid());
    let channel = Channel {
        client_id: request.client_id.clone(),
        made: request.now,
        topics: BTreeSet::new(),
        socket: None,
    };
    let body = channel_body(&id, &channel, request);
    channels.open.insert(id, channel);
    Ok(ApiResponse::ok(body))
}

/// `GET /api/v2/notifications/channels`: the client's own.
pub fn list(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let channels = &mut platform.state().channels;
    channels.expire(request.now);
    let own = channels.open.iter().filter(|(_, channel)| channel.client_id == request.client_id);
    let entities: Vec<Value> = own.map(|(id, channel)| channel_body(id, channel, request)).collect();
    Ok(ApiResponse::ok(json!({"entities": entities})))
}

/// `GET .../channels/{channelId}/subscriptions`.
pub fn list_subscriptions(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let channels = &mut platform.state().channels;
    let topics = &channels.of(request)?.topics;
    Ok(ApiResponse::ok(json!({"entities": topics.iter().map(|topic| permitted(topic)).collect::<Vec<_>>()})))
}

/// `POST .../channels/{channelId}/subscriptions`: adds topics.
pub fn add_subscriptions(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    subscribe(platform, request, Others::Stay)
}

/// `PUT .../channels/{channelId}/subscriptions`: these topics instead of all others.
pub fn replace_subscriptions(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    subscribe(platform, request, Others::Go)
}

/// `DELETE .../channels/{channelId}/subscriptions`: none any more.
pub fn delete_subscriptions(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let channels = &mut platform.state().channels;
    let topics = std::mem::take(&mut channels.of(request)?.topics);
    for topic in topics {
        channels.forget(&topic, request.hole(0));
    }
    Ok(ApiResponse::ok(json!({"entities": []})))
}

/// `GET /api/v2/notifications/availabletopics`.
pub fn list_topics(_: &Platform, _: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let topics = catalogue::topics().iter().filter(|topic| topic.origin() == Origin::Genesys);
    let entities: Vec<Value> = topics
        .map(|topic| {
            let transports = if topic.seen_on_event_bridge() {
                json!(["Websocket", "EventBridge"])
            } else {
                json!(["Websocket"])
            };
            json!({"id": topic.name(), "visibility": "Public", "transports": transports})
        })
        .collect();
    Ok(ApiResponse::ok(json!({"entities": entities})))
}

#[derive(Deserialize)]
struct ChannelTopic {
    id: String,
}

/// What happens to a channel's other topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    Stay,
    Go,
}

fn subscribe(platform: &Platform, request: &ApiRequest, others: Others) -> Result<ApiResponse, ApiError> {
    let topics: Vec<ChannelTopic> = request.json()?;
    let ignores_errors = request.param("ignoreErrors") == Some("true");
    let mut entities = Vec::with_capacity(topics.len());
    let mut good = BTreeSet::new();
    for ChannelTopic { id } in topics {
        let single = separate(&id);
        match single.iter().find_map(|name| wrong_with(name)) {
            None => {
                entities.push(permitted(&id));
                good.extend(single);
            }
            Some(reason) if ignores_errors => {
                entities.push(json!({"id": id, "state": "Rejected", "rejectionReason": reason}));
            }
            Some(reason) => return Err(ApiError::bad_request(reason)),
        }
    }
    let channels = &mut platform.state().channels;
    let channel = channels.of(request)?;
    let (all, dropped): (BTreeSet<String>, Vec<String>) = match others {
        Others::Go => (good.clone(), channel.topics.difference(&good).cloned().collect()),
        Others::Stay => (channel.topics.union(&good).cloned().collect(), Vec::new()),
    };
    if all.len() > TOPICS_MAX {
        let count = all.len();
        return Err(ApiError::bad_request(format!(
            "A channel has at most {TOPICS_MAX} topics; with these it would have {count}."
        )));
    }
    channel.topics = all;
    for topic in dropped {
        channels.forget(&topic, request.hole(0));
    }
    for topic in good {
        channels.wanted.entry(topic).or_default().insert(request.hole(0).to_owned());
    }
    Ok(ApiResponse::ok(json!({"entities": entities})))
}

/// The topics of a combined one: `v2.users.{id}?presence&routingStatus` is `v2.users.{id}.presence` and
/// `v2.users.{id}.routingStatus`. Source: the vendor's guide to notifications, "Combining topics".
fn separate(name: &str) -> Vec<String> {
    match name.split_once('?') {
        Some((entity, facets)) => facets.split('&').map(|facet| format!("{entity}.{facet}")).collect(),
        None => vec![name.to_owned()],
    }
}

/// Why a topic cannot be subscribed to over a WebSocket: it needs to be known, and to name its entities.
fn wrong_with(name: &str) -> Option<String> {
    let topic = Topic::from_name(name);
    if topic.to_string().contains("{id}") {
        return Some(format!(
            "Topic {name} must name its entity: over a WebSocket {{id}} stands for one id."
        ));
    }
    let known = catalogue::topic(topic.template()).is_some_and(|found| found.origin() == Origin::Genesys);
    (!known).then(|| format!("Topic {name} is not a valid topic."))
}

fn permitted(topic: &str) -> Value {
    json!({"id": topic, "state": "Permitted"})
}

fn channel_body(id: &str, channel: &Channel, request: &ApiRequest) -> Value {
    let socket = request.base_url.replacen("http", "ws", 1);
    json!({
        "connectUri": format!("{socket}/channels/{id}"),
        "id": id,
        "expires": channel.expires().to_iso_millis(),
    })
}

impl Platform {
    /// Connects a socket to a channel, replacing an older one. `None` where there is no such channel.
    pub fn connect(&self, channel_id: &str, now: Timestamp) -> Option<Connection> {
        let channels = &mut self.state().channels;
        channels.expire(now);
        let channel = channels.open.get_mut(channel_id)?;
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        channel.socket = Some(sender);
        Some(Connection { frames: receiver, expires: channel.expires() })
    }

    /// Whether there is any subscription: otherwise there is nothing to publish.
    pub fn is_listened_to(&self) -> bool {
        !self.state().channels.wanted.is_empty()
    }

    /// Sends a notification to the sockets whose channels subscribed to its topic, and with it the notifications of the queues and users
    /// of the conversation.
    pub fn publish(&self, topic: &Topic, frame: &Value) {
        let mut state = self.state();
        let name = topic.to_string();
        if state.channels.wanted.contains_key(&name) {
            state.channels.send(&name, &Frame::from(frame.to_string()));
        }
        let is_detail = topic.template().starts_with("v2.detail.events.conversation.");
        let Some(id) = topic.id().filter(|_| is_detail) else { return };
        let Some(record) =
            state.simulation.as_ref().and_then(|simulation| simulation.history.conversation(id))
        else {
            return;
        };
        let users = record.participants.iter().filter_map(|participant| participant.user);
        let names: Vec<String> = record
            .queues()
            .iter()
            .map(|queue| format!("v2.routing.queues.{queue}.conversations"))
            .chain(users.map(|user| format!("v2.users.{user}.conversations")))
            .filter(|name| state.channels.wanted.contains_key(name))
            .collect::<BTreeSet<String>>()
            .into_iter()
            .collect();
        if names.is_empty() {
            return;
        }
        let body = super::analytics::conversation_body(&super::analytics::of_record(&record));
        let metadata = frame.get("metadata").cloned().unwrap_or_else(|| json!({}));
        for name in names {
            let frame = json!({"topicName": name, "version": "2", "eventBody": body, "metadata": metadata});
            state.channels.send(&name, &Frame::from(frame.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{separate, wrong_with};

    #[test]
    fn a_combined_topic_is_several_in_one() {
        let user = "v2.users.e40f28ea-fa86-493f-a5b8-d559c8533c96";
        let names = separate(&format!("{user}?presence&routingStatus"));
        assert_eq!(names, [format!("{user}.presence"), format!("{user}.routingStatus")]);
        assert!(names.iter().all(|name| wrong_with(name).is_none()));
        assert_eq!(separate(&format!("{user}.presence")), [format!("{user}.presence")]);
        assert!(separate(&format!("{user}?presense")).iter().any(|name| wrong_with(name).is_some()));
    }
}
