//! TestEventPattern.

use aws::operation::answer;
use aws::{Call, Error, Reply};
use pattern::EventPattern;
use serde::{Deserialize, Serialize};

use crate::error;
use crate::events::Events;
use crate::ops::check::{EVENT_PATTERN, Faults, Shape};
use crate::target::input::json;

/// What an event must have to be tested. The documentation lists `resources` too, but AWS was recorded to take events
/// without (LocalStack, `event_pattern_templates`).
const REQUIRED: [&str; 6] = ["id", "account", "source", "time", "region", "detail-type"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    event_pattern: Option<String>,
    event: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    result: bool,
}

/// TestEventPattern.
pub fn test(_events: &Events, _call: Call, body: &[u8]) -> Reply {
    answer(body, |request: Request| {
        let mut faults = Faults::default();
        faults.required("eventPattern", request.event_pattern.as_deref(), &EVENT_PATTERN);
        faults.required("event", request.event.as_deref(), &Shape::length(0, usize::MAX));
        faults.result()?;
        let text = request.event_pattern.unwrap_or_default();
        let pattern =
            EventPattern::parse(&text).map_err(|invalid| error::invalid_pattern(invalid.message))?;
        let event = request.event.unwrap_or_default();
        if !REQUIRED.iter().all(|name| json::member(&event, name).is_some()) {
            return Err(event_invalid());
        }
        let result = pattern.matches(event.as_bytes()).map_err(|_| event_invalid())?;
        Ok(Answer { result })
    })
}

fn event_invalid() -> Error {
    Error::validation("Parameter Event is not valid.")
}
