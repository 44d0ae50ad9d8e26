//! `conversation-event`: one event of a conversation as seed 002 reads it, `eventType` in its words (`AgentConnected`).

use serde_json::{Value, json};

use crate::platform::rendering::{EventContent, object};
use crate::tracker::derived::detail_type;

/// The detail-type of the envelope that the seed puts round it.
pub const DETAIL_TYPE: &str = "ConversationEvent";

/// The event type; `None` for what is of no conversation.
pub fn event_type(content: &EventContent) -> Option<&'static str> {
    Some(match content.detail_type.as_str() {
        detail_type::CONVERSATION_START => "ConversationCreated",
        detail_type::QUEUE_START => "QueueEntered",
        detail_type::QUEUE_END => "QueueLeft",
        detail_type::AGENT_CONNECTED => "AgentConnected",
        detail_type::AGENT_DISCONNECTED => "AgentDisconnected",
        detail_type::CONVERSATION_END => "ConversationEnded",
        detail_type::CONVERSATION_WRAP_UP => "WrapUpSubmitted",
        _ => return None,
    })
}

/// The detail: the seed's members, then those of the derived event that have other names; `None` for what is of no
/// conversation.
pub fn render(content: &EventContent) -> Option<Value> {
    let event_type = event_type(content)?;
    let conversation_id = content.conversation_id()?;
    let get = |name: &str| content.detail.get(name).cloned();
    let user_id = get("userId");
    let participant = object([
        ("purpose", Some(json!(if user_id.is_some() { "agent" } else { "customer" }))),
        ("userId", user_id),
    ]);
    let interaction = object([
        ("id", Some(json!(conversation_id))),
        ("type", get("type")),
        ("direction", get("direction")),
    ]);
    let mut detail = object([
        ("id", Some(json!(content.id))),
        ("conversationId", Some(json!(conversation_id))),
        ("eventType", Some(json!(event_type))),
        ("timestamp", Some(json!(content.time()))),
        ("interaction", Some(Value::Object(interaction))),
        ("participant", Some(Value::Object(participant))),
    ]);
    for (name, value) in content.detail.as_object().into_iter().flatten() {
        if !["id", "time", "userId", "type", "direction"].contains(&name.as_str()) {
            detail.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    Some(Value::Object(detail))
}
