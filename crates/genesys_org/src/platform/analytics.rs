//! Analytics of conversations: the details query, and the record of one or several conversations by id.

mod predicate;
mod record;

use std::cmp::Ordering;

use aws::Timestamp;
use genesys::analytics::Conversation;
use genesys::platform::request::ApiRequest;
use genesys::platform::response::{ApiError, ApiResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::platform::Platform;
use crate::platform::analytics::predicate::Filter;

pub(crate) use crate::platform::analytics::record::of_record;

/// Maximum interval of one query. Source: the vendor's documentation of the details query, 31 days.
const INTERVAL_MS_MAX: u64 = 31 * 24 * 3_600_000;
/// Default and maximum `paging.pageSize`. Source: the API's description.
const PAGE_SIZE: usize = 25;
const PAGE_SIZE_MAX: usize = 100;
/// Maximum number of conversations of one `GET .../details?id=...`. Source: the API's description.
const IDS_MAX: usize = 50;

/// The body of a details query.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    interval: Option<String>,
    #[serde(default)]
    order: Order,
    #[serde(default)]
    order_by: OrderBy,
    #[serde(default)]
    paging: Paging,
    #[serde(default)]
    conversation_filters: Vec<Filter>,
    #[serde(default)]
    segment_filters: Vec<Filter>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Asc,
    Desc,
    Unordered,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum OrderBy {
    #[default]
    ConversationStart,
    ConversationEnd,
    SegmentStart,
    SegmentEnd,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Paging {
    page_size: usize,
    page_number: usize,
}

impl Default for Paging {
    fn default() -> Self {
        Self { page_size: PAGE_SIZE, page_number: 1 }
    }
}

/// `POST /api/v2/analytics/conversations/details/query`.
pub fn query_details(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let query: Query = request.json()?;
    let Interval { from_ms, to_ms } = interval(query.interval.as_deref())?;
    let Paging { page_size, page_number } = query.paging;
    if !(1..=PAGE_SIZE_MAX).contains(&page_size) || page_number == 0 {
        return Err(ApiError::bad_request(format!(
            "paging.pageSize must be from 1 to {PAGE_SIZE_MAX} and paging.pageNumber at least 1."
        )));
    }
    let mut found = platform.conversations_between(from_ms, to_ms)?;
    for filter in query.conversation_filters.iter().chain(&query.segment_filters) {
        filter.check()?;
    }
    found.retain(|conversation| {
        query.conversation_filters.iter().all(|filter| filter.fits_conversation(conversation))
            && predicate::fits_segments(&query.segment_filters, conversation)
    });
    found.sort_by(|left, right| compare(left, right, query.order_by));
    if matches!(query.order, Order::Desc) {
        found.reverse();
    }
    let total = found.len();
    let page: Vec<Conversation> =
        found.into_iter().skip((page_number - 1).saturating_mul(page_size)).take(page_size).collect();
    Ok(ApiResponse::ok(json!({"conversations": page, "totalHits": total})))
}

/// `GET /api/v2/analytics/conversations/{conversationId}/details`.
pub fn get_details(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let id = request.hole(0);
    let found = platform.conversation(id)?;
    let found =
        found.ok_or_else(|| ApiError::not_found(format!("No conversation with the id {id} was found.")))?;
    Ok(ApiResponse::ok(json!(found)))
}

/// `GET /api/v2/analytics/conversations/details?id=...&id=...`.
pub fn list_details(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let ids: Vec<&str> = request.params("id").collect();
    if ids.is_empty() || ids.len() > IDS_MAX {
        return Err(ApiError::bad_request(format!("id must be given, 1 to {IDS_MAX} times.")));
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(platform.conversation(id)?);
    }
    Ok(ApiResponse::ok(json!({"conversations": found})))
}

/// `GET /api/v2/conversations/{conversationId}`.
pub fn get_conversation(platform: &Platform, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
    let id = request.hole(0);
    let found = platform.conversation(id)?;
    let found =
        found.ok_or_else(|| ApiError::not_found(format!("No conversation with the id {id} was found.")))?;
    Ok(ApiResponse::ok(conversation_body(&found)))
}

impl Platform {
    /// The analytics record of one conversation.
    ///
    /// # Errors
    /// 404 where no org is simulated.
    pub fn conversation(&self, id: &str) -> Result<Option<Conversation>, ApiError> {
        self.with_simulation(|simulation| {
            Ok(simulation.history.conversation(id).map(|record| of_record(&record)))
        })
    }

    /// The analytics records of the conversations with anything between the two moments.
    ///
    /// # Errors
    /// 404 where no org is simulated.
    pub fn conversations_between(&self, from_ms: u64, to_ms: u64) -> Result<Vec<Conversation>, ApiError> {
        self.with_simulation(|simulation| {
            Ok(simulation.history.between(from_ms, to_ms).iter().map(of_record).collect())
        })
    }
}

/// From when to when, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Interval {
    from_ms: u64,
    to_ms: u64,
}

/// Reads `from/to`, both ISO 8601; without a zone, as the vendor documents it, they are UTC.
///
/// # Errors
/// 400 with what an interval looks like.
fn interval(text: Option<&str>) -> Result<Interval, ApiError> {
    let example = "2026-03-19T22:00:00Z/2026-03-19T23:00:00Z";
    let text = text.ok_or_else(|| {
        ApiError::bad_request(format!("interval is required, two times with a slash between: {example}."))
    })?;
    let read = |text: &str| Timestamp::parse_iso_or_utc(text).map(Timestamp::unix_ms);
    let both = text.split_once('/').and_then(|(from, to)| Some((read(from)?, read(to)?)));
    let Some((from_ms, to_ms)) = both.filter(|(from_ms, to_ms)| from_ms < to_ms) else {
        return Err(ApiError::bad_request(format!(
            "interval '{text}' is not two times in order with a slash between, such as {example}."
        )));
    };
    if to_ms - from_ms > INTERVAL_MS_MAX {
        return Err(ApiError::bad_request("interval is longer than 31 days, the longest of one query."));
    }
    Ok(Interval { from_ms, to_ms })
}

fn compare(left: &Conversation, right: &Conversation, by: OrderBy) -> Ordering {
    let key = |conversation: &Conversation| match by {
        OrderBy::ConversationStart | OrderBy::SegmentStart => conversation.conversation_start.clone(),
        // What has not ended sorts last.
        OrderBy::ConversationEnd | OrderBy::SegmentEnd => {
            conversation.conversation_end.clone().unwrap_or_else(|| "~".to_owned())
        }
    };
    key(left).cmp(&key(right)).then_with(|| left.conversation_id.cmp(&right.conversation_id))
}

/// The conversation as the conversation API and its notifications show it: participants with their times, and what each has
/// of a medium.
pub(crate) fn conversation_body(conversation: &Conversation) -> Value {
    let participants: Vec<Value> = conversation
        .participants
        .iter()
        .flat_map(|participant| {
            participant.sessions.iter().map(move |session| {
                let mut talk = session.segments.iter().filter(|segment| segment.segment_type != "wrapup");
                let (first, last) = (talk.clone().next(), talk.next_back());
                let end = last.and_then(|segment| segment.segment_end.as_deref());
                let queue = session.segments.iter().find_map(|segment| segment.queue_id.as_deref());
                let code = session.segments.iter().find_map(|segment| segment.wrap_up_code.as_deref());
                let state = match (end, last.map(|segment| segment.segment_type.as_str())) {
                    (Some(_), _) => "terminated",
                    (None, Some("alert")) => "alerting",
                    (None, Some("dialing")) => "dialing",
                    (None, _) => "connected",
                };
                let medium = json!([{
                    "id": session.session_id,
                    "state": state,
                    "direction": session.direction,
                    "provider": session.provider,
                    "disconnectType": last.and_then(|segment| segment.disconnect_type.as_deref()),
                }]);
                let mut body = json!({
                    "id": participant.participant_id,
                    "purpose": participant.purpose,
                    "connectedTime": first.map(|segment| segment.segment_start.as_str()),
                    "endTime": end,
                    "userId": participant.user_id,
                    "queueId": queue,
                    "externalContactId": participant.external_contact_id,
                    "wrapup": code.map(|code| json!({"code": code})),
                });
                if let Value::Object(members) = &mut body {
                    members.insert(medium_member(&session.media_type).to_owned(), medium);
                    members.retain(|_, value| !value.is_null());
                }
                body
            })
        })
        .collect();
    json!({
        "id": conversation.conversation_id,
        "startTime": conversation.conversation_start,
        "endTime": conversation.conversation_end,
        "participants": participants,
    })
}

fn medium_member(media_type: &str) -> &'static str {
    match media_type {
        "callback" => "callbacks",
        "chat" => "chats",
        "message" => "messages",
        "email" => "emails",
        _ => "calls",
    }
}
