//! Why a call failed, in a sentence that says what to do.

use std::fmt;

use http_client::{Failure, Response};
use serde_json::Value;

use crate::client::{Call, may_pass};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// Genesys Cloud's error code; empty where there is none.
    pub code: String,
    /// What went wrong and what to do, for a person.
    pub message: String,
    /// Seconds that the org asks to wait.
    pub wait_s: Option<u64>,
    /// Whether a retry may help.
    pub may_pass: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// An answer that is no success, to a call that is named.
    pub(crate) fn of_answer(answer: &Response, call: &Call<'_>) -> Self {
        let (method, path) = (call.method, call.path.split('?').next().unwrap_or_default());
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let status = answer.status;
        let said = match (text("message"), text("messageWithParams")) {
            ("", "") => format!("HTTP status {status}"),
            (message, "") => message.to_owned(),
            (_, message) => message.to_owned(),
        };
        let said = said.trim_end_matches('.');
        let context = match text("contextId") {
            "" => String::new(),
            id => format!(" (contextId {id})"),
        };
        let seconds = |name: &str| answer.header(name).and_then(|text| text.trim().parse::<u64>().ok());
        let limit = if status == 429 { seconds("inin-ratelimit-reset") } else { None };
        let advice = advice(status, &body);
        Self {
            status,
            code: text("code").to_owned(),
            message: format!("{method} {path}: {said}{context}{advice}"),
            wait_s: seconds("retry-after").or(limit),
            may_pass: matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        }
    }

    pub(crate) fn of_failure(failure: &Failure) -> Self {
        Self {
            status: 0,
            code: String::new(),
            message: failure.to_string(),
            wait_s: None,
            may_pass: may_pass(failure.kind),
        }
    }

    /// An answer that cannot be understood.
    pub(crate) fn strange(message: impl Into<String>) -> Self {
        Self { status: 0, code: String::new(), message: message.into(), wait_s: None, may_pass: false }
    }

    /// Whether the org surely did nothing: then a call that makes something may be repeated.
    pub(crate) fn was_not_done(&self) -> bool {
        self.status == 429 || self.status == 503
    }

    /// Whether the requested resource does not exist.
    pub fn is_absent(&self) -> bool {
        self.status == 404
    }
}

/// The next step, by status.
fn advice(status: u16, body: &Value) -> String {
    match status {
        401 => ". A fresh token was refused too: see that the OAuth client still exists and is enabled".to_owned(),
        403 => {
            let list = body.pointer("/messageParams/permissions").and_then(Value::as_str).unwrap_or_default();
            let what = if list.is_empty() { String::new() } else { format!(" with {list}") };
            format!(
                ". Give the OAuth client (Admin, Integrations, OAuth) a role{what}, in the divisions that it is to see; scopes do not count for client credentials"
            )
        }
        409 => ". Somebody else has changed it meanwhile, or it exists already: run the same command again".to_owned(),
        429 => ". The org's limit for this client was reached; Trunkline waited and retried in vain: let fewer programs use this OAuth client".to_owned(),
        _ => String::new(),
    }
}
