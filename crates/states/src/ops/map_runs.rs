//! DescribeMapRun, ListMapRuns, UpdateMapRun.

use aws::{Call, Error, Reply};
use serde::Deserialize;
use serde_json::json;
use store::{Commit, Tx};

use crate::children::{MAP_RUNS, MapRunRecord, children_machine_arn};
use crate::execution::{Execution, ExecutionKey};
use crate::name::{self, ExecutionName};
use crate::ops::{Item, Nothing, Paging, look, write};
use crate::{States, error};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    map_run_arn: String,
}

/// DescribeMapRun.
pub(super) fn describe(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: Named| {
        name::map_run(&request.map_run_arn, states.home())?;
        let (_, record) = MapRunRecord::require(read, &request.map_run_arn)?;
        let parent = ExecutionKey::of(read, record.execution);
        let parent = parent.ok_or_else(|| error::no_resource(&request.map_run_arn))?;
        Ok(record.shown(&parent.arn(states.home())))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListRequest {
    execution_arn: String,
    #[serde(flatten)]
    paging: Paging,
}

/// ListMapRuns.
pub(super) fn list(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: ListRequest| {
        let asked = ExecutionName::parse(&request.execution_arn, states.home())?;
        let (_, execution) = Execution::require(read, &asked)?;
        let runs = MapRunRecord::of_execution(read, execution.number).into_iter();
        let items = runs.map(|(run, record)| {
            let mut shown = json!({
                "executionArn": asked.arn,
                "mapRunArn": record.arn,
                "stateMachineArn": children_machine_arn(&record, states.home()),
                "startDate": record.started.to_unix_seconds_f64(),
            });
            if let (Some(stopped), Some(members)) = (record.stopped, shown.as_object_mut()) {
                members.insert("stopDate".to_owned(), json!(stopped.to_unix_seconds_f64()));
            }
            Item { name: format!("{run:020}"), shown }
        });
        let items = items.collect();
        request.paging.answer("mapRuns", items)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateRequest {
    map_run_arn: String,
    max_concurrency: Option<u64>,
    tolerated_failure_percentage: Option<f64>,
    tolerated_failure_count: Option<u64>,
}

/// UpdateMapRun: what runs is judged by the new bounds from now on.
pub(super) fn update(states: &States, call: Call, body: &[u8]) -> Reply {
    let room = states.clone();
    write(states, body, |request: UpdateRequest| {
        name::map_run(&request.map_run_arn, states.home())?;
        if request.tolerated_failure_percentage.is_some_and(|part| !(0.0..=100.0).contains(&part)) {
            return Err(Error::validation("ToleratedFailurePercentage must be between 0 and 100."));
        }
        Ok(move |tx: &mut Tx<'_>| {
            let (run, mut record) = MapRunRecord::require(tx, &request.map_run_arn)?;
            let Call { now, ids, .. } = call;
            if record.status != asl::Status::Running {
                let words = format!("Map run is {} and cannot be updated", record.status.name());
                return Err(Error::validation(words));
            }
            record.run.max_concurrency = request.max_concurrency.unwrap_or(record.run.max_concurrency);
            record.run.tolerated_failure_count =
                request.tolerated_failure_count.or(record.run.tolerated_failure_count);
            record.run.tolerated_failure_percentage =
                request.tolerated_failure_percentage.or(record.run.tolerated_failure_percentage);
            tx.put(&MAP_RUNS, &run, &record);
            room.go_on(&mut Commit::new(tx, now, &ids), run, record);
            Ok(Nothing {})
        })
    })
}
