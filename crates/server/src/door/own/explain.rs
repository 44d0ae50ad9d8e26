//! ExplainSubscription: which comparisons of a subscription's filter an event failed.

use aws::{Call, Error, Event, Reply, operation};
use genesys::platform::rendering::EventContent;
use genesys::platform::subscription::explain::FilterReport;
use genesys::platform::subscription::filter::Comparison;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rooms::Rooms;

/// Events of one request: each filter may take a quarter of a second.
const EVENTS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    name: String,
    /// Their envelopes, as text.
    events: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExplainAnswer {
    name: String,
    active: bool,
    event_types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_filter: Option<String>,
    /// One for each derived event of the request; others are left out: no subscription sends them.
    events: Vec<EventAnswer>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventAnswer {
    id: String,
    event_type: String,
    /// Whether the subscription asks for this type.
    wanted: bool,
    takes: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    comparisons: Vec<ComparisonAnswer>,
    attributes: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ComparisonAnswer {
    expression: String,
    holds: bool,
    /// What is on its two sides; absent of a call. A side that the attributes have nothing for is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    sides: Option<[Option<Value>; 2]>,
}

impl From<Comparison> for ComparisonAnswer {
    fn from(made: Comparison) -> Self {
        let Comparison { source, left, right, has_sides, holds } = made;
        Self { expression: source, holds, sides: has_sides.then_some([left, right]) }
    }
}

impl EventAnswer {
    fn of(id: String, report: FilterReport) -> Self {
        let takes = report.takes();
        let FilterReport { event_type, is_wanted_type, passes, comparisons, attributes } = report;
        let comparisons = comparisons.into_iter().map(ComparisonAnswer::from).collect();
        Self { id, event_type, wanted: is_wanted_type, takes, failure: passes.err(), comparisons, attributes }
    }
}

/// Explains a subscription on events.
pub(super) fn subscription(rooms: &Rooms, call: &Call, body: &[u8]) -> Reply {
    operation::answer(body, |request: Request| {
        if request.events.len() > EVENTS_MAX {
            return Err(Error::validation(format!("Events has more than {EVENTS_MAX} entries.")));
        }
        let derived = |text: &String| EventContent::of_envelope(&Event::from_json(text, call.now).ok()?);
        let contents: Vec<EventContent> = request.events.iter().filter_map(derived).collect();
        let report = rooms.subscriptions.explain(&request.name, &contents, call.now).ok_or_else(|| {
            let names = rooms.subscriptions.names().join(", ");
            let there =
                if names.is_empty() { "there is none".to_owned() } else { format!("there are {names}") };
            Error::sender(
                "ResourceNotFoundException",
                format!("Subscription {} does not exist; {there}.", request.name),
            )
        })?;
        let events = contents.into_iter().zip(report.events);
        Ok(ExplainAnswer {
            name: report.name,
            active: report.is_active,
            event_types: report.event_types,
            attribute_filter: report.filter,
            events: events.map(|(content, report)| EventAnswer::of(content.id, report)).collect(),
        })
    })
}
