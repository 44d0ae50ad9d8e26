//! What the server says of itself: where it listens, its data folder, its feeds.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::source::{Question, Source, find};

/// The server that is looked at. Its members are the answer to the question `DescribeServer` of the service `console`, which
/// only the server's mounting of these pages answers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct Standing {
    /// Of the binary.
    pub version: String,
    /// `http://127.0.0.1:4566`.
    pub address: String,
    /// Twelve digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
    /// Where the data lie.
    pub data_dir: String,
    /// Free on their disk, in bytes.
    pub disk_free_bytes: Option<u64>,
    /// Sends are refused when less than this is free, in bytes.
    pub disk_reserve_bytes: u64,
    /// The bus of the events that are derived of a feed's, where a feed runs.
    pub feed_bus: Option<String>,
    /// The webhooks that are open, each with its bus.
    pub webhooks: Vec<Webhook>,
    /// Why nothing is acknowledged any more, after a failed sync.
    pub stopped: Option<String>,
    /// Damaged records that were passed over since the start.
    pub damaged_records: u64,
}

/// A webhook.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct Webhook {
    /// Its name: the path is `/webhooks/NAME`.
    pub name: String,
    /// The bus that its events are put on.
    pub bus: String,
    /// The `source` of its events.
    pub source: String,
    /// Whether its senders are verified.
    pub verified: bool,
    /// What by, in words; empty where they are not.
    pub verified_by: String,
    /// Events that were acknowledged, those that had come before included.
    pub received: u64,
    /// Those of them that had come before.
    pub duplicates: u64,
    /// Posts that were refused since the start.
    pub refused: u64,
    /// The HTTP status of the last refusal; 0: there was none.
    pub last_status: u16,
    /// Its reason.
    pub last_reason: String,
    /// When it was, ISO 8601.
    pub last_refused: Option<String>,
}

/// What the server says; nothing of it where nobody answers.
pub(crate) async fn read(source: &Source) -> Standing {
    let answer = find(source, Question::of("console", "DescribeServer", json!({}))).await;
    serde_json::from_value(answer.unwrap_or(Value::Null)).unwrap_or_default()
}
