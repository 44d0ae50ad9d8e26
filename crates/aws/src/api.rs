//! AWS's services as their callers name them: one constant a service, which the room that serves it is built from too.
//!
//! A caller and the room that serves it lie on floors that do not see each other, so what both must agree on lies here: the
//! credential scope, and what the wire asks of a request. All else that a room says of itself is its [`crate::Service`].

pub mod lambda;

use crate::rest::Route;

/// A service that speaks AWS JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonApi {
    /// For people.
    pub name: &'static str,
    /// What credential scopes, and AWS's own endpoints, call it.
    pub scope: &'static str,
    /// What stands before the dot in `X-Amz-Target`.
    pub target_prefix: &'static str,
    /// The version in the media type: `1.0` or `1.1`.
    pub version: &'static str,
}

/// A service that speaks the query protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryApi {
    /// For people.
    pub name: &'static str,
    /// What credential scopes, and AWS's own endpoints, call it.
    pub scope: &'static str,
    /// The version of its API, which each request names.
    pub version: &'static str,
    /// The namespace of its XML.
    pub namespace: &'static str,
}

/// A service that speaks REST with JSON.
#[derive(Clone, Copy, Debug)]
pub struct RestApi {
    /// For people.
    pub name: &'static str,
    /// What credential scopes, and AWS's own endpoints, call it.
    pub scope: &'static str,
    /// Where its operations are.
    pub routes: &'static [Route],
}

impl JsonApi {
    /// How `X-Amz-Target` names an operation.
    #[must_use]
    pub fn target(&self, operation: &str) -> String {
        format!("{}.{operation}", self.target_prefix)
    }

    /// The media type of its requests.
    #[must_use]
    pub fn content_type(&self) -> String {
        format!("application/x-amz-json-{}", self.version)
    }

    /// The headers that make a request one of an operation.
    #[must_use]
    pub fn headers(&self, operation: &str) -> [(&'static str, String); 2] {
        [("content-type", self.content_type()), ("x-amz-target", self.target(operation))]
    }
}

impl RestApi {
    /// Where an operation is.
    pub fn route(&self, operation: &str) -> Option<&'static Route> {
        self.routes.iter().find(|route| route.operation == operation)
    }
}

/// Event buses.
pub const EVENTS: JsonApi =
    JsonApi { name: "EventBridge", scope: "events", target_prefix: "AWSEvents", version: "1.1" };
/// Queues.
pub const SQS: JsonApi = JsonApi { name: "SQS", scope: "sqs", target_prefix: "AmazonSQS", version: "1.0" };
/// Log groups.
pub const LOGS: JsonApi =
    JsonApi { name: "CloudWatch Logs", scope: "logs", target_prefix: "Logs_20140328", version: "1.1" };
/// Tables.
pub const DYNAMODB: JsonApi =
    JsonApi { name: "DynamoDB", scope: "dynamodb", target_prefix: "DynamoDB_20120810", version: "1.0" };
/// State machines.
pub const STATES: JsonApi =
    JsonApi { name: "Step Functions", scope: "states", target_prefix: "AWSStepFunctions", version: "1.0" };
/// Trunkline's own operations; nobody signs them.
pub const TRUNKLINE: JsonApi =
    JsonApi { name: "Trunkline", scope: "execute", target_prefix: "Trunkline", version: "1.1" };
/// Functions.
pub const LAMBDA: RestApi = RestApi { name: "Lambda", scope: "lambda", routes: lambda::ROUTES };
/// Roles and policies.
pub const IAM: QueryApi = QueryApi {
    name: "IAM",
    scope: "iam",
    version: "2010-05-08",
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
};
/// Who calls, and temporary credentials.
pub const STS: QueryApi = QueryApi {
    name: "STS",
    scope: "sts",
    version: "2011-06-15",
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
};
/// Stacks; called, not served.
pub const CLOUDFORMATION: QueryApi = QueryApi {
    name: "CloudFormation",
    scope: "cloudformation",
    version: "2010-05-15",
    namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
};
