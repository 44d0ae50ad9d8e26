//! `/api/v2/eventstreams`: create, list, get, replace, delete.

use std::net::IpAddr;

use aws::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{KeyRange, Read, Ticket};

use crate::platform::event_stream::{Header, OUTCOMES, Outcome, STREAMS, Stream, Streams, queue_name};
use crate::platform::event_types;
use crate::platform::page::page;
use crate::platform::request::ApiRequest;
use crate::platform::response::{ApiError, ApiResponse};
use crate::tracker::derived::iso;

/// The path of the collection.
const PATH: &str = "/api/v2/eventstreams";
/// Maximum length of name, description and URL, in characters.
const NAME_LENGTH_MAX: usize = 256;
const DESCRIPTION_LENGTH_MAX: usize = 1_024;
const URL_LENGTH_MAX: usize = 2_048;
/// Maximum number of streams: each derived event is checked against every one.
const STREAMS_MAX: usize = 100;
const HEADERS_MAX: usize = 20;
/// Shown instead of a header's value, which may be a key; when it is sent back, the stored value stays.
const HIDDEN: &str = "********";
/// Headers that Trunkline or the connection sets.
const RESERVED: &[&str] =
    &["connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"];

/// A response that comes after the sync.
pub type Later = Ticket<ApiResponse, ApiError>;

