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

/// Ids of one request. Source: the vendor's documentation of the details by id.
pub const IDS_MAX: usize = 50;

/// The conversations with these ids, at most [`IDS_MAX`]; those that the org does not know are left out.
///
/// # Errors
/// The client's.
pub async fn by_id(client: &Client, ids: &[String]) -> Result<Vec<Conversation>, Fault> {
    let ids: Vec<String> = ids.iter().take(IDS_MAX).map(|id| format!("id={id}")).collect();
    let mut answer =
        client.get(&format!("/api/v2/analytics/conversations/details?{}", ids.join("&"))).await?;
    let found = answer.get_mut("conversations").map(Value::take);
    let Some(Value::Array(found)) = found else { return Ok(Vec::new()) };
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
