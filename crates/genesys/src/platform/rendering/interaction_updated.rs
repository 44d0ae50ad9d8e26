//! `interaction-updated`: what an integration of seed 003 puts on its bus, `detail.interactionId` first.

use serde_json::{Value, json};

use crate::platform::rendering::{EventContent, object};
use crate::tracker::derived::detail_type;

/// What is put on the bus.
#[derive(Clone, Debug, PartialEq)]
pub struct InteractionUpdate {
    /// `Conversation Updated` or `Interaction Updated`.
    pub detail_type: &'static str,
    /// The event's detail.
    pub detail: Value,
}

/// `None` for what is of no conversation. What a queue or an agent does updates an interaction,
/// what begins, ends or closes a conversation updates that.
pub fn render(content: &EventContent) -> Option<InteractionUpdate> {
    let interaction_id = content.conversation_id()?;
    let detail_type = match content.detail_type.as_str() {
        detail_type::CONVERSATION_START
        | detail_type::CONVERSATION_END
        | detail_type::CONVERSATION_WRAP_UP => "Conversation Updated",
        _ => "Interaction Updated",
    };
    let mut detail = object([
        ("interactionId", Some(json!(interaction_id))),
        ("change", Some(json!(content.detail_type))),
    ]);
    for (name, value) in content.detail.as_object().into_iter().flatten() {
        detail.entry(name.as_str()).or_insert_with(|| value.clone());
    }
    Some(InteractionUpdate { detail_type, detail: Value::Object(detail) })
}
