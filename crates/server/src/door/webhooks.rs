//! `POST /webhooks/{name}`: a handshake is answered, an event is put on the bus and acknowledged after the sync.

use aws::service::BODY_BYTES_MAX;
use aws::trace::TraceContext;
use aws::{Event, Ids, Timestamp};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use events::MatchedEvent;
use events::limits::quotas::ENTRIES_SIZE_BYTES_MAX;
use genesys::webhook::{self, WebhookError, WebhookRequest};
use serde_json::json;
use store::Commit;

use crate::clock;
use crate::config::OpenWebhook;
use crate::door::{Door, long};

/// An answer that is no acknowledgement: its status, and a sentence for the sender.
type Refusal = (StatusCode, String);

/// Takes what somebody posts. `200` says that it lies on disk, or that the same had come before.
pub(super) async fn post(State(door): State<Door>, Path(name): Path<String>, request: Request) -> Response {
    let (status, text) = match take(&door, &name, request).await {
        Ok(text) => (StatusCode::OK, text),
        Err((status, sentence)) => {
            if door.webhooks.iter().any(|open| open.webhook.name == name) {
                door.console.refused_posts.note(&name, status.as_u16(), &sentence, clock::now());
            }
            (status, json!({"error": sentence}).to_string())
        }
    };
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], text).into_response();
    // RFC 9110, 15.5.6: the server must say which methods it takes.
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

async fn take(door: &Door, name: &str, request: Request) -> Result<String, Refusal> {
    let (parts, body) = request.into_parts();
    let body = door.bodies.read(body, BODY_BYTES_MAX).await.map_err(of_aws)?;
    let Some(open) = door.webhooks.iter().find(|open| open.webhook.name == name) else {
        let sentence = format!(
            "There is no webhook '{name}' here. Webhooks are opened by `webhooks` in the pipeline file, with `trunkline dev -f FILE` or `trunkline serve --webhooks FILE`."
        );
        return Err((StatusCode::NOT_FOUND, sentence));
    };
    if parts.method != Method::POST {
        let sentence = format!("A webhook takes POST, not {}.", parts.method);
        return Err((StatusCode::METHOD_NOT_ALLOWED, sentence));
    }
    if let Some(coding) = parts.headers.get(header::CONTENT_ENCODING).filter(|coding| *coding != "identity") {
        let coding = coding.to_str().unwrap_or("of its own");
        let sentence = format!("The body is encoded ({coding}); a webhook takes bodies as they are.");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
    }
    let arrival = Arrival { now: clock::now(), ids: clock::ids() };
    let headers = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    match open.webhook.read(&body, &headers, arrival.now) {
        Ok(WebhookRequest::Handshake { answer }) => Ok(answer),
        Ok(WebhookRequest::Event { id, detail_type, detail }) => {
            let event = event_of(door, open, Content { detail_type, detail }, &arrival)?;
            let events = door.rooms.events.clone();
            let (bus, now) = (open.bus.clone(), arrival.now);
            let is_long = events.is_long(&bus, event.detail.len());
            let match_it = move || events.match_event(&bus, &event, now);
            let matched = if is_long { long::run(match_it).await } else { match_it() };
            let matched = matched.ok_or_else(|| {
                let sentence = format!("The event bus '{}' does not exist any more.", open.bus.as_str());
                (StatusCode::SERVICE_UNAVAILABLE, sentence)
            })?;
            let context = headers("traceparent").and_then(|text| TraceContext::of_traceparent(&text));
            let matched = matched.with_trace_header(context.map(TraceContext::to_x_ray));
            accept(door, name, IdentifiedPost { id, matched }, arrival).await
        }
        Err(WebhookError::Unreadable(sentence)) => Err((StatusCode::BAD_REQUEST, sentence)),
        Err(WebhookError::Unverified(sentence)) => Err((StatusCode::UNAUTHORIZED, sentence)),
    }
}

/// What an event is called, and what it says.
struct Content {
    detail_type: String,
    detail: String,
}

/// When a post came, and where the identifiers of what follows from it come from.
struct Arrival {
    now: Timestamp,
    ids: Ids,
}

fn event_of(door: &Door, open: &OpenWebhook, content: Content, arrival: &Arrival) -> Result<Event, Refusal> {
    let Content { detail_type, detail } = content;
    let size = detail.len();
    if size > ENTRIES_SIZE_BYTES_MAX {
        let sentence = format!("The body has {size} bytes; at most {ENTRIES_SIZE_BYTES_MAX} are taken.");
        return Err((StatusCode::PAYLOAD_TOO_LARGE, sentence));
    }
    let event = Event {
        id: arrival.ids.next_uuid(),
        source: open.webhook.source.clone(),
        detail_type,
        account: door.account.to_string(),
        time: arrival.now,
        region: door.region.to_string(),
        resources: Vec::new(),
        detail,
    };
    // What rules cannot read (nested deeper than 1000 levels, for one) would be accepted and match nothing, unseen.
    match pattern::Event::parse(event.to_json().as_bytes()) {
        Ok(_) => Ok(event),
        Err(error) => Err((StatusCode::BAD_REQUEST, format!("No rule could read the event: {error}"))),
    }
}

/// An event, matched, and what its sender calls it.
struct IdentifiedPost {
    id: Option<String>,
    matched: MatchedEvent,
}

/// Notes the event and puts it on the bus in one commit; answers after its sync.
async fn accept(door: &Door, name: &str, post: IdentifiedPost, arrival: Arrival) -> Result<String, Refusal> {
    let (IdentifiedPost { id, matched }, Arrival { now, ids }) = (post, arrival);
    let (events, name, event_id) =
        (door.rooms.events.clone(), name.to_owned(), matched.event_id().to_owned());
    let commit = door.rooms.store.write(queue::error::of_store, move |tx| {
        let news = webhook::note(tx, &name, id.as_deref(), now);
        if news {
            events.accept(&mut Commit::new(tx, now, &ids), matched);
        }
        Ok(news)
    });
    let is_new = commit.await.map_err(of_aws)?;
    let answer =
        if is_new { json!({"status": "accepted", "id": event_id}) } else { json!({"status": "duplicate"}) };
    Ok(answer.to_string())
}

fn of_aws(error: aws::Error) -> Refusal {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, error.message)
}
