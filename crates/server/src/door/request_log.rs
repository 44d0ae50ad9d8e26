//! The request log: a line at debug level for each request, never with what is in it.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use crate::clock;

/// So many characters of what a caller says are logged.
const SHOWN_MAX: usize = 100;

/// Answers a request, and logs which it was and how it went. Its fields: `request_id`, `operation` (of AWS's JSON
/// protocols), `method`, `path` without the query, `status`, `error_code`, `ms`. Bodies, headers and queries may hold
/// secrets and are not logged.
pub(super) async fn logged(request: Request, next: Next) -> Response {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return next.run(request).await;
    }
    let began = clock::now();
    let operation = shown(text(request.headers(), "x-amz-target"));
    let method = request.method().clone();
    let path = shown(request.uri().path());
    let response = next.run(request).await;
    tracing::debug!(
        request_id = text(response.headers(), "x-amzn-requestid"),
        operation,
        %method,
        path,
        status = response.status().as_u16(),
        error_code = text(response.headers(), "x-amzn-errortype"),
        ms = u64::try_from(clock::now().since(began).as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}
