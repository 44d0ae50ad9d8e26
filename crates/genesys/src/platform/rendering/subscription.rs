//! `subscription`: what a subscription's queue receives (seed 001): `eventType`, `eventTime`, `attributes`.

use serde_json::{Value, json};

use crate::platform::rendering::{Told, object};

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
pub fn event_type(told: &Told) -> String {
    format!("{PREFIX}{}", told.kind())
}

/// The whole body.
pub fn render(told: &Told) -> Value {
    json!({"eventType": event_type(told), "eventTime": told.time(), "attributes": attributes(told)})
}

/// What a filter reads: the seed's members, and of an update what changed. A queue's name is there where it is known.
pub fn attributes(told: &Told) -> Value {
    let owned = |pointer: &str| told.text_at(pointer).map(|text| json!(text));
    let queue = object([("id", owned("/routing/queueId")), ("name", owned("/routing/queueName"))]);
    let is_conversation = told.conversation_id().is_some();
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
        ("change", (told.kind() == "conversation:update").then(|| json!(told.detail_type))),
        ("state", (!is_conversation).then(|| told.detail.clone())),
        ("participants", is_conversation.then(|| participants(told))),
        ("metrics", is_conversation.then(|| metrics(told))),
    ]);
    Value::Object(attributes)
}

/// Those that the event tells of: the customer, and each agent who wrapped up or whom the event is about.
fn participants(told: &Told) -> Value {
    let customer = object([
        ("purpose", Some(json!("customer"))),
        ("disconnectType", told.text_at("/disconnectType").map(|text| json!(text))),
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
    let wrap_ups = told.detail.get("wrapUps").and_then(Value::as_array).into_iter().flatten();
    let agents = wrap_ups.chain([&told.detail]).filter_map(agent);
    Value::Array([Value::Object(customer)].into_iter().chain(agents).collect())
}

fn metrics(told: &Told) -> Value {
    let measured = METRICS.iter().filter_map(|(name, field)| {
        let of_end = told.detail.pointer(&format!("/segments/{field}"));
        let value = of_end.or_else(|| told.detail.get(*field)).filter(|value| value.is_u64())?;
        Some(json!({"name": name, "value": value, "emitDate": told.time()}))
    });
    measured.collect()
}
