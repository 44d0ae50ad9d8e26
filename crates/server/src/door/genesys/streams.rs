//! Routes of event streams: an address shakes hands before a stream to it is made.

use aws::{Call, Error};
use delivery::stream::handshake;
use genesys::platform::answer::{Answer, Fault};
use genesys::platform::event_stream::owed::DEAD_LETTERS;
use genesys::platform::request::Asked;
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
    route("GET", PATH, |door, asked| Box::pin(async move { door.rooms.streams.list(&asked) })),
    route("GET", ONE, |door, asked| Box::pin(async move { door.rooms.streams.get(&asked) })),
    route("PUT", ONE, put),
    route("DELETE", ONE, |door, asked| Box::pin(async move { door.rooms.streams.delete(&asked).await })),
];

const fn route(method: &'static str, path: &'static str, run: fn(Door, Asked) -> Answering) -> Route {
    Route { method, path, run: Run::Door(run) }
}

/// Makes a stream, or replaces one.
fn put(door: Door, asked: Asked) -> Answering {
    Box::pin(async move {
        let draft = door.rooms.streams.draft(&asked)?;
        if draft.needs_handshake {
            let token = asked.ids.next_uuid();
            let shaken = handshake(&door.client, draft.url(), draft.headers(), &token).await;
            shaken.map_err(|why| {
                Fault::bad_request(format!("destinations[0].url could not be verified: {why}."))
            })?;
        }
        ensure_dead_letters(&door, &asked)
            .await
            .map_err(|error| Fault::new(error.status, "internal.server.error", error.message))?;
        let answer: Answer = door.rooms.streams.accept(draft).await?;
        Ok(answer)
    })
}

/// Makes the queue of posts that are given up, through SQS's own operation, where it is missing.
async fn ensure_dead_letters(door: &Door, asked: &Asked) -> Result<(), Error> {
    let exists = door.rooms.store.read(|read| door.rooms.queues.find(read, DEAD_LETTERS).is_some());
    if exists.map_err(queue::error::of_store)? {
        return Ok(());
    }
    let call = Call {
        now: asked.now,
        account: door.account.to_string(),
        region: door.region.to_string(),
        request_id: String::new(),
        base_url: asked.base_url.clone(),
        ids: clock::ids(),
        payload: Vec::new(),
    };
    let request = json!({"QueueName": DEAD_LETTERS, "Attributes": {"MessageRetentionPeriod": KEPT_S}});
    let request = request.to_string();
    let reply = queue::ops::SERVICE.run(&door.rooms.queues, "CreateQueue", call, request.as_bytes());
    door.driver().drive_json(reply).await.map(drop)
}
