//! What the console asks of the Platform API: event subscriptions and event streams, by the routes that every client has.

use aws::{Body, Error, operation};
use genesys::platform::response::{ApiError, ApiResponse};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::door::{Door, genesys as platform_api};

/// Answers a question about the `Collection` `subscriptions` or `streams`: `List`, or with an `Id` `Get`, `Delete` and `Change`,
/// which puts back what is there with the members of `Change` in it.
pub(super) async fn answer(door: &Door, operation: &str, asked: &Value) -> Result<Body, Error> {
    let member = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
    let collection = match member("Collection") {
        "subscriptions" => "/api/v2/events/subscriptions",
        "streams" => "/api/v2/eventstreams",
        other => return Err(Error::unknown_operation("platform", other)),
    };
    let one = format!("{collection}/{}", utf8_percent_encode(member("Id"), NON_ALPHANUMERIC));
    let answer = match operation {
        "List" => call(door, "GET", collection, Vec::new()).await?,
        "Get" => call(door, "GET", &one, Vec::new()).await?,
        "Delete" => call(door, "DELETE", &one, Vec::new()).await?,
        "Change" => {
            let mut there = call(door, "GET", &one, Vec::new()).await?;
            let changes = asked.get("Change").and_then(Value::as_object).cloned().unwrap_or_default();
            if let Some(members) = there.as_object_mut() {
                members.extend(changes);
            }
            call(door, "PUT", &one, there.to_string().into_bytes()).await?
        }
        other => return Err(Error::unknown_operation("platform", other)),
    };
    operation::print(&answer)
}

async fn call(door: &Door, method: &str, path: &str, body: Vec<u8>) -> Result<Value, Error> {
    let answer = platform_api::call(door.clone(), method, path, body).await;
    let ApiResponse { body, .. } = answer.map_err(refused)?;
    Ok(body.unwrap_or_else(|| json!({})))
}

fn refused(error: ApiError) -> Error {
    Error { status: error.status, ..Error::sender(error.code, error.message) }
}