/// A stream that is valid and not stored yet: its address may have to complete the handshake first.
#[derive(Debug)]
pub struct Draft {
    stream: Stream,
    /// Whether it replaces the stream with the same id.
    replaces: bool,
    /// Whether its address is new.
    pub needs_handshake: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Body {
    name: Option<String>,
    description: Option<String>,
    enabled: Option<bool>,
    #[serde(default)]
    destinations: Vec<Destination>,
    #[serde(alias = "event_types")]
    event_types: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct Destination {
    protocol: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
}

impl Draft {
    /// The address for the handshake.
    pub fn url(&self) -> &str {
        &self.stream.url
    }

    /// The headers that are sent with it.
    pub fn headers(&self) -> &[Header] {
        &self.stream.headers
    }
}

impl Streams {
    /// Reads the body of a `POST`, or of a `PUT` where the path names a stream.
    ///
    /// # Errors
    /// 400 with what is wrong, 404 where there is no such stream, 409 where another has the name.
    pub fn draft(&self, request: &ApiRequest) -> Result<Draft, ApiError> {
        let before = match request.holes.first() {
            Some(id) => {
                let id = id.clone();
                let found = self.store().read(|read| read.get(&STREAMS, &id)).map_err(ApiError::of_store)?;
                Some(found.ok_or_else(|| absent(&id))?)
            }
            None => None,
        };
        let body: Body = request.json()?;
        let stream = read(body, before.as_ref(), request)?;
        is_free(&self.all(), &stream)?;
        let needs_handshake = before.as_ref().is_none_or(|before| before.url != stream.url);
        Ok(Draft { stream, replaces: before.is_some(), needs_handshake })
    }

    /// Stores a draft: 201, or 200 where it replaces a stream.
    pub fn accept(&self, draft: Draft) -> Later {
        let this = self.clone();
        self.store().write(ApiError::of_store, move |tx| {
            let Draft { mut stream, replaces, .. } = draft;
            let before = tx.get(&STREAMS, &stream.id);
            let others = list(tx);
            // Checked again: the handshake took time.
            is_free(&others, &stream)?;
            match before {
                None if replaces => return Err(absent(&stream.id)),
                None if others.len() >= STREAMS_MAX => {
                    let sentence = format!("There are already {STREAMS_MAX} event streams, the maximum.");
                    return Err(ApiError::bad_request(sentence));
                }
                None => {}
                Some(before) => stream.created = before.created,
            }
            let body = this.shown(tx, &stream, stream.modified);
            this.put(tx, stream);
            Ok(if replaces { ApiResponse::ok(body) } else { ApiResponse::with_status(201, body) })
        })
    }

    /// `GET` of all, by name.
    ///
    /// # Errors
    /// 400 where the page is out of range.
    pub fn list(&self, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
        let all = self.store().read(|read| {
            let mut all = list(read);
            all.sort_by(|one, other| one.name.cmp(&other.name));
            all.iter().map(|one| self.shown(read, one, request.now)).collect::<Vec<Value>>()
        });
        page(request, all.map_err(ApiError::of_store)?).map(ApiResponse::ok)
    }

    /// `GET` of one, with what became of its events.
    ///
    /// # Errors
    /// 404.
    pub fn get(&self, request: &ApiRequest) -> Result<ApiResponse, ApiError> {
        let id = request.hole(0).to_owned();
        let found = self.store().read(|read| {
            let found = read.get(&STREAMS, &id)?;
            Some(self.shown(read, &found, request.now))
        });
        found.map_err(ApiError::of_store)?.map(ApiResponse::ok).ok_or_else(|| absent(&id))
    }

    /// `DELETE`: 204; the posts it still owes are deleted with it.
    pub fn delete(&self, request: &ApiRequest) -> Later {
        let (this, id) = (self.clone(), request.hole(0).to_owned());
        self.store().write_reserved(ApiError::of_store, move |tx| {
            if !tx.contains(&STREAMS, &id) {
                return Err(absent(&id));
            }
            this.remove(tx, &id);
            Ok(ApiResponse::no_content())
        })
    }

    fn shown(&self, read: &mut impl Read, stream: &Stream, now: Timestamp) -> Value {
        let outcome = read.get(&OUTCOMES, &stream.id).unwrap_or_default();
        let queue = self.queues.find_internal(read, &queue_name(&stream.id));
        let owed = queue.map_or(0, |queue| {
            let counts = self.queues.counts(read, queue, now);
            counts.visible + counts.in_flight + counts.delayed
        });
        body(stream, &outcome, owed)
    }

    fn all(&self) -> Vec<Stream> {
        self.all.load().iter().map(|stream| Stream::clone(stream)).collect()
    }
}

fn list(read: &mut impl Read) -> Vec<Stream> {
    read.list(&STREAMS, &KeyRange::all(), usize::MAX).into_iter().map(|(_, one)| one).collect()
}

fn read(body: Body, before: Option<&Stream>, request: &ApiRequest) -> Result<Stream, ApiError> {
    let name = body.name.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| ApiError::bad_request("name is missing."))?;
    at_most("name", &name, NAME_LENGTH_MAX)?;
    at_most("description", body.description.as_deref().unwrap_or_default(), DESCRIPTION_LENGTH_MAX)?;
    let event_types = body.event_types.unwrap_or_else(|| vec!["*".to_owned()]);
    event_types::check("eventTypes", &event_types, "")?;
    let mut destinations = body.destinations.into_iter();
    let (Some(destination), None) = (destinations.next(), destinations.next()) else {
        let example = r#"[{"protocol": "https", "url": "https://..."}]"#;
        return Err(ApiError::bad_request(format!(
            "destinations must have exactly one destination: {example}."
        )));
    };
    let Target { url, headers } = read_destination(destination, before)?;
    Ok(Stream {
        id: before.map_or_else(|| request.ids.next_uuid(), |before| before.id.clone()),
        name,
        description: body.description,
        enabled: body.enabled.unwrap_or(true),
        url,
        headers,
        event_types,
        created: request.now,
        modified: request.now,
    })
}

/// Where posts go, and what goes along.
struct Target {
    url: String,
    headers: Vec<Header>,
}

fn read_destination(destination: Destination, before: Option<&Stream>) -> Result<Target, ApiError> {
    if destination.protocol.as_deref().is_some_and(|protocol| protocol != "https") {
        return Err(ApiError::bad_request("destinations[0].protocol must be 'https'."));
    }
    let url = destination.url.unwrap_or_default();
    at_most("destinations[0].url", &url, URL_LENGTH_MAX)?;
    check_url(&url)?;
    let given = destination.headers.unwrap_or_default();
    if given.len() > HEADERS_MAX {
        return Err(ApiError::bad_request(format!(
            "destinations[0].headers has more than {HEADERS_MAX} headers."
        )));
    }
    let mut headers = Vec::new();
    for (name, value) in given {
        let wrong = |what: &str| ApiError::bad_request(format!("destinations[0].headers: '{name}' {what}."));
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(wrong("is set by Trunkline itself"));
        }
        let Value::String(value) = value else { return Err(wrong("must be text")) };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let is_value = |b: u8| (0x20..0x7f).contains(&b);
        if name.is_empty() || !name.bytes().all(is_name) || !value.bytes().all(is_value) {
            return Err(wrong("cannot be sent as a header"));
        }
        let kept = before.and_then(|before| before.headers.iter().find(|header| header.name == name));
        match kept {
            Some(kept) if value == HIDDEN => headers.push(kept.clone()),
            _ => headers.push(Header { name, value }),
        }
    }
    Ok(Target { url, headers })
}

