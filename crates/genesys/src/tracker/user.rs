//! `user.state.change`, from the three topics about an agent's state.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::envelope::canonical;
use crate::envelope::{EnvelopeError, PartnerEvent};
use crate::tracker::derived::{DerivedEvent, detail_type, iso};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UserState {
    id: String,
    user_id: String,
    /// The topic it comes from: `presence`, `routingStatus` or `activity`.
    change: &'static str,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_presence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_definition_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_queue_ids: Option<Vec<String>>,
}

/// The change in a `v2.users.{id}.presence`, `.routingStatus` or `.activity` notification; `None` for anything else. It needs no
/// memory: each notification is about one change.
///
/// The user is read from the topic's name, because a presence's body does not name its user. The time is the latest that
/// the body gives, else that of the publication.
///
/// # Errors
/// The body is not JSON, or names neither the user nor the state.
pub fn user_state_change(event: &PartnerEvent) -> Result<Option<DerivedEvent>, EnvelopeError> {
    let change = match event.topic.template() {
        "v2.users.{id}.presence" => "presence",
        "v2.users.{id}.routingStatus" => "routingStatus",
        "v2.users.{id}.activity" => "activity",
        _ => return Ok(None),
    };
    let body: Value = serde_json::from_str(event.body.get()).map_err(|error| EnvelopeError {
        message: format!("The eventBody of {} is not JSON: {error}.", event.topic),
    })?;
    let state = state_in(event, change, &body).ok_or_else(|| EnvelopeError {
        message: format!("The eventBody of {} says neither whose state it is nor which.", event.topic),
    })?;
    Ok(Some(state))
}

fn state_in(event: &PartnerEvent, change: &'static str, body: &Value) -> Option<DerivedEvent> {
    let user_id = event.topic.id().or_else(|| body.get("id").and_then(Value::as_str))?;
    let presence = if change == "presence" { Some(body) } else { body.get("presence") };
    let routing = body.get("routingStatus");
    let system_presence = text(presence, "/presenceDefinition/systemPresence");
    let routing_status = text(routing, "/status");
    if system_presence.is_none() && routing_status.is_none() {
        return None;
    }
    let stamps = [text(presence, "/modifiedDate"), text(routing, "/startTime")];
    let stamp = stamps.iter().flatten().filter_map(|stamp| millis(stamp)).max();
    let time_ms = stamp.or_else(|| millis(event.timestamp.as_deref()?)).unwrap_or_default();
    let queues = body.get("activeQueueIds").and_then(Value::as_array);
    let detail = UserState {
        id: user_id.to_owned(),
        user_id: user_id.to_owned(),
        change,
        time: iso(time_ms),
        system_presence,
        presence_definition_id: text(presence, "/presenceDefinition/id"),
        routing_status,
        active_queue_ids: queues.map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
    };
    let names = [user_id, &canonical::text(body)];
    Some(DerivedEvent::new(detail_type::USER_STATE_CHANGE, time_ms, &names, &detail))
}

fn text(value: Option<&Value>, pointer: &str) -> Option<String> {
    value?.pointer(pointer)?.as_str().map(str::to_owned)
}

fn millis(stamp: &str) -> Option<u64> {
    u64::try_from(stamp.parse::<Timestamp>().ok()?.as_millisecond()).ok()
}
