//! Catching up: analytics is asked for what the feed missed.

use std::time::Duration;

use aws::Timestamp;
use serde_json::{Value, json};

use crate::analytics::Conversation;
use crate::client::Client;
use crate::client::fault::Fault;
use crate::client::paging::Items;

const DETAILS_QUERY: &str = "/api/v2/analytics/conversations/details/query";
/// Maximum interval of one query, with a day to spare for its end: 31 days.
const INTERVAL_MAX: Duration = Duration::from_secs(30 * 24 * 3_600);

/// From when to when, the end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub to: Timestamp,
}

/// Which conversations of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All with anything in it.
    All,
    /// Those that have ended.
    Ended,
}

/// The conversations of an org with anything in the interval, oldest first. What lies further back than a query reaches
/// is left out: [`reach`] says how far that is.
///
/// # Errors
/// The client's.
pub async fn conversations(
    client: &Client,
    interval: Interval,
    selection: Selection,
) -> Result<Vec<Conversation>, Fault> {
    let Interval { from, to } = interval;
    let from = from.max(reach(to));
    let ended = json!([{"type": "and", "predicates": [
        {"type": "dimension", "dimension": "conversationEnd", "operator": "exists"},
    ]}]);
    let query = json!({
        "interval": format!("{}/{}", from.to_iso_millis(), to.to_iso_millis()),
        "order": "asc",
        "orderBy": "conversationStart",
        "conversationFilters": if selection == Selection::Ended { ended } else { json!([]) },
    });
    let found =
        client.queried(DETAILS_QUERY, &query, Items { list: "conversations", id: "conversationId" }).await?;
    Ok(found.into_iter().filter_map(read).collect())
}

/// The earliest moment that a query up to `to` may begin with.
pub fn reach(to: Timestamp) -> Timestamp {
    to.minus(INTERVAL_MAX)
}

/// A record that cannot be read is left out: one strange conversation must not keep all others away.
fn read(record: Value) -> Option<Conversation> {
    match serde_json::from_value(record) {
        Ok(conversation) => Some(conversation),
        Err(error) => {
            tracing::warn!(%error, "a details record cannot be parsed and is skipped");
            None
        }
    }
}
