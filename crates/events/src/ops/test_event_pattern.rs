//! TestEventPattern.

use aws::operation::{parse, print};
use aws::{Call, Error, Reply};
use pattern::EventPattern;
use serde::{Deserialize, Serialize};

use crate::error;
use crate::events::Events;
use crate::ops::check::{EVENT_PATTERN, Faults, Shape};
use crate::target::input::json;
use crate::trip::accept::is_long;

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
    let tried = match parse(body).and_then(TestAnswer::of) {
        Ok(tried) => tried,
        Err(error) => return Reply::Now(Err(error)),
    };
    let is_long = is_long(tried.pattern.work() + tried.pattern.alternatives().len(), tried.event.len());
    let test = move || Reply::Now(tried.result().and_then(|result| print(&Answer { result })));
    if is_long { Reply::Long(Box::new(test)) } else { test() }
}

/// A pattern and an event to try it on.
struct TestAnswer {
    pattern: EventPattern,
    event: String,
}

impl TestAnswer {
    fn of(request: Request) -> Result<Self, Error> {
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
        Ok(Self { pattern, event })
    }

    fn result(&self) -> Result<bool, Error> {
        self.pattern.matches(self.event.as_bytes()).map_err(|_| event_invalid())
    }
}

fn event_invalid() -> Error {
    Error::validation("Parameter Event is not valid.")
}
