//! The Genesys side of the door: `/oauth/token` and `/api/v2`, with bearer tokens and Genesys Cloud's error body.
//!
//! A route is a row in one of [`TABLES`]; the first row that fits answers. What only reads the simulated org is a pure
//! function; what owes or waits gets the door and may take its time.

mod matching;
mod org;
mod services;
pub(crate) mod socket;
mod stored;
mod streams;

use std::pin::Pin;

use aws::service::BODY_BYTES_MAX;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{any, get, post};
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use genesys_org::platform::Platform;
use genesys_org::platform::oauth::TokenRequest;
use genesys_org::platform::token::{Authentication, Caller};

use crate::clock;
use crate::door::Door;

/// What a handler that waits gives back.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Result<ApiResponse, ApiError>> + Send>>;

/// How a route is answered.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// By the simulated org alone.
    Org(fn(&Platform, &ApiRequest) -> Result<ApiResponse, ApiError>),
    /// By whatever the door has.
    Door(fn(Door, ApiRequest) -> Answering),
}

/// One route.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// The path with `{}` for each hole.
    pub(crate) path: &'static str,
    pub(crate) run: Run,
}

/// All routes below `/api/v2`, by who serves them. Of two rows that fit, the first answers.
const TABLES: &[&[Route]] = &[org::ROUTES, services::ROUTES, stored::ROUTES, streams::ROUTES];

/// The routes of this side.
pub(crate) fn routes() -> Router<Door> {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/api/v2/{*rest}", any(api))
        .route("/channels/{id}", get(socket::open))
}

/// `POST /oauth/token`.
async fn token(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ids = clock::ids();
    let body = match door.bodies.read(body, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(error) => return refuse(&unread(error), None),
    };
    let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let request = TokenRequest { authorization: authorization(&parts.headers), form: &form };
    write(&door.platform.token(&request, clock::now(), &ids), None)
}

/// Everything below `/api/v2`.
async fn api(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Authentication { caller, error: fault } =
        door.platform.caller(authorization(&parts.headers), clock::now());
    let body = match (door.bodies.read(body, BODY_BYTES_MAX).await, fault) {
        (_, Some(fault)) => return refuse(&fault, caller.as_ref()),
        (Err(error), None) => return refuse(&unread(error), caller.as_ref()),
        (Ok(body), None) => body,
    };
    match answer(door, &parts, body, caller.as_ref()).await {
        Ok(answer) => write(&answer, caller.as_ref()),
        Err(fault) => refuse(&fault, caller.as_ref()),
    }
}

async fn answer(
    door: Door,
    parts: &Parts,
    body: Vec<u8>,
    caller: Option<&Caller>,
) -> Result<ApiResponse, ApiError> {
    let (run, holes) = matching::find(TABLES, parts.method.as_str(), parts.uri.path())?;
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or(&door.address);
    let request = ApiRequest {
        path: parts.uri.path().to_owned(),
        holes,
        query: form_urlencoded::parse(query).into_owned().collect(),
        body,
        client_id: caller.map(|caller| caller.client_id.clone()).unwrap_or_default(),
        base_url: format!("http://{host}"),
        now: clock::now(),
        ids: clock::ids(),
    };
    run_route(door, run, request).await
}

/// A call of a page of our own, which may do what every client of this server may.
pub(super) async fn call(
    door: Door,
    method: &str,
    path: &str,
    body: Vec<u8>,
) -> Result<ApiResponse, ApiError> {
    let (run, holes) = matching::find(TABLES, method, path)?;
    let request = ApiRequest {
        path: path.to_owned(),
        holes,
        query: vec![("pageSize".to_owned(), "500".to_owned())],
        body,
        client_id: String::new(),
        base_url: format!("http://{}", door.address),
        now: clock::now(),
        ids: clock::ids(),
    };
    run_route(door, run, request).await
}

async fn run_route(door: Door, run: Run, request: ApiRequest) -> Result<ApiResponse, ApiError> {
    match run {
        Run::Org(run) => run(&door.platform, &request),
        Run::Door(run) => run(door, request).await,
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// A body that was not read.
fn unread(error: aws::Error) -> ApiError {
    let code = match error.status {
        413 => "request.entity.too.large",
        408 => "request.timeout",
        503 => "service.unavailable",
        _ => "bad.request",
    };
    ApiError::new(error.status, code, error.message)
}

fn refuse(fault: &ApiError, caller: Option<&Caller>) -> Response {
    let body = fault.body(&clock::ids().next_uuid());
    let mut response = write(&ApiResponse::with_status(fault.status, body), caller);
    if let Some(seconds) = fault.retry_after_s {
        // Always a whole number of seconds, as the vendor's clients expect.
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn write(answer: &ApiResponse, caller: Option<&Caller>) -> Response {
    let body = answer.body.as_ref().map(ToString::to_string);
    let mut response = Response::new(body.map_or_else(Body::empty, Body::from));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    if answer.body.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Ok(id) = HeaderValue::from_str(&clock::ids().next_uuid()) {
        headers.insert(HeaderName::from_static("inin-correlation-id"), id);
    }
    if let Some(caller) = caller {
        let told = [
            ("inin-ratelimit-count", u64::from(caller.count)),
            ("inin-ratelimit-allowed", u64::from(caller.allowed)),
            ("inin-ratelimit-reset", caller.reset_s),
        ];
        for (name, value) in told {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
    response
}
