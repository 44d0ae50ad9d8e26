//! The engine's errors as the door prints them: code, words and further members are the engine's, whose authors took them from AWS.

use aws::Error;
use aws::service::StorageErrors;
use dynoxide::DynoxideError;
use serde_json::{Map, Value};

use crate::Tables;

/// What the service calls a failure of its file.
pub(crate) const STORAGE_ERRORS: StorageErrors = StorageErrors::both("InternalServerError");

/// Operations whose broken constraints AWS puts into an envelope.
const ENVELOPED: [&str; 3] = ["PutItem", "UpdateItem", "DeleteItem"];

impl Tables {
    /// An error of the engine. One of the disk stops everything: what is not known to be written must not be acknowledged.
    pub(crate) fn refusal(&self, operation: &str, error: &DynoxideError) -> Error {
        let message = match error {
            DynoxideError::EnvelopedValidation(words) if ENVELOPED.contains(&operation) => {
                format!("1 validation error detected: {words}")
            }
            other => other.to_string(),
        };
        let is_internal =
            error.status_code() >= 500 && !matches!(error, DynoxideError::UnsupportedCapability(_));
        if is_internal && !is_full(&message) && is_of_disk(&message) {
            self.shared.stopped.send_if_modified(|cause| {
                let is_first = cause.is_none();
                cause.get_or_insert_with(|| message.clone());
                is_first
            });
        }
        let kind = error.error_type();
        let code = kind.rsplit_once('#').map_or(kind, |(_, code)| code);
        let status = error.status_code();
        Error { status, ..Error::sender(code, message) }.with_members(members(error))
    }
}

/// `Item` of a failed condition, `CancellationReasons` of a cancelled transaction.
fn members(error: &DynoxideError) -> Map<String, Value> {
    let body: Map<String, Value> = serde_json::from_str(&error.to_json()).unwrap_or_default();
    body.into_iter().filter(|(name, _)| !matches!(name.as_str(), "__type" | "message" | "Message")).collect()
}

/// SQLite's words where there is no space: reads and deletes may still work, and there may be space again.
fn is_full(message: &str) -> bool {
    message.contains("disk is full")
}

/// SQLite's words for what a disk does.
fn is_of_disk(message: &str) -> bool {
    ["disk I/O error", "malformed", "unable to open database file", "readonly database", "not a database"]
        .iter()
        .any(|words| message.contains(words))
}
