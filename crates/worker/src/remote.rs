//! AWS as a worker calls it: signed requests to SQS, DynamoDB, EventBridge, Step Functions and Lambda at one endpoint, or at AWS's own.

use std::time::Duration;

use aws_client::access::Unsignable;
use aws_client::{Access, AwsError, Chain, Endpoint, Post, Settings};
use http_client::{Client, Failure, Guard, Response};
use serde_json::Value;

use crate::clock;
use crate::fault::Fault;

/// Maximum size of an answer, in bytes: ten messages of 1 MiB, and JSON's escapes.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How long an answer may take where the request itself does not wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// A service that speaks AWS JSON.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// As signatures and endpoints name it.
    signed_as: &'static str,
    /// What stands before an operation's name.
    target: &'static str,
    content_type: &'static str,
}

const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";

/// Queues.
pub const SQS: Api = Api { signed_as: "sqs", target: "AmazonSQS", content_type: JSON_1_0 };
/// Tables.
pub const DYNAMODB: Api = Api { signed_as: "dynamodb", target: "DynamoDB_20120810", content_type: JSON_1_0 };
/// Event buses.
pub const EVENTS: Api = Api { signed_as: "events", target: "AWSEvents", content_type: JSON_1_1 };
/// State machines.
pub const STATES: Api = Api { signed_as: "states", target: "AWSStepFunctions", content_type: JSON_1_0 };

/// Where AWS is, and who calls it. Clones share connections and credentials.
#[derive(Clone, Debug)]
pub struct Remote {
    access: Access,
    http: Client,
    endpoint: Option<Endpoint>,
    region: String,
}

/// A request in Lambda's REST form.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) service: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Remote {
    /// Services of a region: AWS's own, or those of an endpoint. One in plain HTTP is of this machine or network and takes any
    /// credentials, unless a profile is named.
    ///
    /// # Errors
    /// What is wrong with the endpoint.
    pub fn new(region: &str, endpoint: Option<&str>, settings: Settings) -> Result<Self, String> {
        let named_profile = settings.names_profile();
        let (endpoint, allowed) = match endpoint {
            None => (None, Vec::new()),
            Some(url) => {
                let wrong =
                    |why: String| format!("'{url}' is no endpoint, such as http://127.0.0.1:4566: {why}");
                let endpoint = Endpoint::at(url).map_err(wrong)?;
                let allowed = endpoint.allowed().into_iter().collect();
                (Some(endpoint), allowed)
            }
        };
        let is_here = endpoint.as_ref().is_some_and(|endpoint| endpoint.origin.starts_with("http://"));
        let chain = if is_here && !named_profile { Chain::of_here(settings)? } else { Chain::new(settings)? };
        let http =
            Client::new(http_client::Settings { guard: Guard::new(allowed), own_authorities: Vec::new() })?;
        Ok(Self { access: Access::new(chain), http, endpoint, region: region.to_owned() })
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Calls an operation; its answer must be there within [`PATIENCE`].
    ///
    /// # Errors
    /// AWS's, or why there is no answer.
    pub async fn ask(&self, api: &Api, operation: &str, body: &Value) -> Result<Value, Fault> {
        self.ask_within(api, (operation, PATIENCE), body).await
    }

    /// The same for an operation that waits.
    ///
    /// # Errors
    /// As [`Remote::ask`].
    pub(crate) async fn ask_within(
        &self,
        api: &Api,
        (operation, patience): (&str, Duration),
        body: &Value,
    ) -> Result<Value, Fault> {
        let headers = [
            ("content-type", api.content_type.to_owned()),
            ("x-amz-target", format!("{}.{operation}", api.target)),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let rest = Rest { service: api.signed_as, path: "/".to_owned(), headers, body: body.to_string() };
        let answer = self.send(rest, patience).await.map_err(|fault| fault.of(operation))?;
        if answer.is_success() {
            return Ok(serde_json::from_slice(&answer.body).unwrap_or_default());
        }
        let AwsError { code, message } = AwsError::of(&answer);
        let item =
            serde_json::from_slice::<Value>(&answer.body).ok().and_then(|body| body.get("Item").cloned());
        Err(Fault { code, status: answer.status, message, item }.of(operation))
    }

    /// Sends a signed request; any answer is one.
    ///
    /// # Errors
    /// Where there is no answer.
    pub(crate) async fn send(&self, rest: Rest, patience: Duration) -> Result<Response, Fault> {
        let Rest { service, path, headers, body } = rest;
        let post =
            Post { service, region: &self.region, endpoint: self.endpoint.as_ref(), path, headers, body };
        let none = |failure: Failure| Fault::no_answer(failure.text);
        let signed = self.access.request(post, clock::wall()).await.map_err(|why| match why {
            Unsignable::Request(failure) => none(failure),
            Unsignable::NoCredentials(told) => Fault::no_answer(told.to_string()),
        })?;
        self.http.send(signed.request.keep(ANSWER_BYTES_MAX), patience).await.map_err(none)
    }
}
