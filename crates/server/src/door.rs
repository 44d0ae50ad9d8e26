//! The one HTTP door: AWS operations, health, and what else speaks to Trunkline.

mod body;
pub(crate) mod genesys;
mod metrics;
mod own;
mod protocol;
mod query;
pub(crate) mod reply;
mod request_log;
mod sts;
mod webhooks;
mod xml;

use std::sync::Arc;

use ::genesys_org::platform::Platform;
use aws::Call;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http_client::Client;
use tokio::sync::watch;

use crate::clock;
use crate::config::OpenWebhook;
pub(crate) use crate::door::body::Bodies;
use crate::door::protocol::{Asked, asked};
use crate::rooms::Rooms;

/// What the door's handlers share.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) rooms: Rooms,
    /// Calls out: the handshakes of event streams.
    pub(crate) client: Client,
    /// The bodies being read.
    pub(crate) bodies: Bodies,
    /// The Genesys side: who may call it, and the simulated org where one runs.
    pub(crate) platform: Platform,
    pub(crate) account: Arc<str>,
    pub(crate) region: Arc<str>,
    /// Where callers reach us when they name no host themselves.
    pub(crate) address: Arc<str>,
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
        .route("/webhooks/{name}", any(webhooks::post))
        .fallback(aws_operation)
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
    let call = door.call(&parts.headers);
    let request_id = call.request_id.clone();
    let body = match door.bodies.read(body).await {
        Ok(body) => body,
        Err(error) => return protocol::Wire::Json10.error(&error, &request_id),
    };
    if matches!(parts.method, Method::GET | Method::HEAD)
        && parts.uri.path() == "/"
        && body.is_empty()
        && parts.uri.query().is_none()
    {
        return welcome();
    }
    match asked(&parts, &body) {
        Ok(Asked::Events(operation)) => {
            let reply = reply::run(
                events::ops::OPERATIONS,
                ("EventBridge", &operation),
                &door.rooms.events,
                call,
                &body,
            );
            protocol::Wire::Json11.answer(reply::drive(reply, door.closing).await, &request_id)
        }
        Ok(Asked::Queues(operation)) => {
            let reply =
                reply::run(queue::ops::OPERATIONS, ("SQS", &operation), &door.rooms.queues, call, &body);
            protocol::Wire::Sqs.answer(reply::drive(reply, door.closing).await, &request_id)
        }
        Ok(Asked::QueuesQuery(query)) => {
            let named = ("SQS", query.name());
            let reply = reply::run(queue::ops::OPERATIONS, named, &door.rooms.queues, call, &query.body);
            let answer = reply::drive(reply, door.closing).await;
            let answer = answer.and_then(|body| query.answer(&body, &request_id));
            protocol::Wire::SqsQuery.answer(answer, &request_id)
        }
        Ok(Asked::Logs(operation)) => {
            let named = ("CloudWatch Logs", operation.as_str());
            let reply = reply::run(logs::ops::OPERATIONS, named, door.rooms.events.logs(), call, &body);
            protocol::Wire::Json11.answer(reply::drive(reply, door.closing).await, &request_id)
        }
        Ok(Asked::Trunkline(operation)) => {
            let reply = own::run(&door.rooms, &operation, call, &body);
            protocol::Wire::Json11.answer(reply::drive(reply, door.closing).await, &request_id)
        }
        Ok(Asked::Sts(operation)) => sts::answer(&operation, &call),
        Err((wire, error)) => wire.error(&error, &request_id),
    }
}

impl Door {
    fn call(&self, headers: &HeaderMap) -> Call {
        let ids = clock::ids();
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or(&self.address);
        Call {
            now: clock::now(),
            account: self.account.to_string(),
            region: self.region.to_string(),
            request_id: ids.next_uuid(),
            base_url: format!("http://{host}"),
            ids,
        }
    }
}

/// For a person who opens the address in a browser.
fn welcome() -> Response {
    let text = "This is Trunkline. It speaks AWS's protocols: set AWS_ENDPOINT_URL to this address and use boto3, the AWS CLI or any AWS SDK.\n";
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
