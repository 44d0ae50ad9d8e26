//! GetExecutionHistory.

use asl::HistoryEvent;
use aws::{Call, Error, Reply};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::read::Direction;

use crate::execution::{Execution, events};
use crate::name::ExecutionName;
use crate::ops::{Paging, look};
use crate::told::is_data;
use crate::{States, error};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    execution_arn: String,
    reverse_order: Option<bool>,
    include_execution_data: Option<bool>,
    #[serde(flatten)]
    paging: Paging,
}

/// GetExecutionHistory.
pub(super) fn get(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: Request| {
        let asked = ExecutionName::parse(&request.execution_arn, states.home())?;
        let (_, execution) = Execution::require(read, &asked)?;
        let limit = request.paging.limit()?;
        let direction =
            if request.reverse_order.unwrap_or(false) { Direction::Backwards } else { Direction::Forwards };
        let after = request.paging.token().map(event_of).transpose()?;
        let mut found = events(read, execution.number, direction, after, limit + 1);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|event| event.id.to_string());
        let data = if request.include_execution_data == Some(false) { Data::LeftOut } else { Data::Shown };
        let shown: Vec<Value> = found.into_iter().map(|event| shown(event, data)).collect();
        let mut answer = Map::new();
        answer.insert("events".to_owned(), Value::Array(shown));
        answer.extend(next.map(|token| ("nextToken".to_owned(), json!(token))));
        Ok(Value::Object(answer))
    })
}

fn event_of(token: &str) -> Result<u64, Error> {
    token.parse().map_err(|_| error::invalid_page_token())
}

/// Whether inputs and outputs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    Shown,
    LeftOut,
}

#[expect(clippy::cast_precision_loss, reason = "exact until the year 287396")]
fn shown(mut event: HistoryEvent, data: Data) -> Value {
    if data == Data::LeftOut
        && let Some(details) = &mut event.details
    {
        details.retain(|name, _| !is_data(name) || name == "cause");
    }
    let mut shown = Map::new();
    shown.insert("timestamp".to_owned(), json!(event.timestamp_ms as f64 / 1000.0));
    shown.extend(event.to_json());
    Value::Object(shown)
}
