//! AWS's operations on state machines and executions.

mod activities;
mod aliases;
pub(crate) mod executions;
mod histories;
mod machines;
mod map_runs;
mod redrives;
mod tags;
mod tasks;
mod testing;
mod versions;

use aws::api::STATES;
use aws::page::Page;
use aws::service::Json;
use aws::{Call, Error, Ids, Operation, Reply, Service, Timestamp, Wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Snapshot, Ticket, Tx};

use crate::error::of_store;
use crate::{States, error, limits};

/// Step Functions as a service: JSON.
pub static SERVICE: Service<States> = Service {
    body_bytes_max: limits::REQUEST_BYTES_MAX,
    ..Service::new(STATES.name, &[STATES.scope], &[Wire::Json(Json::of(&STATES))], OPERATIONS)
};

const CREATE_MISSING: &str = "Tasks of services that are not served, and readers and writers of S3, are refused by name; no encryption.";

/// Every operation that is served.
pub const OPERATIONS: &[Operation<States>] = &[
    Operation::whole("CreateActivity", activities::create),
    Operation::partly("CreateStateMachine", CREATE_MISSING, machines::create),
    Operation::whole("CreateStateMachineAlias", aliases::create),
    Operation::whole("DeleteActivity", activities::delete),
    Operation::whole("DeleteStateMachine", machines::delete),
    Operation::whole("DeleteStateMachineAlias", aliases::delete),
    Operation::whole("DeleteStateMachineVersion", versions::delete),
    Operation::whole("DescribeActivity", activities::describe),
    Operation::whole("DescribeExecution", executions::describe),
    Operation::whole("DescribeMapRun", map_runs::describe),
    Operation::whole("DescribeStateMachine", machines::describe),
    Operation::whole("DescribeStateMachineAlias", aliases::describe),
    Operation::whole("DescribeStateMachineForExecution", machines::describe_for_execution),
    Operation::whole("GetActivityTask", activities::poll),
    Operation::whole("GetExecutionHistory", histories::get),
    Operation::whole("ListActivities", activities::list),
    Operation::whole("ListExecutions", executions::list),
    Operation::whole("ListMapRuns", map_runs::list),
    Operation::whole("ListStateMachineAliases", aliases::list),
    Operation::whole("ListStateMachineVersions", versions::list),
    Operation::whole("ListStateMachines", machines::list),
    Operation::whole("ListTagsForResource", tags::list),
    Operation::whole("PublishStateMachineVersion", versions::publish),
    Operation::partly(
        "RedriveExecution",
        "A map run that failed is done again as a whole.",
        redrives::redrive,
    ),
    Operation::whole("SendTaskFailure", tasks::failure),
    Operation::whole("SendTaskHeartbeat", tasks::heartbeat),
    Operation::whole("SendTaskSuccess", tasks::success),
    Operation::whole("StartExecution", executions::start),
    Operation::whole("StartSyncExecution", executions::start_sync),
    Operation::whole("StopExecution", executions::stop),
    Operation::whole("TagResource", tags::tag),
    Operation::partly(
        "TestState",
        "STRICT compares a mock with the models of the services that are served; no request and response of HTTP tasks.",
        testing::test_state,
    ),
    Operation::whole("UntagResource", tags::untag),
    Operation::whole("UpdateMapRun", map_runs::update),
    Operation::partly("UpdateStateMachine", CREATE_MISSING, machines::update),
    Operation::whole("UpdateStateMachineAlias", aliases::update),
    Operation::whole("ValidateStateMachineDefinition", testing::validate),
];

/// When an operation happens, and where its identifiers come from.
struct Moment {
    now: Timestamp,
    ids: Ids,
}

impl Moment {
    fn of(call: Call) -> Self {
        Self { now: call.now, ids: call.ids }
    }
}

/// The answer of an operation that has nothing to say.
#[derive(Debug, Serialize)]
struct Nothing {}

/// Serves an operation that only looks.
fn look<Q: DeserializeOwned, A: Serialize>(
    states: &States,
    body: &[u8],
    see: impl FnOnce(&mut Snapshot, Q) -> Result<A, Error>,
) -> Reply {
    aws::operation::answer(body, |request: Q| {
        states.store().read(|read| see(read, request)).map_err(of_store)?
    })
}

/// Serves an operation that changes something.
fn write<Q, A, F>(states: &States, body: &[u8], prepare: impl FnOnce(Q) -> Result<F, Error>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize + Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<A, Error> + Send + 'static,
{
    aws::operation::commit(body, |request: Q| -> Result<Ticket<A, Error>, Error> {
        Ok(states.store().write(of_store, prepare(request)?))
    })
}

/// A tag as this service writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

/// Where a list begins and how long its page is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paging {
    next_token: Option<String>,
    max_results: Option<i64>,
}

/// An item of a list: the name that orders it, and what is shown.
struct Item {
    name: String,
    shown: Value,
}

impl Paging {
    /// How many items a page has; 0 stands for the usual number.
    ///
    /// # Errors
    /// `ValidationException`.
    fn limit(&self) -> Result<usize, Error> {
        match self.max_results {
            None | Some(0) => Ok(limits::PAGE_USUAL),
            Some(wanted) => {
                let limit = usize::try_from(wanted).ok().filter(|limit| *limit <= limits::PAGE_MAX);
                limit.ok_or_else(|| {
                    let bound = if wanted < 0 { "greater than or equal to 0" } else { "less than or equal to 1000" };
                    Error::validation(format!(
                        "1 validation error detected: Value '{wanted}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
                    ))
                })
            }
        }
    }

    fn token(&self) -> Option<&str> {
        self.next_token.as_deref().filter(|token| !token.is_empty())
    }

    /// A page of items, in the order of their names, as an answer whose list is called `member`.
    fn answer(&self, member: &str, mut items: Vec<Item>) -> Result<Value, Error> {
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let page: Page<Item> = aws::page::page(items, |item| &item.name, self.token(), self.limit()?)
            .map_err(|_| error::invalid_page_token())?;
        let mut answer = Map::new();
        answer.insert(member.to_owned(), page.items.into_iter().map(|item| item.shown).collect());
        if let Some(next) = page.next_token {
            answer.insert("nextToken".to_owned(), Value::String(next));
        }
        Ok(Value::Object(answer))
    }
}
