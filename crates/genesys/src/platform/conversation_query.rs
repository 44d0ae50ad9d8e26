//! What Trunkline has stored of conversations, asked for in the form of seed 002, which Genesys Cloud does not have.
//!
//! The tutorial's details query has `dateFrom`, `dateTo`, `filter` and `entities`; its events query gives back past events.
//! Both are answered from the derived events on the buses, over whichever feed they came.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use aws::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::platform::rendering::{EventContent, conversation_event};
use crate::platform::request::ApiRequest;
use crate::platform::response::{ApiError, ApiResponse};
use crate::tracker::derived::{detail_type, iso};

/// Default and maximum `pageSize`, as in the real details query.
const PAGE_SIZE: usize = 25;
const PAGE_SIZE_MAX: usize = 100;
/// Maximum number of conversations in one events query.
const IDS_MAX: usize = 50;
/// Fields by which conversations can be filtered.
const FIELDS: &[&str] = &[
    "conversationId",
    "conversationType",
    "direction",
    "queueId",
    "queueName",
    "status",
    "outcome",
    "wrapUpCode",
];

/// A page of a list, as the body asks for it.
#[derive(Clone, Copy, Debug)]
struct Page {
    size: usize,
    number: usize,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Ascending,
    Descending,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug)]
struct OrderBy {
    field: &'static str,
    order: Order,
}

/// A details query in the tutorial's form.
#[derive(Debug)]
pub struct DetailsQuery {
    from_ms: u64,
    to_ms: u64,
    page: Page,
    by_end: bool,
    order: Order,
    combine: Combine,
    clauses: Vec<Clause>,
    found: BTreeMap<String, Conversation>,
    seen: BTreeSet<String>,
}

/// An events query.
#[derive(Debug)]
pub struct EventsQuery {
    ids: Vec<String>,
    page: Page,
    order: Order,
    found: Vec<FoundEvent>,
    seen: BTreeSet<String>,
}

