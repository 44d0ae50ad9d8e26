//! A target of a rule: where a matching event goes, in which shape, and how long that is tried.

pub mod kind;

pub mod api_destination;
pub mod event_bus;
pub mod function;
pub mod log_group;
pub mod queue;
pub mod state_machine;

pub mod input;

use std::collections::BTreeMap;

use aws::Arn;
use serde::{Deserialize, Serialize};
use store::Table;

use crate::limits::quotas;

/// All targets, by bus, rule and target id.
pub(crate) const TARGETS: Table<(String, String, String), Target> = Table::new(22, "targets");

/// A target as it is stored, and as each delivery carries it: what a delivery needs does not change under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Unique within its rule.
    pub id: String,
    /// What is called.
    pub arn: Arn,
    /// The role that AWS would assume. Kept and shown.
    pub role_arn: Option<String>,
    /// What the target is given.
    pub input: Input,
    /// The message group of an SQS target, where one was set.
    pub message_group: Option<String>,
    /// What a request to an API destination gets in addition.
    pub http: Option<HttpParameters>,
    /// How long delivering is tried.
    pub retry: RetryPolicy,
    /// The SQS queue for what could not be delivered.
    pub dead_letter_arn: Option<Arn>,
}

store::record!(Target, version 1);

/// What a target adds to a request. A value that begins with `$.` is a path into the event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpParameters {
    /// In order, one for each `*` in the endpoint's path.
    pub path: Vec<String>,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
}

/// What a target is given of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// The whole envelope.
    #[default]
    Whole,
    /// The part of it that a path selects.
    Path(String),
    /// This JSON text, whatever the event.
    Constant(String),
    /// A template with values of the event put in.
    Transformer {
        /// Variable to path.
        paths: BTreeMap<String, String>,
        /// Text with `<variable>`s.
        template: String,
    },
}

/// How long a delivery is tried. `None` is AWS's default, which is also its maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Tries after the first, 0 to 185.
    pub attempts_max: Option<u32>,
    /// Seconds since the event was accepted, 60 to 86,400.
    pub age_seconds_max: Option<u32>,
}

impl RetryPolicy {
    /// Tries after the first.
    pub fn attempts_max(self) -> u32 {
        self.attempts_max.unwrap_or(quotas::RETRY_ATTEMPTS_MAX)
    }

    /// Seconds since the event was accepted.
    pub fn age_seconds_max(self) -> u32 {
        self.age_seconds_max.unwrap_or(quotas::EVENT_AGE_SECONDS_MAX)
    }
}
