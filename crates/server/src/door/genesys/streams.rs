//! Routes of event streams: an address shakes hands before a stream to it is made.

use aws::{Call, Error};
use delivery::stream::handshake;
use genesys::platform::event_stream::owed::DEAD_LETTERS;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use serde_json::json;

use crate::clock;
use crate::door::Door;
use crate::door::genesys::{Answering, Route, Run};

const PATH: &str = "/api/v2/eventstreams";
const ONE: &str = "/api/v2/eventstreams/{}";
/// How long posts that were given up are kept, in seconds: the most that SQS allows.
const KEPT_S: &str = "1209600";

/// `/api/v2/eventstreams`.
pub(crate) const ROUTES: &[Route] = &[
    route("POST", PATH, put),
    route("GET", PATH, |door, request| Box::pin(async move { door.rooms.streams.list(&request) })),
    route("GET", ONE, |door, request| Box::pin(async move { door.rooms.streams.get(&request) })),
    route("PUT", ONE, put),
    route("DELETE", ONE, |door, request| Box::pin(async move { door.rooms.streams.delete(&request).await })),
];

const fn route(method: &'static str, path: &'static str, run: fn(Door, ApiRequest) -> Answering) -> Route {
    Route { method, path, run: Run::Door(run) }
}

/// Makes a stream, or replaces one.
fn put(door: Door, request: ApiRequest) -> Answering {
    Box::pin(async move {
        let draft = door.rooms.streams.draft(&request)?;
        if draft.needs_handshake {
            let token = request.ids.next_uuid();
            let shaken = handshake(&door.client, draft.url(), draft.headers(), &token).await;
            shaken.map_err(|why| {
                ApiError::bad_request(format!("destinations[0].url could not be verified: {why}."))
            })?;
        }
        ensure_dead_letters(&door, &request)
            .await
            .map_err(|error| ApiError::new(error.status, "internal.server.error", error.message))?;
        let answer: ApiResponse = door.rooms.streams.accept(draft).await?;
        Ok(answer)
    })
}

/// Makes the queue of posts that are given up, through SQS's own operation, where it is missing.
async fn ensure_dead_letters(door: &Door, request: &ApiRequest) -> Result<(), Error> {
    let exists = door.rooms.store.read(|read| door.rooms.queues.find(read, DEAD_LETTERS).is_some());
    if exists.map_err(queue::error::of_store)? {
        return Ok(());
    }
    let call = Call {
        now: request.now,
        account: door.account.to_string(),
        region: door.region.to_string(),
        request_id: String::new(),
        base_url: request.base_url.clone(),
        ids: clock::ids(),
        payload: Vec::new(),
    };
    let request = json!({"QueueName": DEAD_LETTERS, "Attributes": {"MessageRetentionPeriod": KEPT_S}});
    let request = request.to_string();
    let reply = queue::ops::SERVICE.run(&door.rooms.queues, "CreateQueue", call, request.as_bytes());
    door.driver().drive_json(reply).await.map(drop)
}
