//! RedriveExecution: an execution that failed goes on from where it failed.

use asl::Status;
use aws::{Call, Error, Reply};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Commit, Tx};

use crate::execution::{Execution, ExecutionKey};
use crate::name::ExecutionName;
use crate::ops::write;
use crate::owed::Owed;
use crate::{States, error};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    execution_arn: String,
}

/// RedriveExecution.
pub(super) fn redrive(states: &States, call: Call, body: &[u8]) -> Reply {
    let room = states.clone();
    write(states, body, |request: Request| {
        let asked = ExecutionName::parse(&request.execution_arn, states.home())?;
        Ok(move |tx: &mut Tx<'_>| {
            let Call { now, ids, .. } = call;
            room.redrive_asked(&mut Commit::new(tx, now, &ids), &asked)
        })
    })
}

impl States {
    fn redrive_asked(&self, commit: &mut Commit<'_>, asked: &ExecutionName) -> Result<Value, Error> {
        let (key, execution) = Execution::require(&mut commit.tx, asked)?;
        let (status, reason) = execution.redrive_status(commit.now);
        if status != "REDRIVABLE" {
            return Err(error::not_redrivable(&reason.unwrap_or_else(|| {
                "A child of a map run is redriven with the execution whose Map it is.".to_owned()
            })));
        }
        self.begin_again(commit, &key, execution);
        Ok(json!({"redriveDate": commit.now.to_unix_seconds_f64()}))
    }

    /// Starts an execution that can be redriven where it failed.
    pub(crate) fn begin_again(&self, commit: &mut Commit<'_>, key: &ExecutionKey, mut execution: Execution) {
        Self::note_open_again(commit, &execution);
        execution.status = Status::Running;
        execution.redrive_count += 1;
        execution.redriven = Some(commit.now);
        execution.stopped = None;
        (execution.output, execution.error, execution.cause) = (None, None, None);
        execution.put(commit, key);
        self.tell_status(commit, key, &execution);
        Self::count_begun(commit, &key.machine);
        self.owe(commit, execution.number, Owed::Redrive);
    }
}
