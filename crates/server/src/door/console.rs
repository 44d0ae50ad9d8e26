//! The console's place at the door: its pages below `/console/`, what they do, and the one stream of a tab.
//!
//! A page is for whoever may call the API. On a loopback address that is this machine; beyond it a browser signs in with the key
//! that is printed at the start. What acts is JSON with this process's token, which only a page of ours can know.

mod describe;
mod edges;
mod health;
mod platform;
pub(crate) mod refused_post;
mod series;
mod tab;
mod trigger;

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws::operation::Later;
use aws::service::TRUNKLINE;
use aws::{Body as Json, Error, ResponseBody};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use console::address::HOME;
use console::answer::Visit;
use console::asset::{self, gzip};
use console::live::pattern_trouble;
use console::meter::Meter;
use console::source::{Question, Source};
use console::verb::act;
use serde_json::{Value, json};

use crate::clock;
use crate::door::Door;
use crate::door::console::edges::Edges;
use crate::door::console::refused_post::RefusedPosts;
use crate::door::reply::OperationAnswer;

/// The most that a page may send, in bytes: a message of 1 MiB, every character an escape.
const BODY_BYTES_MAX: usize = 8 << 20;
/// Beyond loopback a browser brings this cookie.
const COOKIE: &str = "trunkline-console";
/// The parameter of the printed address that signs a browser in.
const SIGN_IN: &str = "sign-in";
/// Nothing inline and nothing of anybody else: `form-action` lets a filter be sent without JavaScript.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What the console has of this process.
#[derive(Debug)]
pub(crate) struct Console {
    /// What a request that acts brings back.
    token: String,
    /// What signs a browser in; `None`: nobody has to, since only this machine can call.
    key: Option<String>,
    data_dir: String,
    disk_reserve_bytes: u64,
    rates: Mutex<Rates>,
    /// What webhooks refused since the start.
    pub(crate) refused_posts: RefusedPosts,
}

/// What the tabs that are open count together.
#[derive(Debug, Default)]
struct Rates {
    meter: Meter,
    edges: Edges,
    /// The second that was counted last.
    second: u64,
    /// The last position that was counted, by bus.
    reached: BTreeMap<String, u64>,
}

impl Console {
    /// The console of a server on this address.
    pub(crate) fn new(is_loopback: Reach, config: &crate::config::Config) -> Self {
        let random = || format!("{:032x}", clock::ids().next_u128());
        Self {
            token: random(),
            key: (is_loopback == Reach::Beyond).then(random),
            data_dir: config.data_dir.display().to_string(),
            disk_reserve_bytes: config.disk_reserve_bytes,
            rates: Mutex::default(),
            refused_posts: RefusedPosts::default(),
        }
    }

    /// What stands behind the server's address to open it.
    pub(crate) fn path(&self) -> String {
        match &self.key {
            Some(key) => format!("{HOME}?{SIGN_IN}={key}"),
            None => HOME.to_owned(),
        }
    }
}

/// Who can reach the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine's programs.
    Loopback,
    /// Others as well.
    Beyond,
}

/// The routes.
pub(crate) fn routes() -> Router<Door> {
    Router::new()
        .route("/console", get(home))
        .route("/console/", get(page))
        .route("/console/assets/{name}", get(file))
        .route("/console/live-stream", get(stream))
        .route("/console/pattern", get(judge_pattern))
        .route("/console/bundle.json", get(bundle))
        .route("/console/do/{verb}", post(do_verb))
        .route("/console/{*rest}", get(page))
}

/// Leads to the first page.
pub(crate) async fn home() -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, HOME)]).into_response()
}

/// Whether a path is one that a person may open by a link, from wherever it is.
pub(crate) fn is_page(path: &str) -> bool {
    (path == "/console" || path.starts_with(HOME))
        && !["live-stream", "pattern", "bundle.json", "do/", "assets/"]
            .iter()
            .any(|other| path.strip_prefix(HOME).is_some_and(|rest| rest.starts_with(other)))
}

async fn page(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let visit = visit_of(&door, &parts);
    if let Err(response) = admitted(&door, &parts, &visit) {
        return *response;
    }
    let source = source(&door, &parts.headers);
    let answer = console::page(&*source, &visit).await;
    document(&parts.headers, answer.status, answer.html)
}

