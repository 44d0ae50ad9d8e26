//! The operations of Lambda: for each noun a file with its requests, responses and functions, and the table of all.

mod account;
mod aliases;
mod code;
mod concurrency;
mod configuration;
mod event_invoke;
mod functions;
mod invoke;
mod layer_permissions;
mod layers;
mod mappings;
mod permissions;
mod tags;
mod urls;
mod versions;

use aws::api::LAMBDA;
use aws::page::Page;
use aws::service::Rest;
use aws::{Call, Error, Operation, Reply, Service, Wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Snapshot, Ticket, Tx};

use crate::error::{STORAGE_ERRORS, of_store};
use crate::name::FunctionName;
use crate::{Functions, error, limits};

/// Lambda as a service: REST with JSON.
pub static SERVICE: Service<Functions> = Service {
    body_bytes_max: limits::REQUEST_BYTES_MAX,
    storage_errors: STORAGE_ERRORS,
    ..Service::new(
        LAMBDA.name,
        &[LAMBDA.scope],
        &[Wire::Rest(Rest { routes: LAMBDA.routes, message_member: "Message" })],
        OPERATIONS,
    )
};

const CODE_MISSING: &str =
    "Zips in the request, and folders (S3Bucket hot-reload); no S3, images, VPC, file systems.";

const LAYER_PLACE: &str = "The content's location is not given.";
const LAYER_SHARED: &str = "Kept and shown; functions take layers of their own account and region only.";
const DESTINATIONS: &str = "Destinations: queues, functions and event buses of the same account and region.";
const ONLY_QUEUES: &str = "SQS queues; no streams, Kafka, MQ, DocumentDB.";

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Functions>] = &[
    Operation::partly("AddLayerVersionPermission", LAYER_SHARED, layer_permissions::add),
    Operation::whole("AddPermission", permissions::add),
    Operation::whole("CreateAlias", aliases::create),
    Operation::partly("CreateEventSourceMapping", ONLY_QUEUES, mappings::create),
    Operation::partly("CreateFunction", CODE_MISSING, functions::create),
    Operation::whole("CreateFunctionUrlConfig", urls::create),
    Operation::whole("DeleteAlias", aliases::delete),
    Operation::whole("DeleteEventSourceMapping", mappings::delete),
    Operation::whole("DeleteFunction", functions::delete),
    Operation::whole("DeleteFunctionUrlConfig", urls::delete),
    Operation::whole("DeleteFunctionEventInvokeConfig", event_invoke::delete),
    Operation::whole("DeleteFunctionConcurrency", concurrency::delete),
    Operation::whole("DeleteLayerVersion", layers::delete),
    Operation::whole("GetAccountSettings", account::settings),
    Operation::whole("GetAlias", aliases::get),
    Operation::whole("GetEventSourceMapping", mappings::get),
    Operation::partly("GetFunction", "The code's location is not given, but for a folder.", functions::get),
    Operation::whole("GetFunctionConcurrency", concurrency::get),
    Operation::whole("GetFunctionUrlConfig", |functions, call, body| urls::get(functions, &call, body)),
    Operation::whole("GetFunctionEventInvokeConfig", event_invoke::get),
    Operation::whole("GetFunctionConfiguration", functions::get_configuration),
    Operation::partly("GetLayerVersion", LAYER_PLACE, layers::get),
    Operation::partly("GetLayerVersionByArn", LAYER_PLACE, layers::get_by_arn),
    Operation::whole("GetLayerVersionPolicy", layer_permissions::get),
    Operation::whole("GetPolicy", permissions::get),
    Operation::whole("Invoke", invoke::invoke),
    Operation::whole("InvokeWithResponseStream", invoke::invoke_with_stream),
    Operation::whole("ListAliases", aliases::list),
    Operation::whole("ListEventSourceMappings", mappings::list),
    Operation::whole("ListFunctionUrlConfigs", |functions, call, body| urls::list(functions, &call, body)),
    Operation::whole("ListFunctionEventInvokeConfigs", event_invoke::list),
    Operation::whole("ListFunctions", functions::list),
    Operation::whole("ListLayerVersions", layers::list_versions),
    Operation::whole("ListLayers", layers::list),
    Operation::whole("ListTags", tags::list),
    Operation::whole("ListVersionsByFunction", versions::list),
    Operation::partly("PublishLayerVersion", "A zip in the request.", layers::publish),
    Operation::whole("PublishVersion", versions::publish),
    Operation::whole("PutFunctionConcurrency", concurrency::put),
    Operation::partly("PutFunctionEventInvokeConfig", DESTINATIONS, event_invoke::put),
    Operation::whole("RemoveLayerVersionPermission", layer_permissions::remove),
    Operation::whole("RemovePermission", permissions::remove),
    Operation::whole("TagResource", tags::tag),
    Operation::whole("UntagResource", tags::untag),
    Operation::whole("UpdateAlias", aliases::update),
    Operation::partly("UpdateEventSourceMapping", ONLY_QUEUES, mappings::update),
    Operation::partly("UpdateFunctionCode", CODE_MISSING, functions::update_code),
    Operation::partly("UpdateFunctionConfiguration", CODE_MISSING, functions::update_configuration),
    Operation::partly("UpdateFunctionEventInvokeConfig", DESTINATIONS, event_invoke::update),
    Operation::whole("UpdateFunctionUrlConfig", urls::update),
];

