//! An event as a running Trunkline lists it. One that many a JSON client could not hold (1e999, 200 levels, half a surrogate
//! pair) comes as its text; it is read by the reader that rules read with.

use pattern::Event;
use serde_json::Value;

use crate::remote::text;

/// The event's text, however it came.
pub(crate) fn event_text(listed: &Value) -> String {
    match listed.get("EventText").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => listed.get("Event").map(Value::to_string).unwrap_or_default(),
    }
}

/// The event for people to read: spread over lines where it can be.
pub(crate) fn event_page(listed: &Value) -> String {
    match listed.get("Event") {
        Some(event) => format!("{event:#}"),
        None => event_text(listed),
    }
}

/// A text member of the event's envelope; empty where there is none.
pub(crate) fn member(listed: &Value, name: &str) -> String {
    match listed.get("Event") {
        Some(event) => text(event, name).to_owned(),
        None => {
            let event = Event::parse(event_text(listed).as_bytes()).ok();
            event.as_ref().and_then(|event| event.string(name)).unwrap_or_default().to_owned()
        }
    }
}

/// Whether an event says that it is of this conversation: Genesys Cloud's, or one derived from them.
pub(crate) fn is_of_conversation(conversation: &str, event: &str) -> bool {
    // Nearly all events are of other conversations: a look at the bytes spares reading them.
    if !event.contains(conversation) {
        return false;
    }
    let Ok(event) = serde_json::from_str::<Value>(event) else { return false };
    let detail = event.get("detail").unwrap_or(&Value::Null);
    let body = detail.get("eventBody").unwrap_or(&Value::Null);
    let of_topic = text(detail, "topicName").split('.').any(|word| word == conversation);
    let ids =
        [(detail, "conversationId"), (body, "conversationId"), (detail, "interactionId"), (detail, "id")];
    of_topic || ids.into_iter().any(|(value, name)| text(value, name) == conversation)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{event_page, event_text, is_of_conversation, member};

    #[test]
    fn an_event_is_read_however_it_comes() {
        let held = json!({"Event": {"id": "1", "detail": {"n": 1}}});
        assert_eq!(event_text(&held), r#"{"id":"1","detail":{"n":1}}"#);
        assert_eq!(member(&held, "id"), "1");
        assert!(event_page(&held).contains("\n  \"id\": \"1\""));
        // No JSON client could hold this number.
        let text = r#"{"id": "2", "detail": {"n": 1e999}}"#;
        let listed = json!({"EventText": text});
        assert_eq!((event_text(&listed), member(&listed, "id")), (text.to_owned(), "2".to_owned()));
        assert_eq!(event_page(&listed), text);
        assert_eq!(member(&listed, "source"), "");
    }

    #[test]
    fn an_event_says_of_which_conversation_it_is() {
        for event in [
            r#"{"detail": {"conversationId": "c-1"}}"#,
            r#"{"detail": {"eventBody": {"conversationId": "c-1"}}}"#,
            r#"{"detail": {"topicName": "v2.detail.events.conversation.c-1.acw", "eventBody": {}}}"#,
            r#"{"detail": {"interactionId": "c-1"}}"#,
        ] {
            assert!(is_of_conversation("c-1", event), "{event}");
        }
        assert!(!is_of_conversation("c-1", r#"{"detail": {"conversationId": "c-11", "note": "like c-1"}}"#));
    }
}
