//! Samples of topics: an event with every field that is known, for whoever wants to see what a rule does with one.

use serde_json::{Map, Value, json};

use crate::catalogue::{Field, Kind, Origin, Topic};

/// Levels of a sample's objects.
const DEPTH_MAX: usize = 6;

/// A queue of the org.
#[derive(Clone, Debug)]
pub struct OrgQueue {
    /// Its id.
    pub id: String,
    /// Its name, where it is known.
    pub name: Option<String>,
}

/// What an event bus is told of a sample.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its `source`: that of derived events, or one that no feed has.
    pub source: &'static str,
    /// Its `detail`.
    pub detail: Value,
}

/// A sample of a topic, of a conversation of its own.
pub fn entry(topic: &Topic, queue: Option<&OrgQueue>, conversation: &str) -> Entry {
    let mut detail = sample(topic);
    if let Some(queue) = queue {
        name_queue(&mut detail, queue);
    }
    name_conversation(&mut detail, conversation);
    match topic.origin() {
        Origin::Derived => Entry { source: "genesys.cloud", detail },
        Origin::Genesys => {
            let name = topic.name().replacen("{id}", conversation, 1);
            let detail = json!({"topicName": name, "version": "2", "eventBody": detail, "metadata": {}});
            Entry { source: "trunkline.trigger", detail }
        }
    }
}

/// A body with every field of the topic that has a known kind.
fn sample(topic: &Topic) -> Value {
    let root = match topic.origin() {
        Origin::Derived => "detail.",
        Origin::Genesys => "detail.eventBody.",
    };
    let mut body = Value::Object(Map::new());
    for at in topic.fields() {
        let Some(path) = at.path.strip_prefix(root) else { continue };
        if path.split('.').count() <= DEPTH_MAX && at.field.kind != Kind::Object {
            place(topic, root, &mut body, path, &at.field);
        }
    }
    body
}

/// Puts a sample of a field at its path, with one element for each array on the way.
fn place(topic: &Topic, root: &str, body: &mut Value, path: &str, field: &Field) {
    let mut at = body;
    let mut walked = root.trim_end_matches('.').to_owned();
    let keys: Vec<&str> = path.split('.').collect();
    for (number, key) in keys.iter().enumerate() {
        walked = format!("{walked}.{key}");
        let is_last = number + 1 == keys.len();
        let is_array = topic.field(&walked).is_some_and(|known| known.is_array);
        let empty = if is_array { json!([{}]) } else { json!({}) };
        let Some(members) = at.as_object_mut() else { return };
        if is_last {
            let value = sample_of(key, field);
            members.insert((*key).to_owned(), if is_array { json!([value]) } else { value });
            return;
        }
        let next = members.entry((*key).to_owned()).or_insert(empty);
        at = match next {
            Value::Array(elements) => match elements.first_mut() {
                Some(first) => first,
                None => return,
            },
            other => other,
        };
    }
}

fn sample_of(key: &str, field: &Field) -> Value {
    match field.kind {
        Kind::Text if !field.values.is_empty() => field.values.first().copied().into(),
        Kind::Text => Value::from(format!("sample-{key}")),
        Kind::Integer | Kind::Number => json!(1_000),
        Kind::Boolean => json!(false),
        Kind::Time => json!("2026-01-05T08:00:00.000Z"),
        Kind::Object => json!({}),
        Kind::Any => Value::Null,
    }
}

/// Sets each queue id and name that the body has, and the lists of ids.
fn name_queue(value: &mut Value, queue: &OrgQueue) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match key.as_str() {
                    "queueId" => *value = Value::from(queue.id.as_str()),
                    "queueName" => *value = queue.name.as_deref().map_or(Value::Null, Value::from),
                    "queueIds" => *value = json!([queue.id]),
                    _ => name_queue(value, queue),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| name_queue(element, queue)),
        _ => {}
    }
}

fn name_conversation(body: &mut Value, conversation: &str) {
    let Some(members) = body.as_object_mut() else { return };
    for key in ["id", "conversationId"] {
        if let Some(value) = members.get_mut(key) {
            *value = Value::from(conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{OrgQueue, entry, sample};
    use crate::catalogue::{topic, topics};

    #[test]
    fn a_sample_has_the_fields_of_its_topic() {
        let queue = OrgQueue { id: "q-1".to_owned(), name: Some("Support".to_owned()) };
        let end = entry(topic("conversation.end").unwrap(), Some(&queue), "c-1");
        assert_eq!(end.source, "genesys.cloud");
        let end = end.detail;
        assert_eq!(end["conversationId"], "c-1");
        assert_eq!(end["routing"], json!({"queueId": "q-1", "queueIds": ["q-1"], "queueName": "Support"}));
        assert_eq!(end["segments"]["talkMs"], 1_000);
        assert_eq!(end["wrapUps"][0]["queueId"], "q-1");
        assert_eq!(end["type"], "voice");
        assert!(topics().iter().all(|topic| sample(topic).is_object()));
    }
}
