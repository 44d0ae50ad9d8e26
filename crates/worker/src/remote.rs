//! AWS as a worker calls it: signed requests to SQS, DynamoDB, EventBridge, Step Functions and Lambda at one endpoint, or at AWS's own.

use std::time::Duration;

use aws::api::JsonApi;
use aws_client::access::Unsignable;
use aws_client::{Access, AwsError, Chain, Endpoint, ServiceRequest, Settings};
use http_client::{Client, Failure, Guard, Response};
use serde_json::Value;

use crate::clock;
use crate::fault::Fault;

/// Maximum size of an answer, in bytes: ten messages of 1 MiB, and JSON's escapes.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How long an answer may take where the request itself does not wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Where AWS is, and who calls it. Clones share connections and credentials.
#[derive(Clone, Debug)]
pub struct Remote {
    access: Access,
    http: Client,
    endpoint: Option<Endpoint>,
    region: String,
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
    pub async fn ask(&self, api: &JsonApi, operation: &str, body: &Value) -> Result<Value, Fault> {
        self.ask_within(api, (operation, PATIENCE), body).await
    }

    /// The same for an operation that waits.
    ///
    /// # Errors
    /// As [`Remote::ask`].
    pub(crate) async fn ask_within(
        &self,
        api: &JsonApi,
        (operation, patience): (&str, Duration),
        body: &Value,
    ) -> Result<Value, Fault> {
        let request = ServiceRequest::json(api, &self.region, operation, body.to_string());
        let answer = self.send(request, patience).await.map_err(|fault| fault.of(operation))?;
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
    pub(crate) async fn send(
        &self,
        request: ServiceRequest<'_>,
        patience: Duration,
    ) -> Result<Response, Fault> {
        let request = request.at(self.endpoint.as_ref());
        let none = |failure: Failure| Fault::no_answer(failure.text);
        let signed = self.access.request(request, clock::wall()).await.map_err(|why| match why {
            Unsignable::Request(failure) => none(failure),
            Unsignable::NoCredentials(told) => Fault::no_answer(told.to_string()),
        })?;
        self.http.send(signed.request.keep(ANSWER_BYTES_MAX), patience).await.map_err(none)
    }
}
