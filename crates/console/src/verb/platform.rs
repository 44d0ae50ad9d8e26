//! What pages do with event subscriptions and event streams: a page names one by its id and its name, and nothing else of what it sends
//! reaches the Platform API.

use aws::Error;
use serde_json::{Value, json};

use crate::address::href;
use crate::value::text;
use crate::verb::Outcome;

fn change(collection: &str, body: Value, change: &Value) -> Result<Value, Error> {
    Ok(json!({"Collection": collection, "Id": id_of(body)?, "Change": change}))
}

fn deletion(collection: &str, body: Value) -> Result<Value, Error> {
    Ok(json!({"Collection": collection, "Id": id_of(body)?}))
}

fn id_of(body: Value) -> Result<String, Error> {
    let id = match body {
        Value::Object(mut members) => members.remove("Id"),
        _ => None,
    };
    match id {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err(Error::validation("Id is missing: the id of what is meant.")),
    }
}

fn said(said: String, undo: Option<Value>) -> Outcome {
    Outcome { said, undo, ..Outcome::default() }
}

pub(super) fn subscription_to_pause(body: Value) -> Result<Value, Error> {
    change("subscriptions", body, &json!({"status": "inactive"}))
}

pub(super) fn subscription_to_resume(body: Value) -> Result<Value, Error> {
    change("subscriptions", body, &json!({"status": "active"}))
}

pub(super) fn subscription_to_delete(body: Value) -> Result<Value, Error> {
    deletion("subscriptions", body)
}

pub(super) fn subscription_paused(asked: &Value, _: &Value) -> Outcome {
    let undo = json!({"verb": "subscription.resume", "body": asked});
    said(
        format!("The subscription {} is paused: what comes meanwhile is not sent.", text(asked, "Name")),
        Some(undo),
    )
}

pub(super) fn subscription_resumed(asked: &Value, _: &Value) -> Outcome {
    said(format!("The subscription {} goes on.", text(asked, "Name")), None)
}

pub(super) fn subscription_deleted(asked: &Value, _: &Value) -> Outcome {
    let href = href(&["subscriptions"]);
    Outcome { href, ..said(format!("The subscription {} is deleted.", text(asked, "Name")), None) }
}

pub(super) fn stream_to_pause(body: Value) -> Result<Value, Error> {
    change("streams", body, &json!({"enabled": false}))
}

pub(super) fn stream_to_resume(body: Value) -> Result<Value, Error> {
    change("streams", body, &json!({"enabled": true}))
}

pub(super) fn stream_to_delete(body: Value) -> Result<Value, Error> {
    deletion("streams", body)
}

pub(super) fn stream_paused(asked: &Value, _: &Value) -> Outcome {
    let undo = json!({"verb": "stream.resume", "body": asked});
    said(
        format!(
            "The event stream {} is paused: what comes meanwhile is not posted, what it owes waits.",
            text(asked, "Name")
        ),
        Some(undo),
    )
}

pub(super) fn stream_resumed(asked: &Value, _: &Value) -> Outcome {
    said(format!("The event stream {} goes on.", text(asked, "Name")), None)
}

pub(super) fn stream_deleted(asked: &Value, _: &Value) -> Outcome {
    let href = href(&["streams"]);
    Outcome { href, ..said(format!("The event stream {} is deleted.", text(asked, "Name")), None) }
}
