//! How asynchronous invocations of a function, version or alias are tried again and whom their end is told: their event invoke
//! config.

use std::time::Duration;

use aws::{Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{KeyRange, Read, Table, Tx};

use crate::limits;
use crate::name::{self, FunctionName};

/// By function and qualifier, `$LATEST` where none is said.
pub(crate) const EVENT_INVOKE_CONFIGS: Table<(String, String), EventInvokeConfig> =
    Table::new(77, "Lambda event invoke configs");

/// A config as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventInvokeConfig {
    pub(crate) retries: Option<u64>,
    pub(crate) age_seconds: Option<u64>,
    /// An ARN.
    pub(crate) on_success: Option<String>,
    /// An ARN.
    pub(crate) on_failure: Option<String>,
    pub(crate) modified: Timestamp,
}

store::record!(EventInvokeConfig, version 1);

pub(crate) fn key(name: &FunctionName) -> (String, String) {
    (name.name.clone(), name.qualifier().to_owned())
}

impl EventInvokeConfig {
    pub(crate) fn find(read: &mut impl Read, name: &FunctionName) -> Option<Self> {
        read.get(&EVENT_INVOKE_CONFIGS, &key(name))
    }

    /// Those of a function, with their qualifiers.
    pub(crate) fn all(read: &mut impl Read, function: &str) -> Vec<(String, Self)> {
        let range = KeyRange::prefix(&function.to_owned());
        let all = read.list(&EVENT_INVOKE_CONFIGS, &range, limits::LISTED_MAX);
        all.into_iter().map(|((_, qualifier), config)| (qualifier, config)).collect()
    }

    pub(crate) fn remove_all(tx: &mut Tx<'_>, function: &str) {
        for (qualifier, _) in Self::all(tx, function) {
            tx.remove(&EVENT_INVOKE_CONFIGS, &(function.to_owned(), qualifier));
        }
    }

    /// How often a function that failed is tried again.
    pub(crate) fn retries(&self) -> u64 {
        self.retries.unwrap_or(limits::RETRIES_MAX)
    }

    /// How long an invocation is tried again after it came to be owed.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_secs(self.age_seconds.unwrap_or(limits::EVENT_AGE_SECONDS_MAX))
    }

    pub(crate) fn shown(&self, home: &Scope, function: &str, qualifier: &str) -> Value {
        let destination = |arn: &Option<String>| match arn {
            Some(arn) => json!({"Destination": arn}),
            None => json!({}),
        };
        let mut shown = json!({
            "LastModified": self.modified.unix_seconds(),
            "FunctionArn": name::arn(home, function, Some(qualifier)).to_string(),
            "DestinationConfig": {
                "OnSuccess": destination(&self.on_success),
                "OnFailure": destination(&self.on_failure),
            },
        });
        if let Some(members) = shown.as_object_mut() {
            let mut set = |member: &str, value: Option<u64>| {
                value.and_then(|value| members.insert(member.to_owned(), json!(value)))
            };
            set("MaximumRetryAttempts", self.retries);
            set("MaximumEventAgeInSeconds", self.age_seconds);
        }
        shown
    }
}