/// The answer of an operation that has nothing to say.
#[derive(Debug, Serialize)]
struct Nothing {}

/// A function as nearly every request names it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    function_name: String,
    qualifier: Option<String>,
}

impl Named {
    fn read(&self, functions: &Functions) -> Result<FunctionName, Error> {
        FunctionName::parse(&self.function_name, self.qualifier.as_deref(), functions.store().scope())
    }
}

/// Serves an operation that only looks.
fn look<Q: DeserializeOwned, A: Serialize>(
    functions: &Functions,
    body: &[u8],
    see: impl FnOnce(&mut Snapshot, Q) -> Result<A, Error>,
) -> Reply {
    aws::operation::answer(body, |request: Q| {
        functions.store().read(|read| see(read, request)).map_err(of_store)?
    })
}

/// Serves an operation that changes something.
fn write<Q, A, F>(functions: &Functions, body: &[u8], prepare: impl FnOnce(Q) -> Result<F, Error>) -> Reply
where
    Q: DeserializeOwned,
    A: Serialize + Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<A, Error> + Send + 'static,
{
    aws::operation::commit(body, |request: Q| -> Result<Ticket<A, Error>, Error> {
        Ok(functions.store().write(of_store, prepare(request)?))
    })
}

/// Where a list begins and how long its page is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Paging {
    marker: Option<String>,
    max_items: Option<i64>,
}

/// An item of a list: the name that orders it, and what is shown.
struct Item {
    name: String,
    shown: Value,
}

impl Paging {
    /// A page of items as an answer whose list is called `member`.
    fn answer(&self, member: &str, items: Vec<Item>) -> Result<Value, Error> {
        let wanted = usize::try_from(self.max_items.unwrap_or(50)).unwrap_or_default();
        let limit = wanted.clamp(1, limits::PAGE_MAX);
        let mut items = items;
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let marker = self.marker.as_deref().filter(|marker| !marker.is_empty());
        let page: Page<Item> = aws::page::page(items, |item| &item.name, marker, limit)
            .map_err(|_| error::invalid_parameter("Invalid Marker."))?;
        let mut answer = Map::new();
        answer.insert(member.to_owned(), page.items.into_iter().map(|item| item.shown).collect());
        if let Some(next) = page.next_token {
            answer.insert("NextMarker".to_owned(), Value::String(next));
        }
        Ok(Value::Object(answer))
    }
}

/// A revision that the caller has seen must still be the one.
fn check_revision(asked: Option<&str>, is: &str, call: &str) -> Result<(), Error> {
    match asked {
        Some(asked) if asked != is => Err(error::stale_revision(call)),
        _ => Ok(()),
    }
}

/// The qualifier that a version has in its ARN, where it has one.
fn number_of(version: &str) -> Option<&str> {
    (version != crate::name::LATEST).then_some(version)
}

/// What a change of a function writes with: new revisions, and the moment.
#[derive(Debug)]
struct Change {
    ids: aws::Ids,
    now: aws::Timestamp,
}

impl Change {
    fn of(call: Call) -> Self {
        Self { ids: call.ids, now: call.now }
    }

    /// A revision that nothing else has.
    fn revision(&self) -> String {
        self.ids.next_uuid()
    }
}
