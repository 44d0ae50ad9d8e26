//! `subscription`: what a subscription's queue receives (seed 001): `eventType`, `eventTime`, `attributes`.

use serde_json::{Value, json};

use crate::platform::rendering::{EventContent, object};

/// What comes before the kind in a subscription's event types.
pub const PREFIX: &str = "event:";

/// The durations of a conversation by the names that Genesys Cloud's analytics give them.
const METRICS: &[(&str, &str)] = &[
    ("tIvr", "ivrMs"),
    ("tAcd", "queueMs"),
    ("tAlert", "alertMs"),
    ("tTalk", "talkMs"),
    ("tHeld", "holdMs"),
    ("tAcw", "acwMs"),
];

/// The event type, such as `event:conversation:end`.
pub fn event_type(content: &EventContent) -> String {
    format!("{PREFIX}{}", content.kind())
}

/// The whole body.
pub fn render(content: &EventContent) -> Value {
    json!({"eventType": event_type(content), "eventTime": content.time(), "attributes": attributes(content)})
}

/// What a filter reads: the seed's members, and of an update what changed. A queue's name is there where it is known.
pub fn attributes(content: &EventContent) -> Value {
    let owned = |pointer: &str| content.text_at(pointer).map(|text| json!(text));
    let queue = object([("id", owned("/routing/queueId")), ("name", owned("/routing/queueName"))]);
    let is_conversation = content.conversation_id().is_some();
    let attributes = object([
        ("conversationId", owned("/conversationId")),
        ("queueId", owned("/routing/queueId")),
        ("queue", (!queue.is_empty()).then_some(Value::Object(queue))),
        ("userId", owned("/userId")),
        ("type", owned("/type")),
        ("direction", owned("/direction")),
        ("outcome", owned("/outcome")),
        ("wrapUpCode", owned("/wrapUpCode")),
        ("disconnectType", owned("/disconnectType")),
        ("change", (content.kind() == "conversation:update").then(|| json!(content.detail_type))),
        ("state", (!is_conversation).then(|| content.detail.clone())),
        ("participants", is_conversation.then(|| participants(content))),
        ("metrics", is_conversation.then(|| metrics(content))),
    ]);
    Value::Object(attributes)
}

/// The participants that the event mentions: the customer, and each agent who wrapped up or whom the event is about.
fn participants(content: &EventContent) -> Value {
    let customer = object([
        ("purpose", Some(json!("customer"))),
        ("disconnectType", content.text_at("/disconnectType").map(|text| json!(text))),
    ]);
    let agent = |of: &Value| {
        let get = |name: &str| of.get(name).filter(|value| value.is_string()).cloned();
        let user = get("userId")?;
        Some(Value::Object(object([
            ("purpose", Some(json!("agent"))),
            ("userId", Some(user)),
            ("queueId", get("queueId")),
            ("wrapUpCode", get("code")),
        ])))
    };
    let wrap_ups = content.detail.get("wrapUps").and_then(Value::as_array).into_iter().flatten();
    let agents = wrap_ups.chain([&content.detail]).filter_map(agent);
    Value::Array([Value::Object(customer)].into_iter().chain(agents).collect())
}

fn metrics(content: &EventContent) -> Value {
    let measured = METRICS.iter().filter_map(|(name, field)| {
        let of_end = content.detail.pointer(&format!("/segments/{field}"));
        let value = of_end.or_else(|| content.detail.get(*field)).filter(|value| value.is_u64())?;
        Some(json!({"name": name, "value": value, "emitDate": content.time()}))
    });
    measured.collect()
}
