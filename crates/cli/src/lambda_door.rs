//! A running Trunkline's Lambda API, whose wire is REST, and the logs of functions.

use std::time::Duration;

use aws::api::LOGS;
use http_client::{Client, Guard, Request, Response, Settings};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::remote::Endpoint;

/// A function may take fifteen minutes, and its start a minute more.
const DEADLINE: Duration = Duration::from_secs(16 * 60);
/// An answer of a function is 6 MB at most, its log and what stands around it less.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The door takes any credentials on loopback.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=trunkline/20260101/us-east-1/lambda/aws4_request, \
     SignedHeaders=host, Signature=0000000000000000000000000000000000000000000000000000000000000000";

/// The way there.
#[derive(Debug)]
pub(crate) struct LambdaDoor {
    url: String,
    client: Client,
    runtime: Runtime,
}

/// A call of the REST API.
#[derive(Clone, Debug)]
pub(crate) struct Call<'c> {
    pub(crate) method: &'c str,
    pub(crate) path: &'c str,
    pub(crate) headers: &'c [(&'c str, &'c str)],
    pub(crate) body: String,
}

impl LambdaDoor {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// A sentence where the endpoint is no address, or its authorities cannot be read.
    pub(crate) fn open(endpoint: &Endpoint) -> Result<Self, String> {
        let url = endpoint.url.trim_end_matches('/').to_owned();
        let host = url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        let host = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name)).unwrap_or_default();
        let guard = Guard::new(vec![host.parse()?]);
        let client = Client::new(Settings { guard, own_authorities: endpoint.own_authorities()? })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| format!("could not start the runtime: {e}"))?;
        Ok(Self { url, client, runtime })
    }

    /// Asks the REST API: the answer, whatever its status.
    ///
    /// # Errors
    /// What to do where nothing answers.
    pub(crate) fn call(&self, call: &Call<'_>) -> Result<Response, String> {
        let unreachable = |failure: http_client::Failure| {
            format!(
                "nothing answers at {}; start `trunkline dev` or `trunkline serve`, or name another address with --endpoint ({})",
                self.url, failure.text
            )
        };
        let mut request =
            Request::new(call.method, &format!("{}{}", self.url, call.path)).map_err(unreachable)?;
        let json = ("content-type", "application/json");
        for (name, value) in [json, ("authorization", AUTHORIZATION)].iter().chain(call.headers) {
            request = request.header(name, value).map_err(unreachable)?;
        }
        let request = request.body(call.body.clone()).keep(ANSWER_BYTES_MAX);
        self.runtime.block_on(self.client.send(request, DEADLINE)).map_err(unreachable)
    }

    /// The same, for an answer that must be a success: its JSON.
    ///
    /// # Errors
    /// The service's words.
    pub(crate) fn ask(&self, call: &Call<'_>) -> Result<Value, String> {
        let answer = self.call(call)?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.is_success() {
            return Ok(body);
        }
        Err(words(&answer, &body))
    }

    /// What a path answers.
    ///
    /// # Errors
    /// The service's words.
    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        self.ask(&Call { method: "GET", path, headers: &[], body: String::new() })
    }

    /// The same; `None` where it does not exist.
    ///
    /// # Errors
    /// Any other refusal, in the service's words.
    pub(crate) fn find(&self, path: &str) -> Result<Option<Value>, String> {
        let answer = self.call(&Call { method: "GET", path, headers: &[], body: String::new() })?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(body)),
            _ => Err(words(&answer, &body)),
        }
    }

    /// An operation of CloudWatch Logs.
    ///
    /// # Errors
    /// The service's words.
    pub(crate) fn logs(&self, operation: &str, body: &Value) -> Result<Value, String> {
        let target = LOGS.target(operation);
        let headers = [("x-amz-target", target.as_str())];
        self.ask(&Call { method: "POST", path: "/", headers: &headers, body: body.to_string() })
    }

    /// Lets time pass.
    pub(crate) fn pause(&self, duration: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(duration).await });
    }
}

/// What a refusal says, in words for a person.
pub(crate) fn words(answer: &Response, body: &Value) -> String {
    let text = |member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
    let code = answer.header("x-amzn-errortype").map(str::to_owned).or_else(|| text("__type"));
    let code = code.as_deref().and_then(|code| code.rsplit('#').next()).unwrap_or("error").to_owned();
    let message = text("message").or_else(|| text("Message"));
    let message = message.unwrap_or_else(|| format!("HTTP status {}", answer.status));
    format!("{message} ({code})")
}
