//! `stream`: what an event stream posts (seed 004): `id`, `eventType`, `data`.

use crate::platform::rendering::EventContent;

/// The event type, such as `conversation:end`.
pub fn event_type(content: &EventContent) -> &'static str {
    content.kind()
}

/// The whole body as text. `data` is the derived event's detail, byte for byte; that of an update begins with what changed.
pub fn render(content: &EventContent) -> String {
    let mut body = String::with_capacity(content.text.len() + 160);
    body.push_str("{\"id\":");
    aws::envelope::push_quoted(&mut body, &content.id);
    body.push_str(",\"eventType\":");
    aws::envelope::push_quoted(&mut body, event_type(content));
    body.push_str(",\"data\":");
    let members = content.text.strip_prefix('{');
    match members.filter(|_| content.kind() == "conversation:update") {
        Some(members) => {
            body.push_str("{\"change\":");
            aws::envelope::push_quoted(&mut body, &content.detail_type);
            if content.detail.as_object().is_some_and(|members| !members.is_empty()) {
                body.push(',');
            }
            body.push_str(members);
        }
        None => body.push_str(&content.text),
    }
    body.push('}');
    body
}
