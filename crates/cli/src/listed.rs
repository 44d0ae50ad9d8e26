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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{event_page, event_text, member};

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
}
