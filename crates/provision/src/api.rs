//! The public APIs as provision calls them: a request, an answer, and what can go wrong.

use std::fmt;
use std::future::Future;

use aws::Arn;
use serde_json::{Value, json};

/// A service that a pipeline is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Amazon SQS.
    Sqs,
    /// Amazon EventBridge.
    Events,
    /// CloudWatch Logs.
    Logs,
    /// AWS Lambda.
    Lambda,
    /// AWS Step Functions.
    States,
    /// Amazon DynamoDB.
    Tables,
    /// AWS IAM.
    Iam,
    /// The Genesys platform's API, as Trunkline serves it: its operations have names of ours.
    Platform,
    /// Trunkline's own operations: what AWS's cannot tell.
    Trunkline,
}

/// One call of an AWS operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Whose operation.
    pub service: Service,
    /// AWS's name of it, for example `PutRule`.
    pub operation: &'static str,
    /// The members of the request.
    pub body: Value,
}

impl Request {
    /// A call of EventBridge.
    pub fn events(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Events, operation, body }
    }

    /// A call of SQS.
    pub fn sqs(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Sqs, operation, body }
    }

    /// A call of one of Trunkline's own operations.
    pub fn trunkline(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Trunkline, operation, body }
    }

    /// A call of CloudWatch Logs.
    pub fn logs(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Logs, operation, body }
    }

    /// A call of Lambda.
    pub fn lambda(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Lambda, operation, body }
    }

    /// A call of Step Functions.
    pub fn states(operation: &'static str, body: Value) -> Self {
        Self { service: Service::States, operation, body }
    }

    /// A call of DynamoDB.
    pub fn tables(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Tables, operation, body }
    }

    /// A call of IAM.
    pub fn iam(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Iam, operation, body }
    }

    /// A call of the Genesys platform.
    pub fn platform(operation: &'static str, body: Value) -> Self {
        Self { service: Service::Platform, operation, body }
    }
}

/// An error as the service told it, or as the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// AWS's code without its namespace, for example `ResourceNotFoundException`; `Unreachable` where no answer came.
    pub code: String,
    /// AWS's words.
    pub message: String,
    /// HTTP status; 0 where no answer came.
    pub status: u16,
}

impl ApiError {
    /// Whether it says that what was asked for does not exist.
    pub fn is_absent(&self) -> bool {
        matches!(
            self.code.as_str(),
            "ResourceNotFoundException"
                | "QueueDoesNotExist"
                | "AWS.SimpleQueueService.NonExistentQueue"
                | "NoSuchEntity"
                | "StateMachineDoesNotExist"
        )
    }

    /// Whether it says that what was to be made exists.
    pub fn is_there_already(&self) -> bool {
        self.code == "ResourceAlreadyExistsException"
    }

    /// What was there when the plan was made is not there any more.
    pub(crate) fn gone(what: &str) -> Self {
        Self {
            code: "ResourceNotFoundException".to_owned(),
            message: format!("the {what} was deleted after the plan was made"),
            status: 404,
        }
    }

    /// An answer that is not what the operation promises.
    pub(crate) fn strange(operation: &str, missing: &str) -> Self {
        Self {
            code: "StrangeAnswer".to_owned(),
            message: format!("the answer to {operation} has no {missing}"),
            status: 200,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

/// An answer, or `None` where there is no such thing.
pub(crate) fn found(answer: Result<Value, ApiError>) -> Result<Option<Value>, ApiError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A way to the public APIs: over HTTP, or in a test a model in memory.
pub trait Api: Sync {
    /// Calls one operation. The answer's members; null where it has none.
    fn call(&self, request: Request) -> impl Future<Output = Result<Value, ApiError>> + Send;

    /// The address of the APIs, where it has one.
    fn endpoint(&self) -> String {
        "http://localhost:4566".to_owned()
    }
}

/// Where a pipeline is made: what stands in every ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// For example `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// The address of the APIs, which URLs of queues begin with.
    pub endpoint: String,
}

/// Asks where the API is, by the ARN of the default event bus.
///
/// # Errors
/// What the API answered.
pub async fn place(api: &impl Api) -> Result<Place, ApiError> {
    let answer = api.call(Request::events("DescribeEventBus", json!({"Name": "default"}))).await?;
    let arn = answer.get("Arn").and_then(Value::as_str).and_then(|arn| arn.parse::<Arn>().ok());
    let arn = arn.ok_or_else(|| ApiError::strange("DescribeEventBus", "Arn"))?;
    Ok(Place { region: arn.region, account: arn.account, endpoint: api.endpoint() })
}
