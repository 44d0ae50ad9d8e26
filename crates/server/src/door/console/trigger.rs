//! Triggers a conversation's event from a page: the sample that `trunkline trigger` puts on a bus.

use aws::{Body, Error, operation};
use console::source::Question;
use genesys::catalogue::sample::{OrgQueue, entry};
use genesys::catalogue::{self, Origin, Topic};
use serde_json::{Value, json};

use crate::clock;
use crate::door::Door;
use crate::door::console::answer;

/// The derived events that can be triggered, and the org's queues by name.
pub(super) fn choices(door: &Door) -> Result<Body, Error> {
    let derived = catalogue::topics().iter().filter(|topic| topic.origin() == Origin::Derived);
    let mut names: Vec<&str> =
        door.rooms.names.get().into_iter().flat_map(|names| names.values()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    operation::print(&json!({"Types": derived.map(Topic::name).collect::<Vec<_>>(), "Names": names}))
}

/// Puts a sample of `Type` on `EventBusName`, of the `Queue` with this name or id where one is named.
pub(super) async fn trigger(door: &Door, asked: &Value) -> Result<Body, Error> {
    let member = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = member("Type");
    let short = || catalogue::topics().iter().find(|topic| topic.short_name() == kind);
    let topic = catalogue::topic(kind).or_else(short).ok_or_else(|| {
        let near = catalogue::nearest_topic(kind).map(|near| format!(" Did you mean {}?", near.name()));
        Error::validation(format!("No event has the detail-type {kind}.{}", near.unwrap_or_default()))
    })?;
    let queue = match member("Queue") {
        "" => None,
        named => Some(org_queue(door, named)?),
    };
    let conversation = clock::ids().next_uuid().to_string();
    let made = entry(topic, queue.as_ref(), &conversation);
    let body = json!({"Entries": [{
        "Source": made.source, "DetailType": topic.name(), "Detail": made.detail.to_string(),
        "EventBusName": member("EventBusName"),
    }]});
    let question = Question::events("PutEvents", body);
    answer(door.clone(), &axum::http::HeaderMap::new(), question).await
}

fn org_queue(door: &Door, named: &str) -> Result<OrgQueue, Error> {
    let names = door.rooms.names.get();
    let mut names = names.into_iter().flatten();
    if aws::Uuid::parse(named).is_some() {
        let name = names.find(|(id, _)| *id == named).map(|(_, name)| name.clone());
        return Ok(OrgQueue { id: named.to_owned(), name });
    }
    let found = names.find(|(_, name)| name.eq_ignore_ascii_case(named));
    let (id, name) = found.ok_or_else(|| {
        Error::validation(format!("The server knows no queue {named}: name it by its id, or leave it empty."))
    })?;
    Ok(OrgQueue { id: id.clone(), name: Some(name.clone()) })
}
