//! The public APIs over HTTP or HTTPS: AWS JSON 1.0 to SQS and 1.1 to EventBridge, at the endpoint that the user names.

use std::time::Duration;

use http_client::{Client, Failure, Guard, Request as Call, Settings};
use serde_json::Value;

use crate::api::{Api, ApiError, Request, Service};

/// Maximum time an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Maximum size of an answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The local door takes any credentials on loopback; this is the form that AWS's clients send them in.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=trunkline/20260101/us-east-1/execute/aws4_request, \
     SignedHeaders=host, Signature=0000000000000000000000000000000000000000000000000000000000000000";

/// The APIs behind one address.
#[derive(Clone, Debug)]
pub struct Http {
    /// With a slash at its end.
    endpoint: String,
    client: Client,
}

impl Http {
    /// The APIs at an endpoint such as `http://127.0.0.1:4566`. `own_authorities` (PEM, may be empty) are trusted besides
    /// Mozilla's where it begins with `https://`.
    ///
    /// # Errors
    /// A sentence where that is no such address, or where `own_authorities` are no certificates.
    pub fn new(endpoint: &str, own_authorities: &[u8]) -> Result<Self, String> {
        let invalid = || format!("'{endpoint}' is not an address like http://127.0.0.1:4566");
        let url = format!("{}/", endpoint.trim_end_matches('/'));
        Call::new("POST", &url).map_err(|_| invalid())?;
        let host = host(&url).ok_or_else(invalid)?;
        // Whoever names an endpoint wants it reached, wherever it is; nothing else is called.
        let guard = Guard::new(vec![host.parse()?]);
        let client = Client::new(Settings { guard, own_authorities: own_authorities.to_vec() })?;
        Ok(Self { endpoint: url, client })
    }

    fn unreachable(&self, why: &str) -> ApiError {
        ApiError {
            code: "Unreachable".to_owned(),
            message: format!("no answer from {}: {why}", self.endpoint),
            status: 0,
        }
    }

    fn request(&self, request: &Request) -> Result<Call, Failure> {
        let (target, version) = match request.service {
            Service::Sqs => ("AmazonSQS", "1.0"),
            Service::Events => ("AWSEvents", "1.1"),
            Service::Trunkline => ("Trunkline", "1.1"),
        };
        Ok(Call::new("POST", &self.endpoint)?
            .header("content-type", &format!("application/x-amz-json-{version}"))?
            .header("x-amz-target", &format!("{target}.{}", request.operation))?
            .header("authorization", AUTHORIZATION)?
            .body(request.body.to_string())
            .keep(ANSWER_BYTES_MAX))
    }
}

impl Api for Http {
    async fn call(&self, request: Request) -> Result<Value, ApiError> {
        let unreachable = |failure: Failure| self.unreachable(&failure.text);
        let call = self.request(&request).map_err(unreachable)?;
        let answer = self.client.send(call, DEADLINE).await.map_err(unreachable)?;
        if answer.is_cut {
            let text = format!("the answer to {} has more than {ANSWER_BYTES_MAX} bytes", request.operation);
            return Err(self.unreachable(&text));
        }
        if !answer.is_success() {
            return Err(refusal(answer.status, &answer.body));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|_| ApiError::strange(request.operation, "JSON"))
    }
}

/// The host of an absolute URL; an IPv6 address in brackets.
fn host(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split('/').next()?;
    let end = authority.find(']').map_or_else(|| authority.find(':'), |bracket| Some(bracket + 1));
    authority.get(..end.unwrap_or(authority.len())).filter(|host| !host.is_empty())
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

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_of_a_url() {
        assert_eq!(host("http://127.0.0.1:4566/"), Some("127.0.0.1"));
        assert_eq!(host("https://bus.example/"), Some("bus.example"));
        assert_eq!(host("https://[::1]:4566/"), Some("[::1]"));
        assert_eq!(host("https://[::1]/"), Some("[::1]"));
        assert_eq!(host("http:///"), None);
    }
}
