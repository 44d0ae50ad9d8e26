//! `stream`: what an event stream posts (seed 004): `id`, `eventType`, `data`.

use crate::platform::rendering::Told;

/// The event type, such as `conversation:end`.
pub fn event_type(told: &Told) -> &'static str {
    told.kind()
}

/// The whole body as text. `data` is the derived event's detail, byte for byte; that of an update begins with what changed.
pub fn render(told: &Told) -> String {
    let mut body = String::with_capacity(told.text.len() + 160);
    body.push_str("{\"id\":");
    aws::envelope::push_quoted(&mut body, &told.id);
    body.push_str(",\"eventType\":");
    aws::envelope::push_quoted(&mut body, event_type(told));
    body.push_str(",\"data\":");
    let members = told.text.strip_prefix('{');
    match members.filter(|_| told.kind() == "conversation:update") {
        Some(members) => {
            body.push_str("{\"change\":");
            aws::envelope::push_quoted(&mut body, &told.detail_type);
            if told.detail.as_object().is_some_and(|members| !members.is_empty()) {
                body.push(',');
            }
            body.push_str(members);
        }
        None => body.push_str(&told.text),
    }
    body.push('}');
    body
}