/// A page as it is sent: compressed, and never kept by a browser.
fn document(headers: &HeaderMap, status: u16, html: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "accept-encoding"),
    ];
    let mut response = if takes_gzip(headers) {
        ([(header::CONTENT_ENCODING, "gzip")], gzip(html.as_bytes())).into_response()
    } else {
        html.into_response()
    };
    *response.status_mut() = status;
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let opener = HeaderValue::from_static("same-origin");
    response.headers_mut().insert("cross-origin-opener-policy", opener.clone());
    response.headers_mut().insert("cross-origin-resource-policy", opener);
    response
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|text| text.to_str().ok())
        .is_some_and(|text| text.contains("gzip"))
}

/// A style, a module, the icon: named by its content, so that a browser may keep it for ever.
async fn file(axum::extract::Path(name): axum::extract::Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = asset::named(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let head = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    if takes_gzip(&headers) {
        return (head, [(header::CONTENT_ENCODING, "gzip")], asset.gzip.clone()).into_response();
    }
    (head, asset.bytes.clone()).into_response()
}

async fn judge_pattern(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let visit = visit_of(&door, &parts);
    if let Err(response) = admitted(&door, &parts, &visit) {
        return *response;
    }
    json_of(StatusCode::OK, &pattern_trouble(visit.param("text")))
}

/// The support bundle, as a file to be kept.
async fn bundle(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let visit = visit_of(&door, &parts);
    if let Err(response) = admitted(&door, &parts, &visit) {
        return *response;
    }
    let source = source(&door, &parts.headers);
    match console::bundle::bundle(&*source).await {
        Ok(bundle) => {
            let mut response = json_of(StatusCode::OK, &bundle);
            let name = HeaderValue::from_static("attachment; filename=\"trunkline-support.json\"");
            response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
            response
        }
        Err(error) => refused(&error),
    }
}

async fn stream(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let visit = visit_of(&door, &parts);
    if let Err(response) = admitted(&door, &parts, &visit) {
        return *response;
    }
    let source = source(&door, &parts.headers);
    match tab::Tab::open(door, source, &visit).await {
        Ok(tab) => tab.response(),
        Err(error) => refused(&error),
    }
}

/// What a page does: JSON, with the token of the page.
async fn do_verb(
    State(door): State<Door>,
    axum::extract::Path(verb): axum::extract::Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let visit = visit_of(&door, &parts);
    if let Err(response) = admitted(&door, &parts, &visit) {
        door.bodies.pass_over(body).await;
        return *response;
    }
    let header = |name: &str| parts.headers.get(name).and_then(|text| text.to_str().ok()).unwrap_or_default();
    let is_json =
        header("content-type").split(';').next().is_some_and(|kind| kind.trim() == "application/json");
    if !is_json || !is_same(header("x-trunkline-token"), &door.console.token) {
        door.bodies.pass_over(body).await;
        let words = "This page is of an earlier start of Trunkline: load it again, and do it once more.";
        return refused(&Error { status: 403, ..Error::sender("AccessDeniedException", words) });
    }
    let body = match door.bodies.read(body, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(error) => return refused(&error),
    };
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refused(&Error::serialization("The request body is no JSON."));
    };
    let source = source(&door, &parts.headers);
    match act(&*source, &verb, body).await {
        Ok(done) => json_of(StatusCode::OK, &done),
        Err(error) => refused(&error),
    }
}

/// Compares without telling by its time how much is right.
fn is_same(given: &str, wanted: &str) -> bool {
    let differ = given.bytes().zip(wanted.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    given.len() == wanted.len() && differ == 0
}

fn json_of(status: StatusCode, value: &Value) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, head, value.to_string()).into_response()
}

fn refused(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json_of(status, &json!({"code": error.code, "message": error.message}))
}

