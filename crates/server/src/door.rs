//! The one HTTP door: AWS operations, health, and what else speaks to Trunkline.

pub(crate) mod auth;
mod body;
pub(crate) mod console;
mod function_url;
pub(crate) mod genesys;
pub(crate) mod long;
mod metrics;
pub(crate) mod own;
pub(crate) mod reply;
mod request_log;
pub(crate) mod sts;
mod url_stream;
pub(crate) mod visitor;
mod webhooks;
pub(crate) mod wire;

use std::ops::Deref;
use std::sync::Arc;

use ::genesys_org::platform::Platform;
use aws::trace::Spans;
use aws::{Call, ResponseBody};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use delivery::{Answers, Meters};
use http_client::Client;
use tokio::sync::watch;

use crate::clock;
use crate::config::OpenWebhook;
use crate::door::auth::Auth;
pub(crate) use crate::door::body::Bodies;
use crate::door::console::Console;
use crate::door::reply::{Driver, OperationAnswer};
use crate::door::visitor::Visitors;
use crate::door::wire::{CredentialScope, Destination, Outgoing};
use crate::rooms::Rooms;
use crate::scopes::Scopes;

/// What the door's handlers share: one pointer, for every request is given its own several times over.
#[derive(Clone, Debug)]
pub(crate) struct Door(Arc<DoorParts>);

impl Deref for Door {
    type Target = DoorParts;

    fn deref(&self) -> &DoorParts {
        &self.0
    }
}

impl From<DoorParts> for Door {
    fn from(parts: DoorParts) -> Self {
        Self(Arc::new(parts))
    }
}

/// What stands behind a [`Door`].
#[derive(Debug)]
pub(crate) struct DoorParts {
    /// The rooms of the home scope.
    pub(crate) rooms: Rooms,
    /// The accounts and regions that are served, each with its services.
    pub(crate) scopes: Scopes,
    /// Who answers calls that wait.
    pub(crate) answers: Answers,
    /// Calls out: the handshakes of event streams.
    pub(crate) client: Client,
    /// What is measured of calls out.
    pub(crate) meters: Meters,
    /// Spans on their way out, where any are made.
    pub(crate) spans: Option<Spans>,
    /// The bodies being read.
    pub(crate) bodies: Bodies,
    /// The Genesys side: who may call it, and the simulated org where one runs.
    pub(crate) platform: Platform,
    pub(crate) account: Arc<str>,
    pub(crate) region: Arc<str>,
    /// Where callers reach us when they name no host themselves.
    pub(crate) address: Arc<str>,
    /// What callers of AWS's operations have to show.
    pub(crate) auth: Arc<Auth>,
    /// Who may come in at all.
    pub(crate) visitors: Arc<Visitors>,
    /// What the console has of this process.
    pub(crate) console: Arc<Console>,
    /// The webhooks that are open.
    pub(crate) webhooks: Arc<[OpenWebhook]>,
    /// Turns true when the server is going down: long polls answer at once.
    pub(crate) closing: watch::Receiver<bool>,
    /// Set when a sync has failed: health says so.
    pub(crate) stopped: watch::Receiver<Option<String>>,
}

/// The routes. Everything that has no path of its own is an AWS operation, as AWS's own endpoints take it.
pub(crate) fn router(door: Door) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics::metrics))
        .merge(genesys::routes())
        .merge(console::routes())
        .route("/webhooks/{name}", any(webhooks::post))
        .route("/webhooks/{name}/", any(webhooks::post))
        .fallback(aws_operation)
        .layer(axum::middleware::from_fn_with_state(door.clone(), function_url::served))
        .layer(axum::middleware::from_fn_with_state(door.clone(), visitor::judged))
        .layer(axum::middleware::from_fn(request_log::logged))
        .with_state(door)
}

