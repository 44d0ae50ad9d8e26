//! Answers and refusals in Genesys Cloud's shape.

use serde_json::{Value, json};

/// An answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiResponse {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; `None` for 204.
    pub body: Option<Value>,
}

impl ApiResponse {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    /// Another status with a body: 201, 202.
    pub fn with_status(status: u16, body: Value) -> Self {
        Self { status, body: Some(body) }
    }

    /// 204, without a body.
    pub fn no_content() -> Self {
        Self { status: 204, body: None }
    }
}

/// A refusal: the content of Genesys Cloud's `ErrorBody`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The error's code, such as `bad.request`.
    pub code: &'static str,
    /// A sentence for a person.
    pub message: String,
    /// The values used in the message, by name.
    pub params: Vec<(&'static str, String)>,
    /// Seconds after which the same request may be sent again.
    pub retry_after_s: Option<u64>,
}

impl ApiError {
    /// Any refusal.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), params: Vec::new(), retry_after_s: None }
    }

    /// 400: the request is wrong. Code as in a recorded answer (`agentId ... is not a valid UUID.`).
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "bad.request", message)
    }

    /// 401: no token was sent.
    pub fn no_token() -> Self {
        Self::new(
            401,
            "authentication.required",
            "No authentication bearer token specified in authorization header.",
        )
    }

    /// 401: the token is not known, or no longer.
    pub fn bad_token() -> Self {
        Self::new(401, "bad.credentials", "Invalid login credentials.")
    }

    /// 403: the client's roles lack permissions.
    pub fn missing_permissions(permissions: &[&str]) -> Self {
        let list = permissions.join(", ");
        let message = format!(
            "Unable to perform the requested action. You are missing the following permission(s): {list}"
        );
        Self { params: vec![("permissions", list)], ..Self::new(403, "missing.permissions", message) }
    }

    /// 404: what the path names is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "not.found", message)
    }

    /// 409: it is there already, or has another version.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "conflict", message)
    }

    /// 429; the text of the API's description: `Rate limit exceeded the maximum. Retry the request in [%s] seconds`.
    pub fn too_many_requests(seconds: u64) -> Self {
        let message = format!("Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds");
        Self { retry_after_s: Some(seconds), ..Self::new(429, "too.many.requests", message) }
    }

    /// A failure of the store.
    pub fn of_store(error: store::Error) -> Self {
        let aws::Error { status, message, .. } = queue::error::of_store(error);
        let code = if status == 503 { "service.unavailable" } else { "internal.server.error" };
        Self::new(status, code, message)
    }

    /// The `ErrorBody`. `context_id` is the id under which a supporter would find the request.
    pub fn body(&self, context_id: &str) -> Value {
        let params: serde_json::Map<String, Value> =
            self.params.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({
            "message": self.message,
            "code": self.code,
            "status": self.status,
            "messageParams": params,
            "contextId": context_id,
            "details": [],
            "errors": [],
        })
    }
}
