//! The public APIs over HTTP: AWS JSON 1.0 to SQS and 1.1 to EventBridge, at an endpoint of this machine.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::api::{Api, ApiError, Request, Service};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The local door takes any credentials on loopback; this is the form that AWS's clients send them in.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=trunkline/20260101/us-east-1/execute/aws4_request, \
     SignedHeaders=host, Signature=0000000000000000000000000000000000000000000000000000000000000000";

/// The APIs behind one address.
#[derive(Clone, Debug)]
pub struct Http {
    endpoint: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Http {
    /// The APIs at an endpoint such as `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// A sentence where that is no such address.
    pub fn new(endpoint: &str) -> Result<Self, String> {
        let uri: Uri = format!("{}/", endpoint.trim_end_matches('/'))
            .parse()
            .map_err(|error| format!("'{endpoint}' is no address: {error}"))?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(format!("'{endpoint}' is no address like http://127.0.0.1:4566"));
        }
        Ok(Self { endpoint: uri, client: Client::builder(TokioExecutor::new()).build_http() })
    }

    fn unreachable(&self, why: &str) -> ApiError {
        ApiError {
            code: "Unreachable".to_owned(),
            message: format!("no answer from {}: {why}", self.endpoint),
            status: 0,
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Value, ApiError> {
        let (target, version) = match request.service {
            Service::Sqs => ("AmazonSQS", "1.0"),
            Service::Events => ("AWSEvents", "1.1"),
            Service::Trunkline => ("Trunkline", "1.1"),
        };
        let sent = hyper::Request::post(self.endpoint.clone())
            .header("content-type", format!("application/x-amz-json-{version}"))
            .header("x-amz-target", format!("{target}.{}", request.operation))
            .header("authorization", AUTHORIZATION)
            .body(Full::new(Bytes::from(request.body.to_string())))
            .map_err(|error| self.unreachable(&error.to_string()))?;
        let answer = self.client.request(sent).await.map_err(|error| self.unreachable(&causes(&error)))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| self.unreachable(&error.to_string()))?
            .to_bytes();
        if !status.is_success() {
            return Err(refusal(status.as_u16(), &body));
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| ApiError::strange(request.operation, "JSON"))
    }
}

impl Api for Http {
    async fn call(&self, request: Request) -> Result<Value, ApiError> {
        // Boxed: the client's future is large, and callers hold many layers of it.
        let exchange = Box::pin(self.exchange(&request));
        let seconds = PATIENCE.as_secs();
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(self.unreachable(&format!("nothing came within {seconds} s"))),
        }
    }
}

/// The error in the body of an answer: `__type` may carry a namespace before a `#`.
/// Source: error serialisation of the Smithy AWS JSON protocols.
fn refusal(status: u16, body: &[u8]) -> ApiError {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let code = text("__type").or_else(|| text("code")).unwrap_or_else(|| "UnknownError".to_owned());
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default().to_owned();
    let message =
        text("message").or_else(|| text("Message")).unwrap_or_else(|| format!("HTTP status {status}"));
    ApiError { code, message, status }
}

/// An error and what caused it, in one line: the outermost alone only says "client error".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        text = format!("{text}: {cause}");
        at = cause.source();
    }
    text
}