/// HTTPS to anywhere, plain HTTP to this machine; whether this machine may be reached is for the guard of calls out.
fn check_url(url: &str) -> Result<(), ApiError> {
    let authority = url.split('/').nth(2).unwrap_or_default();
    if authority.contains('@') {
        let sentence = "destinations[0].url must have no user and no password; headers can carry a key.";
        return Err(ApiError::bad_request(sentence));
    }
    if url.strip_prefix("https://").is_some_and(|rest| !host_of(rest).is_empty()) {
        return Ok(());
    }
    match url.strip_prefix("http://").map(host_of) {
        Some(host) if is_this_machine(host) => Ok(()),
        Some(host) if !host.is_empty() => Err(ApiError::bad_request(format!(
            "destinations[0].url must begin with https://; plain http goes to this machine only, and '{host}' is another."
        ))),
        _ => Err(ApiError::bad_request("destinations[0].url must begin with https:// and a host.")),
    }
}

/// The host of what follows a URL's scheme, without its port.
fn host_of(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.strip_prefix('[') {
        Some(bare) => bare.split_once(']').map_or("", |(host, _)| host),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn at_most(field: &str, text: &str, most: usize) -> Result<(), ApiError> {
    let length = text.chars().count();
    if length <= most {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("{field} has {length} characters; at most {most} are taken.")))
}

fn is_free(all: &[Stream], made: &Stream) -> Result<(), ApiError> {
    let name = made.name.to_lowercase();
    match all.iter().find(|other| other.name.to_lowercase() == name && other.id != made.id) {
        None => Ok(()),
        Some(other) => Err(ApiError::conflict(format!(
            "There is an event stream with the name '{}' already; its id is {}.",
            other.name, other.id
        ))),
    }
}

fn absent(id: &str) -> ApiError {
    let mut fault = ApiError::not_found(format!("There is no event stream with the id {id}."));
    fault.params.push(("entityId", id.to_owned()));
    fault
}

fn body(stream: &Stream, outcome: &Outcome, owed: u64) -> Value {
    let headers: Map<String, Value> =
        stream.headers.iter().map(|header| (header.name.clone(), json!(HIDDEN))).collect();
    let mut status = json!({
        "deliveredCount": outcome.delivered,
        "owedCount": owed,
        "failedAttemptCount": outcome.failed_attempts,
        "deadLetteredCount": outcome.dead_lettered,
        "lostCount": outcome.lost,
        "lastDeliveredDate": outcome.last_delivered_at.map(|at| iso(at.unix_ms())),
        "lastError": outcome.last_error,
        "lastErrorDate": outcome.last_error_at.map(|at| iso(at.unix_ms())),
    });
    let mut body = json!({
        "id": stream.id,
        "name": stream.name,
        "description": stream.description,
        "enabled": stream.enabled,
        "destinations": [{"protocol": "https", "url": stream.url, "headers": headers}],
        "eventTypes": stream.event_types,
        "dateCreated": iso(stream.created.unix_ms()),
        "dateModified": iso(stream.modified.unix_ms()),
        "selfUri": format!("{PATH}/{}", stream.id),
    });
    for value in [&mut status, &mut body] {
        if let Value::Object(members) = value {
            members.retain(|_, value| !value.is_null());
        }
    }
    if let Value::Object(members) = &mut body {
        members.insert("status".to_owned(), status);
    }
    body
}
