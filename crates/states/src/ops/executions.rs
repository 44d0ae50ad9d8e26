//! StartExecution, StartSyncExecution, StopExecution, DescribeExecution, ListExecutions.

use std::ops::ControlFlow;
use std::time::Duration;

use asl::{MachineType, Status, What};
use aws::{Call, Error, PorterCall, Reply};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{Commit, Read, Tx};

use crate::begin::NewExecution;
use crate::children::{MapRunRecord, children_machine_arn};
use crate::error::of_store;
use crate::execution::{Execution, ExecutionKey, visit_by_time};
use crate::express::{Born, EXPRESS_TIME, ExpressRun};
use crate::machine::{Chosen, Machine, Revision, choose};
use crate::mocked::Case;
use crate::name::{self, ExecutionName, MachineName};
use crate::ops::{Moment, Paging, look, write};
use crate::{States, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartRequest {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
}

/// What a start asks for, read.
#[derive(Debug)]
pub(crate) struct Asked {
    machine: MachineName,
    name: Option<String>,
    input: String,
    trace_header: Option<String>,
    /// The test case of the mock file, behind the `#` of the ARN.
    case: Option<Case>,
}

impl Asked {
    /// A start by a rule.
    ///
    /// # Errors
    /// AWS's.
    pub(crate) fn new(states: &States, machine_arn: &str, input: String) -> Result<Self, Error> {
        let asked = StartRequest {
            state_machine_arn: machine_arn.to_owned(),
            name: None,
            input: Some(input),
            trace_header: None,
        };
        asked.read(states)
    }

    /// The machine's own name.
    pub(crate) fn machine(&self) -> &str {
        self.machine.machine()
    }

    pub(crate) fn machine_name(&self) -> &MachineName {
        &self.machine
    }

    pub(crate) fn named(self, name: String) -> Self {
        Self { name: Some(name), ..self }
    }

    pub(crate) fn into_input(self) -> String {
        self.input
    }
}

impl StartRequest {
    fn read(self, states: &States) -> Result<Asked, Error> {
        let (arn, case) = match self.state_machine_arn.split_once('#') {
            Some((arn, case)) => (arn, Some(case)),
            None => (self.state_machine_arn.as_str(), None),
        };
        let machine = MachineName::parse(arn, states.home())?;
        let case = case.map(|case| states.case(machine.machine(), case)).transpose()?;
        if let Some(name) = &self.name {
            name::check(name)?;
        }
        let input = self.input.unwrap_or_else(|| "{}".to_owned());
        if input.len() > limits::PAYLOAD_BYTES_MAX {
            return Err(error::too_large(&input, "input", limits::PAYLOAD_BYTES_MAX));
        }
        asl::json::parse_input(&input).map_err(|words| Error::sender("InvalidExecutionInput", words))?;
        Ok(Asked { machine, name: self.name, input, trace_header: self.trace_header, case })
    }
}

/// StartExecution: acknowledged after the sync. An Express execution is owed; a Standard one has its records and its first step
/// owed.
pub(super) fn start(states: &States, call: Call, body: &[u8]) -> Reply {
    let room = states.clone();
    write(states, body, |request: StartRequest| {
        let asked = request.read(states)?;
        Ok(move |tx: &mut Tx<'_>| {
            let Call { now, ids, .. } = call;
            let mut commit = Commit::new(tx, now, &ids);
            room.start_asked(&mut commit, asked)
        })
    })
}

impl States {
    /// Starts what is asked for, as a part of the commit.
    ///
    /// # Errors
    /// AWS's.
    pub(crate) fn start_asked(&self, commit: &mut Commit<'_>, asked: Asked) -> Result<Value, Error> {
        let home = self.home().clone();
        let chosen = choose(&mut commit.tx, &asked.machine, &home, commit.ids.next_u64())?;
        let name = asked.name.unwrap_or_else(|| commit.ids.next_uuid());
        if chosen.revision.kind == MachineType::Express {
            let run = self.new_express(chosen, name, asked.input, commit).of_case(asked.case);
            self.owe_express(commit, &run);
            return Ok(json!({"executionArn": run.arn, "startDate": run.started.to_unix_seconds_f64()}));
        }
        let key = ExecutionKey { machine: asked.machine.machine().to_owned(), name };
        let arn = key.arn(&home);
        let new = NewExecution {
            key,
            chosen,
            input: asked.input,
            trace_header: asked.trace_header,
            waiting: None,
            child: None,
        };
        let begun = self.begin(commit, new)?;
        if let Some(case) = &asked.case {
            Self::put_case(commit, begun.number, case);
        }
        Ok(json!({"executionArn": arn, "startDate": begun.started.to_unix_seconds_f64()}))
    }
}

