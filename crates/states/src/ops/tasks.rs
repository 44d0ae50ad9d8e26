//! SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat: somebody reports by a task's token.

use aws::{Call, Error, Reply};
use serde::Deserialize;
use store::{Commit, Tx};

use crate::ops::{Nothing, write};
use crate::owed::Owed;
use crate::{States, error, limits, token};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    task_token: String,
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

/// What a task is told.
type Telling = Box<dyn FnOnce(u64) -> Owed + Send>;

/// Reports what `owed` makes of the request.
fn report(states: &States, call: Call, body: &[u8], owed: fn(Report) -> Result<Telling, Error>) -> Reply {
    let room = states.clone();
    write(states, body, |request: Report| {
        if request.task_token.chars().count() > limits::TOKEN_CHARACTERS_MAX {
            return Err(error::too_large(&request.task_token, "taskToken", limits::TOKEN_CHARACTERS_MAX));
        }
        token::check(&request.task_token)?;
        let token = request.task_token.clone();
        let owed = owed(request)?;
        Ok(move |tx: &mut Tx<'_>| {
            let Call { now, ids, .. } = call;
            room.report(&mut Commit::new(tx, now, &ids), &token, owed)?;
            Ok(Nothing {})
        })
    })
}

/// SendTaskSuccess.
pub(super) fn success(states: &States, call: Call, body: &[u8]) -> Reply {
    report(states, call, body, |request| {
        let text = request.output.ok_or_else(|| Error::validation("1 validation error detected: Value null at 'output' failed to satisfy constraint: Member must not be null"))?;
        if text.len() > limits::PAYLOAD_BYTES_MAX {
            return Err(error::too_large(&text, "output", limits::PAYLOAD_BYTES_MAX));
        }
        let output = asl::json::parse(&text).map_err(|wrong| {
            Error::sender("InvalidOutput", format!("Invalid Output: '{}'", wrong.message))
        })?;
        Ok(Box::new(|task| Owed::Succeeded { task, output }))
    })
}

/// SendTaskFailure.
pub(super) fn failure(states: &States, call: Call, body: &[u8]) -> Reply {
    report(states, call, body, |Report { error, cause, .. }| {
        Ok(Box::new(|task| Owed::Failed { task, error, cause }))
    })
}

/// SendTaskHeartbeat.
pub(super) fn heartbeat(states: &States, call: Call, body: &[u8]) -> Reply {
    report(states, call, body, |_| Ok(Box::new(|task| Owed::Heartbeat { task })))
}
