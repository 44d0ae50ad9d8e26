//! One field of a matching event is changed: does the explanation name it?

use pattern::explain::explain;
use pattern::{Event, EventPattern};
use serde_json::{Map, Value, json};

use crate::dice::Dice;

const CASES: usize = 10_000;

/// A conversation event in the shape of Genesys Cloud's, with a few things varied.
fn event(dice: &mut Dice) -> Value {
    let id = |dice: &mut Dice| format!("{:08x}-{:04x}", dice.below(1 << 30), dice.below(1 << 16));
    let participant = |dice: &mut Dice| {
        json!({
            "purpose": *dice.pick(&["customer", "agent", "acd", "ivr"]),
            "userId": id(dice),
            "sessions": [{"mediaType": *dice.pick(&["voice", "chat"]), "holdMs": dice.below(9000)}],
        })
    };
    json!({
        "id": id(dice),
        "source": "aws.partner/genesys.com/cloud/1234/test",
        "detail-type": "v2.detail.events.conversation.{id}.acw",
        "region": *dice.pick(&["eu-central-1", "us-east-1"]),
        "detail": {
            "topicName": "v2.detail.events.conversation.1.acw",
            "version": "2",
            "eventBody": {
                "conversationId": id(dice),
                "queueId": id(dice),
                "mediaType": *dice.pick(&["VOICE", "CHAT", "EMAIL"]),
                "direction": *dice.pick(&["INBOUND", "OUTBOUND"]),
                "durationMs": dice.below(600_000),
                "wrapupCode": if dice.one_in(4) { Value::Null } else { json!(id(dice)) },
                "acd": {"skill": *dice.pick(&["billing", "sales"]), "priority": dice.below(10)},
                "recorded": dice.one_in(2),
                "participants": [participant(dice), participant(dice)],
            },
        },
    })
}

/// The fields that patterns name: their paths, through the first element of arrays.
const PATHS: &[&[&str]] = &[
    &["source"],
    &["detail-type"],
    &["region"],
    &["detail", "version"],
    &["detail", "eventBody", "queueId"],
    &["detail", "eventBody", "conversationId"],
    &["detail", "eventBody", "mediaType"],
    &["detail", "eventBody", "direction"],
    &["detail", "eventBody", "durationMs"],
    &["detail", "eventBody", "wrapupCode"],
    &["detail", "eventBody", "recorded"],
    &["detail", "eventBody", "acd", "skill"],
    &["detail", "eventBody", "acd", "priority"],
    &["detail", "eventBody", "participants", "purpose"],
    &["detail", "eventBody", "participants", "userId"],
    &["detail", "eventBody", "participants", "sessions", "holdMs"],
];

/// The object that holds the path's last key, through the first element of arrays.
fn holder<'a>(event: &'a mut Value, path: &[&str]) -> &'a mut Map<String, Value> {
    let mut at = event;
    for key in &path[..path.len() - 1] {
        at = match at.get_mut(*key).unwrap() {
            Value::Array(elements) => &mut elements[0],
            other => other,
        };
    }
    at.as_object_mut().unwrap()
}

/// A leaf that accepts the value.
fn leaf_for(value: &Value, dice: &mut Dice) -> Value {
    match value {
        Value::String(text) => match dice.below(6) {
            0 => json!({"prefix": text.chars().take(4).collect::<String>()}),
            1 => json!({"suffix": text.chars().skip(2).collect::<String>()}),
            2 => json!({"equals-ignore-case": text.to_uppercase()}),
            3 => json!({"wildcard": format!("{}*", text.chars().take(3).collect::<String>())}),
            _ => value.clone(),
        },
        Value::Number(number) if dice.one_in(2) => json!({"numeric": [">=", number]}),
        _ => value.clone(),
    }
}

/// Sets the list of a field in a pattern.
fn set(pattern: &mut Map<String, Value>, path: &[&str], list: Value) {
    let (key, rest) = path.split_first().unwrap();
    if rest.is_empty() {
        pattern.insert((*key).to_owned(), list);
    } else {
        let inner = pattern.entry(*key).or_insert_with(|| json!({}));
        set(inner.as_object_mut().unwrap(), rest, list);
    }
}

/// Changes the value at a path, or its key, or removes it.
fn mutate(event: &mut Value, path: &[&str], dice: &mut Dice) {
    let key = *path.last().unwrap();
    let holder = holder(event, path);
    let value = holder.remove(key).unwrap();
    let changed = match (dice.below(7), &value) {
        (0, _) => return,
        (1, _) => return drop(holder.insert(key.to_uppercase(), value)),
        (2, _) => return drop(holder.insert(format!("{key}s"), value)),
        (3, _) => return drop(holder.insert("nested".to_owned(), json!({ key: value }))),
        (4, Value::String(text)) => json!(format!("q{text}")),
        (4, Value::Number(number)) => json!(number.to_string()),
        (5, Value::Null) => json!("null"),
        (5, _) => Value::Null,
        (6, _) => json!({"value": value}),
        _ => json!("something else"),
    };
    holder.insert(key.to_owned(), changed);
}

#[test]
fn the_changed_field_is_named() {
    let (mut named, mut all) = (0, 0);
    let mut unnamed = vec![];
    for seed in 0.. {
        if all == CASES {
            break;
        }
        let mut dice = Dice::new(seed);
        let mut event = event(&mut dice);
        let mut pattern = Map::new();
        let mut chosen: Vec<&[&str]> = vec![];
        for _ in 0..=dice.below(4) {
            let path = *dice.pick(PATHS);
            let value = holder(&mut event, path)[*path.last().unwrap()].clone();
            set(&mut pattern, path, json!([leaf_for(&value, &mut dice), "another"]));
            chosen.push(path);
        }
        let mut pattern = Value::Object(pattern);
        if dice.one_in(5) {
            // Beside it a branch for other events.
            pattern = json!({"$or": [{"source": ["other"], "region": ["mars"], "id": ["0"]}, pattern]});
        }
        let text = pattern.to_string();
        let pattern = EventPattern::parse(&text).unwrap();
        assert!(pattern.matches(event.to_string().as_bytes()).unwrap(), "{text} on {event}");
        let path = *dice.pick(&chosen);
        mutate(&mut event, path, &mut dice);
        let parsed = Event::parse(event.to_string().as_bytes()).unwrap();
        if pattern.matches_event(&parsed).unwrap() {
            continue;
        }
        all += 1;
        let explanation = explain(&pattern, &parsed).unwrap();
        if explanation.blamed().iter().any(|field| field.path == path.join(".")) {
            named += 1;
        } else {
            unnamed.push(format!("{} in {text} on {event}", path.join(".")));
        }
    }
    let first: Vec<&String> = unnamed.iter().take(3).collect();
    assert!(named * 100 >= all * 99, "{named} of {all} named; not: {first:#?}");
}