/// StartSyncExecution: the porter runs it while the caller waits.
pub(super) fn start_sync(states: &States, call: Call, body: &[u8]) -> Reply {
    match prepare_sync(states, &Moment::of(call), body) {
        Ok(call) => Reply::Call(call),
        Err(error) => Reply::Now(Err(error)),
    }
}

fn prepare_sync(states: &States, call: &Moment, body: &[u8]) -> Result<PorterCall, Error> {
    let request: StartRequest = aws::operation::parse(body)?;
    let asked = request.read(states)?;
    let chance = call.ids.next_u64();
    let chosen: Chosen = states
        .store()
        .read(|read| choose(read, &asked.machine, states.home(), chance))
        .map_err(of_store)??;
    if chosen.revision.kind != MachineType::Express {
        return Err(error::wrong_type());
    }
    let name = asked.name.unwrap_or_else(|| call.ids.next_uuid());
    let born = Born { at: call.now, id: call.ids.next_uuid() };
    let run: ExpressRun = states.express_of(chosen, name, asked.input, born).of_case(asked.case);
    let request = serde_json::to_vec(&run)
        .map_err(|error| Error::receiver("InternalFailure", 500, error.to_string()))?;
    Ok(PorterCall {
        operation: "StartSyncExecution",
        target: states.home().arn("states", format!("stateMachine:{}", run.machine)),
        request,
        payload: Vec::new(),
        deadline: EXPRESS_TIME + Duration::from_secs(10),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StopRequest {
    execution_arn: String,
    error: Option<String>,
    cause: Option<String>,
}

/// StopExecution: it has ended when this is answered.
pub(super) fn stop(states: &States, call: Call, body: &[u8]) -> Reply {
    let room = states.clone();
    write(states, body, |request: StopRequest| {
        let asked = ExecutionName::parse(&request.execution_arn, states.home())?;
        Ok(move |tx: &mut Tx<'_>| {
            let Call { now, ids, .. } = call;
            room.stop_asked(&mut Commit::new(tx, now, &ids), &asked, (request.error, request.cause))
        })
    })
}

impl States {
    fn stop_asked(
        &self,
        commit: &mut Commit<'_>,
        asked: &ExecutionName,
        (error, cause): (Option<String>, Option<String>),
    ) -> Result<Value, Error> {
        let (_, mut execution) = Execution::require(&mut commit.tx, asked)?;
        if execution.status == Status::Running {
            let machine = self.parsed(&mut commit.tx, &execution.revision)?;
            let stop = What::Stop { error, cause };
            execution = self.stop_now(commit, execution.number, &machine, stop).unwrap_or(execution);
        }
        let stopped = execution.stopped.unwrap_or(commit.now);
        Ok(json!({"stopDate": stopped.to_unix_seconds_f64()}))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    execution_arn: String,
    included_data: Option<String>,
}

/// DescribeExecution.
pub(super) fn describe(states: &States, call: Call, body: &[u8]) -> Reply {
    let now = Moment::of(call).now;
    look(states, body, |read, request: Named| {
        let asked = ExecutionName::parse(&request.execution_arn, states.home())?;
        let (key, execution) = Execution::require(read, &asked)?;
        let mut shown = execution.shown(&key, states.home(), now);
        let map_run = States::map_run_arn_of(read, &execution);
        shown.extend(map_run.map(|arn| ("mapRunArn".to_owned(), json!(arn))));
        if request.included_data.as_deref() == Some("METADATA_ONLY") {
            for name in ["input", "inputDetails", "output", "outputDetails", "error", "cause"] {
                shown.shift_remove(name);
            }
        }
        Ok(shown)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListRequest {
    state_machine_arn: Option<String>,
    map_run_arn: Option<String>,
    status_filter: Option<String>,
    redrive_filter: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Which executions are listed.
struct Wanted {
    machine: String,
    map_run: Option<u64>,
    version_or_alias: Option<String>,
}

impl ListRequest {
    fn wanted(&self, states: &States, read: &mut impl Read) -> Result<Wanted, Error> {
        match (&self.state_machine_arn, &self.map_run_arn) {
            (Some(arn), None) => {
                let asked = MachineName::parse(arn, states.home())?;
                let machine = Machine::require(read, asked.machine(), arn)?;
                let revision = Revision::find(read, &machine.revision);
                if revision.is_some_and(|revision| revision.kind == MachineType::Express) {
                    return Err(error::wrong_type());
                }
                let version_or_alias = asked.qualifier.as_ref().map(|_| arn.clone());
                Ok(Wanted { machine: asked.name, map_run: None, version_or_alias })
            }
            (None, Some(arn)) => {
                name::map_run(arn, states.home())?;
                let (run, record) = MapRunRecord::require(read, arn)?;
                Ok(Wanted { machine: record.machine, map_run: Some(run), version_or_alias: None })
            }
            _ => Err(Error::validation("Must provide a StateMachine ARN or MapRun ARN")),
        }
    }

    fn takes(&self, wanted: &Wanted, execution: &Execution) -> bool {
        let is_of = |arn: &String| {
            execution.version_arn.as_ref() == Some(arn) || execution.alias_arn.as_ref() == Some(arn)
        };
        self.status_filter.as_deref().is_none_or(|status| execution.status.name() == status)
            && wanted.version_or_alias.as_ref().is_none_or(is_of)
            && wanted.map_run.is_none_or(|run| execution.map_run.is_some_and(|child| child.run == run))
            && match self.redrive_filter.as_deref() {
                Some("REDRIVEN") => execution.redrive_count > 0,
                Some("NOT_REDRIVEN") => execution.redrive_count == 0,
                _ => true,
            }
    }
}

/// ListExecutions: the newest first.
pub(super) fn list(states: &States, _: Call, body: &[u8]) -> Reply {
    look(states, body, |read, request: ListRequest| {
        let wanted = request.wanted(states, read)?;
        let limit = request.paging.limit()?;
        let after = request.paging.token().map(place_of).transpose()?;
        let (mut shown, mut next) = (Vec::new(), None);
        let (mut last, mut from) = (None, after);
        'pages: loop {
            let places = places_from(read, &wanted.machine, from);
            from = places.last().copied();
            for place in places {
                let Some((key, execution)) = Execution::of(read, place.1) else { continue };
                if !request.takes(&wanted, &execution) {
                    continue;
                }
                if shown.len() == limit {
                    next = last;
                    break 'pages;
                }
                last = Some(place);
                shown.push(listed(states, read, &key, &execution));
            }
            if from.is_none() {
                break;
            }
        }
        let mut answer = Map::new();
        answer.insert("executions".to_owned(), Value::Array(shown));
        answer.extend(next.map(|(time, number)| ("nextToken".to_owned(), json!(format!("{time}-{number}")))));
        Ok(Value::Object(answer))
    })
}

/// Places of the index that are read at a time: what is asked for mostly needs one such piece.
const PLACES_AT_ONCE: usize = 1_000;

fn places_from(read: &mut impl Read, machine: &str, after: Option<(u64, u64)>) -> Vec<(u64, u64)> {
    let mut places = Vec::new();
    visit_by_time(read, machine, after, &mut |place| {
        places.push(place);
        if places.len() < PLACES_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    places
}

fn listed(states: &States, read: &mut impl Read, key: &ExecutionKey, execution: &Execution) -> Value {
    let mut shown = execution.listed(key, states.home());
    let run = execution.map_run.and_then(|child| MapRunRecord::find(read, child.run));
    if let Some(record) = run {
        shown.insert("mapRunArn".to_owned(), json!(record.arn));
        shown.insert("stateMachineArn".to_owned(), json!(children_machine_arn(&record, states.home())));
    }
    Value::Object(shown)
}

fn place_of(token: &str) -> Result<(u64, u64), Error> {
    let parts =
        token.split_once('-').and_then(|(time, number)| Some((time.parse().ok()?, number.parse().ok()?)));
    parts.ok_or_else(error::invalid_page_token)
}