/// `200` while acknowledgements can be given, `503` with the reason after a failed sync.
async fn health(State(door): State<Door>) -> Response {
    let stopped = door.stopped.borrow().clone();
    let (status, body) = match stopped {
        None => (StatusCode::OK, serde_json::json!({"status": "ok"})),
        Some(cause) => {
            (StatusCode::SERVICE_UNAVAILABLE, serde_json::json!({"status": "stopped", "cause": cause}))
        }
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn aws_operation(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if is_visit(&parts) {
        return if takes_html(&parts.headers) { console::home().await } else { welcome() };
    }
    let mut call = door.call(&parts.headers);
    let request_id = call.request_id.clone();
    let admitted = match door.auth.admit(&parts) {
        Ok(admitted) => admitted,
        Err(error) => {
            door.bodies.pass_over(body).await;
            return Outgoing::likely(&parts).error(&error, &request_id);
        }
    };
    let served = match door.scopes.of(CredentialScope::of(&parts).as_ref()) {
        Ok(served) => served,
        Err(error) => {
            door.bodies.pass_over(body).await;
            return Outgoing::likely(&parts).error(&error, &request_id);
        }
    };
    call.account = served.scope.account.to_string();
    call.region = served.scope.region.to_string();
    let services = &served.services;
    let destination = match Destination::of(services, &parts) {
        Ok(destination) => destination,
        Err((outgoing, error)) => {
            door.bodies.pass_over(body).await;
            return outgoing.error(&error, &request_id);
        }
    };
    let outgoing = destination.outgoing();
    let mut body = match door.bodies.read(body, destination.body_bytes_max()).await {
        Ok(body) => body,
        Err(error) => return outgoing.error(&error, &request_id),
    };
    if let Err(error) = admitted.check(&parts, &body) {
        return outgoing.error(&error, &request_id);
    }
    let asked = match destination.read(services, &parts, &body) {
        Ok(asked) => asked,
        Err((outgoing, error)) => return outgoing.error(&error, &request_id),
    };
    if asked.is_blob {
        call.payload = std::mem::take(&mut body);
    }
    let request = asked.request.as_deref().unwrap_or(&body);
    let reply = beside_others(request.len(), || asked.service.run(&asked.operation, call, request));
    match door.driver().drive(reply).await {
        Ok(OperationAnswer::Json(body)) => asked.outgoing.answer(body, &request_id),
        Ok(OperationAnswer::Whole(response)) => whole(response, &request_id),
        Err(error) => asked.outgoing.error(&error, &request_id),
    }
}

/// A request of so many bytes may take a while to read.
const LONG_BYTES_MIN: usize = 16 << 10;

/// Works on a request of `bytes`.
fn beside_others<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes >= LONG_BYTES_MIN { long::beside_others(work) } else { work() }
}

/// Whether somebody has just opened the address: `GET /`, unsigned, without a question.
fn is_visit(parts: &Parts) -> bool {
    matches!(parts.method, Method::GET | Method::HEAD)
        && parts.uri.path() == "/"
        && parts.uri.query().is_none()
        && !parts.headers.contains_key(header::AUTHORIZATION)
        && !parts.headers.contains_key("x-amz-target")
}

/// Whether a browser asks, and not a program.
fn takes_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|text| text.to_str().ok())
        .is_some_and(|text| text.contains("text/html"))
}

/// Writes an answer that says all of itself.
fn whole(response: aws::Response, request_id: &str) -> Response {
    let body = match response.body {
        ResponseBody::Whole(bytes) => Body::from(bytes),
        ResponseBody::Chunks(chunks) => {
            Body::from_stream(futures_util::stream::unfold(chunks, async |mut chunks| {
                chunks.next().await.map(|piece| (piece, chunks))
            }))
        }
    };
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut written = (status, [("x-amzn-requestid", request_id)], body).into_response();
    for (name, text) in response.headers {
        wire::insert(written.headers_mut(), name, &text);
    }
    written
}

impl Door {
    /// Drives replies to their answers.
    pub(crate) fn driver(&self) -> Driver {
        Driver { answers: self.answers.clone(), closing: self.closing.clone() }
    }

    fn call(&self, headers: &HeaderMap) -> Call {
        let ids = clock::ids();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        // What becomes a part of URLs is a host and nothing else.
        let host =
            host.filter(|host| host.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@')));
        let host = host.unwrap_or(&self.address);
        Call {
            now: clock::now(),
            account: self.account.to_string(),
            region: self.region.to_string(),
            request_id: ids.next_uuid(),
            base_url: format!("http://{host}"),
            ids,
            payload: Vec::new(),
        }
    }
}

/// For a person who opens the address in a browser.
fn welcome() -> Response {
    let text = "This is Trunkline. It speaks AWS's protocols: set AWS_ENDPOINT_URL to this address and use boto3, the AWS CLI or any AWS SDK. Its console is at /console/.\n";
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
