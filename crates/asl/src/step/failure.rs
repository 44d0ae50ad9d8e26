//! An error on its way outwards, and the names by which retriers and catchers know it.

use serde_json::{Map, Value, json};

/// An error on its way outwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure {
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    /// Nothing can retry or catch it.
    pub(super) fatal: bool,
    /// A second name by which retriers and catchers know it.
    pub(super) alias: Option<&'static str>,
}

impl Failure {
    pub(super) fn fatal(error: &str, cause: String) -> Self {
        Self { error: Some(error.to_owned()), cause: Some(cause), fatal: true, ..Self::default() }
    }

    pub(super) fn too_large(what: &str) -> Self {
        let cause = format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        Self { error: Some("States.DataLimitExceeded".to_owned()), cause: Some(cause), ..Self::default() }
    }

    /// The details of the event that tells it: what is absent is left out.
    pub(super) fn to_json(&self) -> Value {
        let mut details = Map::new();
        let members = [("error", &self.error), ("cause", &self.cause)];
        for (name, text) in members {
            if let Some(text) = text {
                details.insert(name.to_owned(), Value::from(text.as_str()));
            }
        }
        Value::Object(details)
    }

    /// What a catcher sees. A time-out has an empty cause; a token's holder may give neither.
    pub(super) fn error_output(&self) -> Value {
        let timed_out = self.error.as_deref() == Some("States.Timeout");
        let cause =
            if timed_out { self.cause.clone().or_else(|| Some(String::new())) } else { self.cause.clone() };
        json!({"Error": self.error, "Cause": cause})
    }

    pub(super) fn matches(&self, names: &[String]) -> bool {
        let error = self.error.as_deref().unwrap_or_default();
        !self.fatal
            && names.iter().any(|name| match name.as_str() {
                "States.ALL" => true,
                "States.TaskFailed" => error != "States.Timeout",
                name => name == error || self.alias == Some(name),
            })
    }
}