/// An event that was asked for.
#[derive(Debug)]
struct FoundEvent {
    time_ms: u64,
    event: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct DetailsBody {
    date_from: Option<String>,
    date_to: Option<String>,
    page_size: Option<usize>,
    page_number: Option<usize>,
    order_by: Option<String>,
    filter: Option<Filter>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct Filter {
    #[serde(rename = "type", default)]
    combine: Combine,
    #[serde(default)]
    clauses: Vec<Clause>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Combine {
    #[default]
    And,
    Or,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct Clause {
    #[serde(rename = "type")]
    operator: String,
    field: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct EventsBody {
    #[serde(default)]
    conversation_ids: Vec<String>,
    page_size: Option<usize>,
    page_number: Option<usize>,
    order_by: Option<String>,
}

/// What is known of one conversation.
#[derive(Debug, Default)]
struct Conversation {
    start_ms: u64,
    /// When it last began: a conversation that was reopened is not over.
    last_start_ms: u64,
    end_ms: Option<u64>,
    /// The newest value of each member.
    members: BTreeMap<&'static str, Member>,
}

/// A value, and the time of the event that it comes from.
#[derive(Debug, Default)]
struct Member {
    time_ms: u64,
    value: Value,
}

/// Whether a details query is in the tutorial's form: it has no `interval`, which the real one requires, and something that
/// only the tutorial's has.
pub fn is_in_tutorial_form(request: &ApiRequest) -> bool {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let has = |name: &&str| body.get(name).is_some();
    !has(&"interval") && ["dateFrom", "dateTo", "filter", "pageSize"].iter().any(has)
}

impl DetailsQuery {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 with what is wrong.
    pub fn read(request: &ApiRequest) -> Result<Self, ApiError> {
        let body: DetailsBody = request.json()?;
        let from_ms = moment("dateFrom", body.date_from.as_deref())?.unwrap_or(0);
        let to_ms = moment("dateTo", body.date_to.as_deref())?.unwrap_or(u64::MAX);
        if from_ms >= to_ms {
            return Err(ApiError::bad_request("dateFrom must be before dateTo."));
        }
        let order = body.order_by.as_deref();
        let OrderBy { field, order } = order_by(order.unwrap_or("startTime ASC"), &["startTime", "endTime"])?;
        let filter = body.filter.unwrap_or(Filter { combine: Combine::And, clauses: Vec::new() });
        for clause in &filter.clauses {
            if clause.operator != "EQ" {
                return Err(ApiError::bad_request(format!(
                    "filter.clauses: the type '{}' is unknown; the only type is EQ.",
                    clause.operator
                )));
            }
            if !FIELDS.contains(&clause.field.as_str()) {
                return Err(ApiError::bad_request(format!(
                    "filter.clauses: the field '{}' is unknown; the fields are {}.",
                    clause.field,
                    FIELDS.join(", ")
                )));
            }
        }
        Ok(Self {
            from_ms,
            to_ms,
            page: Page::read(body.page_size, body.page_number)?,
            by_end: field == "endTime",
            order,
            combine: filter.combine,
            clauses: filter.clauses,
            found: BTreeMap::new(),
            seen: BTreeSet::new(),
        })
    }

    /// Adds one stored event, in any order; one that lies on several buses counts once.
    pub fn add(&mut self, content: &EventContent) {
        // What an integration put on a bus is no derived event, though its source is the same.
        let is_derived = conversation_event::event_type(content).is_some();
        let Some(id) = content.conversation_id().filter(|_| is_derived) else { return };
        if self.seen.insert(content.id.clone()) {
            self.found.entry(id.to_owned()).or_default().add(content);
        }
    }

    /// The answer, when all events have been added.
    pub fn answer(self) -> ApiResponse {
        let Self { from_ms, to_ms, page, by_end, order, combine, clauses, found, .. } = self;
        let mut fitting: Vec<(String, Conversation)> = found
            .into_iter()
            .filter(|(_, one)| one.start_ms < to_ms && one.end().is_none_or(|end_ms| end_ms >= from_ms))
            .filter(|(id, one)| {
                let mut answers = clauses.iter().map(|clause| one.fits(id, clause));
                match combine {
                    Combine::Or if !clauses.is_empty() => answers.any(|fits| fits),
                    Combine::Or | Combine::And => answers.all(|fits| fits),
                }
            })
            .collect();
        // What goes on ends last.
        let key = |one: &Conversation| if by_end { one.end().unwrap_or(u64::MAX) } else { one.start_ms };
        fitting.sort_by(|(left_id, left), (right_id, right)| {
            order.of(key(left).cmp(&key(right))).then_with(|| left_id.cmp(right_id))
        });
        page.of(fitting.iter().map(|(id, one)| one.body(id)).collect())
    }
}

impl EventsQuery {
    /// Reads the body.
    ///
    /// # Errors
    /// 400 with what is wrong.
    pub fn read(request: &ApiRequest) -> Result<Self, ApiError> {
        let body: EventsBody = request.json()?;
        if body.conversation_ids.is_empty() || body.conversation_ids.len() > IDS_MAX {
            return Err(ApiError::bad_request(format!("conversationIds must have 1 to {IDS_MAX} ids.")));
        }
        let OrderBy { order, .. } =
            order_by(body.order_by.as_deref().unwrap_or("timestamp ASC"), &["timestamp"])?;
        Ok(Self {
            ids: body.conversation_ids,
            page: Page::read(body.page_size, body.page_number)?,
            order,
            found: Vec::new(),
            seen: BTreeSet::new(),
        })
    }

    /// Whether the text of an event can belong to a requested conversation: a look at the bytes that saves parsing it.
    pub fn may_want(&self, text: &str) -> bool {
        self.ids.iter().any(|id| text.contains(id.as_str()))
    }

    /// Adds one stored event, in any order; one that lies on several buses counts once.
    pub fn add(&mut self, content: &EventContent) {
        let is_wanted =
            content.conversation_id().is_some_and(|id| self.ids.iter().any(|wanted| wanted == id));
        if !is_wanted || self.seen.contains(&content.id) {
            return;
        }
        if let Some(event) = conversation_event::render(content) {
            self.seen.insert(content.id.clone());
            self.found.push(FoundEvent { time_ms: content.time_ms, event });
        }
    }

    /// The answer, when all events have been added.
    pub fn answer(mut self) -> ApiResponse {
        // Stable: what happened at one moment stays in the order in which it was stored.
        self.found.sort_by(|left, right| self.order.of(left.time_ms.cmp(&right.time_ms)));
        self.page.of(self.found.into_iter().map(|found| found.event).collect())
    }
}

impl Conversation {
    fn add(&mut self, content: &EventContent) {
        let text = |pointer: &str| content.detail.pointer(pointer).and_then(Value::as_str);
        let start_ms =
            text("/startTime").and_then(Timestamp::parse_iso).map_or(content.time_ms, |at| at.unix_ms());
        self.start_ms = if self.start_ms == 0 { start_ms } else { self.start_ms.min(start_ms) };
        match content.detail_type.as_str() {
            detail_type::CONVERSATION_END => self.end_ms = self.end_ms.max(Some(content.time_ms)),
            detail_type::CONVERSATION_START => self.last_start_ms = self.last_start_ms.max(content.time_ms),
            _ => {}
        }
        for (name, pointer) in [
            ("conversationType", "/type"),
            ("direction", "/direction"),
            ("queueId", "/routing/queueId"),
            ("queueName", "/routing/queueName"),
            ("status", "/status"),
            ("outcome", "/outcome"),
            ("wrapUpCode", "/wrapUpCode"),
            ("duration", "/duration"),
        ] {
            let Some(value) = content.detail.pointer(pointer) else { continue };
            let newest = self.members.entry(name).or_default();
            if content.time_ms >= newest.time_ms {
                *newest = Member { time_ms: content.time_ms, value: value.clone() };
            }
        }
    }

    fn end(&self) -> Option<u64> {
        self.end_ms.filter(|end_ms| *end_ms >= self.last_start_ms)
    }

    fn member(&self, name: &str) -> Option<&Value> {
        // What only an end states does not hold once the conversation has been reopened.
        let is_of_end = ["status", "outcome", "duration"].contains(&name);
        let member = self.members.get(name).filter(|_| !is_of_end || self.end().is_some())?;
        Some(&member.value)
    }

    fn status(&self) -> &str {
        self.member("status").and_then(Value::as_str).unwrap_or("active")
    }

    fn fits(&self, id: &str, clause: &Clause) -> bool {
        let wanted = clause.value.as_str();
        match clause.field.as_str() {
            "conversationId" => id == wanted,
            "status" => self.status().eq_ignore_ascii_case(wanted),
            field => {
                self.member(field).and_then(Value::as_str).is_some_and(|is| is.eq_ignore_ascii_case(wanted))
            }
        }
    }

    fn body(&self, id: &str) -> Value {
        let mut body = json!({
            "id": id,
            "status": self.status(),
            "startTime": iso(self.start_ms),
            "endTime": self.end().map(iso),
        });
        if let Value::Object(members) = &mut body {
            for name in self.members.keys().filter(|name| **name != "status") {
                members.insert((*name).to_owned(), json!(self.member(name)));
            }
            members.retain(|_, value| !value.is_null());
        }
        body
    }
}

impl Order {
    fn of(self, ordering: Ordering) -> Ordering {
        match self {
            Self::Ascending => ordering,
            Self::Descending => ordering.reverse(),
        }
    }
}

impl Page {
    fn read(size: Option<usize>, number: Option<usize>) -> Result<Self, ApiError> {
        let (size, number) = (size.unwrap_or(PAGE_SIZE), number.unwrap_or(1));
        if !(1..=PAGE_SIZE_MAX).contains(&size) || number == 0 {
            return Err(ApiError::bad_request(format!(
                "pageSize must be from 1 to {PAGE_SIZE_MAX} and pageNumber at least 1."
            )));
        }
        Ok(Self { size, number })
    }

    fn of(self, all: Vec<Value>) -> ApiResponse {
        let (total, first) = (all.len(), (self.number - 1).saturating_mul(self.size));
        let entities: Vec<Value> = all.into_iter().skip(first).take(self.size).collect();
        ApiResponse::ok(json!({
            "entities": entities,
            "pageSize": self.size,
            "pageNumber": self.number,
            "total": total,
            "pageCount": total.div_ceil(self.size),
        }))
    }
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<u64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    match Timestamp::parse_iso_or_utc(text) {
        Some(at) => Ok(Some(at.unix_ms())),
        None => Err(ApiError::bad_request(format!(
            "{field}: '{text}' is not a time like 2026-03-19T22:04:48.000Z."
        ))),
    }
}

/// A field and its order, such as `endTime DESC`.
fn order_by(text: &str, fields: &[&'static str]) -> Result<OrderBy, ApiError> {
    let (field, direction) = text.trim().split_once(' ').unwrap_or((text.trim(), "ASC"));
    let known = fields.iter().find(|known| **known == field);
    match (known, direction.trim().to_ascii_uppercase().as_str()) {
        (Some(known), "ASC") => Ok(OrderBy { field: known, order: Order::Ascending }),
        (Some(known), "DESC") => Ok(OrderBy { field: known, order: Order::Descending }),
        _ => Err(ApiError::bad_request(format!(
            "orderBy '{text}' is none of {} with ASC or DESC.",
            fields.join(", ")
        ))),
    }
}
