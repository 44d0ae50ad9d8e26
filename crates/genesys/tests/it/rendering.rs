//! Every file of `data/renderings` is one derived event and its four forms.

use aws::{Event, Timestamp};
use genesys::platform::rendering::{
    EventContent, conversation_event, interaction_updated, stream, subscription,
};
use serde_json::{Value, json};

#[test]
fn each_event_has_its_forms() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/renderings");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let case: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let event = Event::from_json(&case["event"].to_string(), Timestamp::ZERO).unwrap();
        let content = EventContent::of_envelope(&event).unwrap();
        let stream: Value = serde_json::from_str(&stream::render(&content)).unwrap();
        let name = path.display();
        assert_eq!(subscription::render(&content), case["subscription"], "{name}: subscription");
        assert_eq!(stream, case["stream"], "{name}: stream");
        assert_eq!(json!(conversation_event::render(&content)), case["conversationEvent"], "{name}: event");
        assert_eq!(
            json!(interaction_updated::render(&content).map(|update| (update.detail_type, update.detail))),
            case["interactionUpdated"],
            "{name}: interaction"
        );
        seen += 1;
    }
    assert!(seen >= 4, "the cases are gone");
}

#[test]
fn a_stream_carries_the_detail_byte_for_byte() {
    let text = r#"{"source":"genesys.cloud","detail-type":"conversation.end","id":"e","detail":{ "b": 1.00, "a": 2e0 }}"#;
    let content = EventContent::of_envelope(&Event::from_json(text, Timestamp::ZERO).unwrap()).unwrap();
    assert_eq!(
        stream::render(&content),
        r#"{"id":"e","eventType":"conversation:end","data":{ "b": 1.00, "a": 2e0 }}"#
    );
    let other = text.replace("genesys.cloud", "shop");
    assert_eq!(EventContent::of_envelope(&Event::from_json(&other, Timestamp::ZERO).unwrap()), None);
}
