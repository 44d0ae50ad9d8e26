//! An AWS service as one constant: what it is called, how it speaks on the wire, and its operations.
//!
//! A room that serves AWS's API declares one [`Service`]; the server binds it to the room's state ([`Service::bind`]) and
//! puts it into its one list. Door, coverage page, own client and console read that list: to add a service is to write its
//! folder and that line.

use std::fmt;

use crate::api::{self, JsonApi};
use crate::call::Call;
use crate::error::Error;
use crate::operation::{Operation, Reply};
use crate::query;
use crate::rest::Route;

/// The largest request body where a service does not say otherwise, in bytes: the largest message (1 MiB) with every
/// character written as a `\u` escape, and room for the rest of a batch.
pub const BODY_BYTES_MAX: usize = 8 << 20;

/// A service, for a room whose state is an `S`.
pub struct Service<S: 'static> {
    /// For people, for example `EventBridge`.
    pub name: &'static str,
    /// What credential scopes call it, for example `events`; empty for operations that nobody signs.
    pub scopes: &'static [&'static str],
    /// Its wires; an answer goes out on the wire that its request came in by.
    pub wires: &'static [Wire],
    /// The largest request body, in bytes.
    pub body_bytes_max: usize,
    /// What it calls a failure of the storage behind it.
    pub storage_errors: StorageErrors,
    /// What is served.
    pub operations: &'static [Operation<S>],
}

/// The codes by which a service answers where the store below it refuses or has stopped. The words are the store's own, since
/// they say what to do; SDKs retry both, and by then there may be room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageErrors {
    /// The disk is full: answered with status 503.
    pub full: &'static str,
    /// The store has stopped, or what it read is damaged: answered with status 500.
    pub failed: &'static str,
}

impl StorageErrors {
    /// What AWS's common errors call it
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>).
    pub const COMMON: Self = Self { full: "ServiceUnavailable", failed: "InternalFailure" };

    /// Both by one code, for services whose models have one.
    pub const fn both(code: &'static str) -> Self {
        Self { full: code, failed: code }
    }
}

/// How a service speaks.
#[derive(Clone, Copy, Debug)]
pub enum Wire {
    /// AWS JSON: `X-Amz-Target` names the operation (<https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>).
    Json(Json),
    /// The query protocol: a form in, XML out (<https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>).
    Query(Query),
    /// REST with JSON: method and path name the operation (<https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>).
    Rest(Rest),
}

/// A header that becomes a member of some requests, where they do not have it themselves.
#[derive(Clone, Copy, Debug)]
pub struct HeaderMember {
    /// The header's name, in small letters.
    pub header: &'static str,
    /// The member's name in JSON.
    pub member: &'static str,
    /// The operations whose requests take it.
    pub operations: &'static [&'static str],
}

/// The AWS JSON wire of a service.
#[derive(Clone, Copy, Debug)]
pub struct Json {
    /// What stands before the dot in `X-Amz-Target`, for example `AWSEvents`.
    pub target_prefix: &'static str,
    /// The version in the media type: `1.0` or `1.1`.
    pub version: &'static str,
    /// What stands before an error's name in `__type`, for example `com.amazonaws.sqs#`.
    pub error_prefix: &'static str,
    /// Whether an error also goes by the name it had in the query protocol, in `x-amzn-query-error` (Smithy's trait
    /// `awsQueryCompatible`).
    pub is_query_compatible: bool,
    /// Whether answers carry the CRC32 of their body in `x-amz-crc32`, which SDKs check.
    pub has_crc32: bool,
    /// What stands in the member `Version` that each answer begins with; of services that are ours alone.
    pub answers_version: Option<u32>,
    /// Headers that become members.
    pub header_members: &'static [HeaderMember],
}

impl Json {
    /// The wire of a service that is called here too, with nothing out of the ordinary.
    pub const fn of(api: &JsonApi) -> Self {
        Self::new(api.target_prefix, api.version)
    }

    /// The wire with nothing out of the ordinary.
    pub const fn new(target_prefix: &'static str, version: &'static str) -> Self {
        Self {
            target_prefix,
            version,
            error_prefix: "",
            is_query_compatible: false,
            has_crc32: false,
            answers_version: None,
            header_members: &[],
        }
    }
}

/// Trunkline's own operations. Their version rises when a member of an answer is renamed or removed, or changes its meaning.
pub const TRUNKLINE: Json = Json { answers_version: Some(1), ..Json::of(&api::TRUNKLINE) };