/// Whether the browser may see pages: beyond loopback one that was opened by the printed address.
fn admitted(door: &Door, parts: &Parts, visit: &Visit) -> Result<(), Box<Response>> {
    let Some(key) = &door.console.key else { return Ok(()) };
    if is_same(visit.param(SIGN_IN), key) {
        let cookie = format!("{COOKIE}={key}; Path={HOME}; HttpOnly; SameSite=Strict");
        let head = [(header::SET_COOKIE, cookie), (header::LOCATION, HOME.to_owned())];
        return Err(Box::new((StatusCode::SEE_OTHER, head).into_response()));
    }
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|text| text.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    if pairs.any(|(name, value)| name == COOKIE && is_same(value, key)) {
        return Ok(());
    }
    let words = "Trunkline's console is open beyond this machine: open it by the whole address that was printed at the start.\n";
    Err(Box::new(
        (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words)
            .into_response(),
    ))
}

fn visit_of(door: &Door, parts: &Parts) -> Visit {
    let path = parts.uri.path().strip_prefix(HOME).unwrap_or_default();
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    Visit {
        path: path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect(),
        query: form_urlencoded::parse(query).into_owned().collect(),
        now: clock::now(),
        token: door.console.token.clone(),
    }
}

/// Answers the console's questions by the operations of the home scope.
fn source(door: &Door, headers: &HeaderMap) -> Box<Source> {
    let (door, headers) = (door.clone(), headers.clone());
    Box::new(move |question| answer(door.clone(), &headers, question))
}

fn answer(door: Door, headers: &HeaderMap, question: Question) -> Later<Json> {
    let Question { service, operation, body } = question;
    let mut call = door.call(headers);
    if (service, operation) == ("lambda", "Invoke") {
        // The event is the request's body on the wire; here it is a member.
        call.payload = body.get("Payload").and_then(Value::as_str).unwrap_or_default().as_bytes().to_vec();
    }
    Box::pin(async move {
        match service {
            "console" => return own(&door, operation, &body).await,
            "platform" => return platform::answer(&door, operation, &body).await,
            _ => {}
        }
        let home = door.scopes.of(None)?;
        let found = match service {
            "trunkline" => {
                home.services.of_target(TRUNKLINE.target_prefix, operation).map(|(service, _)| service)
            }
            scope => home.services.of_scope(scope),
        };
        let found = found.ok_or_else(|| Error::unknown_operation(service, operation))?;
        let reply = found.run(operation, call, &body.to_string().into_bytes());
        match door.driver().drive(reply).await? {
            OperationAnswer::Json(answer) => Ok(answer),
            OperationAnswer::Whole(response) => Ok(whole(response).await.to_string().into_bytes()),
        }
    })
}

/// Answers what only this mounting of the pages can.
async fn own(door: &Door, operation: &str, body: &Value) -> Result<Json, Error> {
    match operation {
        "DescribeServer" => describe::server(door).await,
        "ListSeries" => series::list(door, body),
        "ListFindings" => health::findings(door).await,
        "QuickCheck" => health::quick_check(door).await,
        "ListLimits" => health::limits(),
        "ListTriggers" => trigger::choices(door),
        "Trigger" => trigger::trigger(door, body).await,
        other => Err(Error::unknown_operation("console", other)),
    }
}

/// What the porter answered, as one value.
async fn whole(response: aws::Response) -> Value {
    let bytes = match response.body {
        ResponseBody::Whole(bytes) => bytes,
        ResponseBody::Chunks(mut chunks) => {
            let mut bytes = Vec::new();
            while let Some(Ok(piece)) = chunks.next().await {
                bytes.extend_from_slice(&piece);
            }
            bytes
        }
    };
    let headers: BTreeMap<String, String> =
        response.headers.into_iter().map(|(name, text)| (name.to_ascii_lowercase(), text)).collect();
    json!({"Status": response.status, "Headers": headers, "Payload": String::from_utf8_lossy(&bytes)})
}

/// An answer that goes on: for [`tab::Tab`].
fn event_stream(body: Body) -> Response {
    let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (head, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::{is_page, is_same};

    #[test]
    fn links_lead_to_pages_only() {
        for path in ["/console", "/console/", "/console/queues/a", "/console/events/x"] {
            assert!(is_page(path), "{path}");
        }
        for path in ["/console/do/rule.pause", "/console/live-stream", "/console/pattern", "/consolex", "/"] {
            assert!(!is_page(path), "{path}");
        }
    }

    #[test]
    fn a_token_is_the_whole_token() {
        assert!(is_same("abc", "abc"));
        for other in ["", "ab", "abd", "abcd"] {
            assert!(!is_same(other, "abc"), "{other}");
        }
    }
}