/// The query wire of a service.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The namespace of its XML.
    pub namespace: &'static str,
    /// The shapes of its operations.
    pub actions: &'static [query::Action],
    /// Whether a path `/{account}/{name}` names the resource that a request speaks of, and the member that takes it.
    pub path_member: Option<&'static str>,
    /// Actions that are not valid at such a path.
    pub not_at_path: &'static [&'static str],
    /// Whether an error has the empty element `<Detail/>`.
    pub has_error_detail: bool,
    /// Errors whose words differ from those of the JSON wire: code and message.
    pub messages: &'static [(&'static str, &'static str)],
    /// Headers that become members.
    pub header_members: &'static [HeaderMember],
    /// Members of answers that have another name where a GET asks for JSON: name there and here.
    pub json_names: &'static [(&'static str, &'static str)],
}

impl Query {
    /// The wire with nothing out of the ordinary.
    pub const fn new(namespace: &'static str, actions: &'static [query::Action]) -> Self {
        Self {
            namespace,
            actions,
            path_member: None,
            not_at_path: &[],
            has_error_detail: false,
            messages: &[],
            header_members: &[],
            json_names: &[],
        }
    }
}

/// The REST-JSON wire of a service.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    /// Method, path and bindings of each operation.
    pub routes: &'static [Route],
    /// The member of an error's body that carries its words: `message` or `Message`.
    pub message_member: &'static str,
}

impl<S> Service<S> {
    /// A service with nothing out of the ordinary.
    pub const fn new(
        name: &'static str,
        scopes: &'static [&'static str],
        wires: &'static [Wire],
        operations: &'static [Operation<S>],
    ) -> Self {
        Self {
            name,
            scopes,
            wires,
            body_bytes_max: BODY_BYTES_MAX,
            storage_errors: StorageErrors::COMMON,
            operations,
        }
    }

    /// The service with other codes for failures of its storage.
    #[must_use]
    pub const fn with_storage_errors(mut self, codes: StorageErrors) -> Self {
        self.storage_errors = codes;
        self
    }

    /// The row of an operation.
    pub fn operation(&self, name: &str) -> Option<&'static Operation<S>> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// Runs an operation by its name.
    pub fn run(&self, state: &S, name: &str, call: Call, body: &[u8]) -> Reply {
        match self.operation(name) {
            Some(operation) => (operation.run)(state, call, body),
            None => Reply::Now(Err(Error::unknown_operation(self.name, name))),
        }
    }
}

impl<S: Send + Sync> Service<S> {
    /// The service with the state that serves it.
    pub fn bind(&'static self, state: S) -> Box<dyn Serve> {
        Box::new(BoundService { service: self, state })
    }
}

impl<S> fmt::Debug for Service<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a service says of itself, whatever its state's type.
pub trait Describe: fmt::Debug + Send + Sync {
    /// For people.
    fn name(&self) -> &'static str;
    /// What credential scopes call it.
    fn scopes(&self) -> &'static [&'static str];
    /// Its wires.
    fn wires(&self) -> &'static [Wire];
    /// The largest request body, in bytes.
    fn body_bytes_max(&self) -> usize;
    /// Its operations, in the order of the table.
    fn operations(&self) -> Vec<OperationStatus>;
    /// Whether it has an operation of this name.
    fn has(&self, operation: &str) -> bool;
}

/// A service with the state that serves it: what the one list of services holds.
pub trait Serve: Describe {
    /// Runs an operation; one that is not served is refused by its name.
    fn run(&self, name: &str, call: Call, body: &[u8]) -> Reply;
}

/// How far an operation is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationStatus {
    /// AWS's name of it.
    pub name: &'static str,
    /// What of it is missing, in a sentence; empty where it is served whole.
    pub missing: &'static str,
}

impl<S> Describe for Service<S> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn scopes(&self) -> &'static [&'static str] {
        self.scopes
    }

    fn wires(&self) -> &'static [Wire] {
        self.wires
    }

    fn body_bytes_max(&self) -> usize {
        self.body_bytes_max
    }

    fn operations(&self) -> Vec<OperationStatus> {
        let served = |row: &Operation<S>| OperationStatus { name: row.name, missing: row.missing };
        self.operations.iter().map(served).collect()
    }

    fn has(&self, operation: &str) -> bool {
        self.operation(operation).is_some()
    }
}

struct BoundService<S: 'static> {
    service: &'static Service<S>,
    state: S,
}

impl<S> fmt::Debug for BoundService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.service, f)
    }
}

impl<S: Send + Sync> Describe for BoundService<S> {
    fn name(&self) -> &'static str {
        self.service.name()
    }

    fn scopes(&self) -> &'static [&'static str] {
        self.service.scopes()
    }

    fn wires(&self) -> &'static [Wire] {
        self.service.wires()
    }

    fn body_bytes_max(&self) -> usize {
        self.service.body_bytes_max()
    }

    fn operations(&self) -> Vec<OperationStatus> {
        self.service.operations()
    }

    fn has(&self, operation: &str) -> bool {
        self.service.has(operation)
    }
}

impl<S: Send + Sync> Serve for BoundService<S> {
    fn run(&self, name: &str, call: Call, body: &[u8]) -> Reply {
        self.service.run(&self.state, name, call, body)
    }
}
