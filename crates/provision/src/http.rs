//! The public APIs over HTTP or HTTPS, at the endpoint that the user names.

mod wire;

use std::time::Duration;

use aws::Timestamp;
use aws::sigv4::{self, Credentials, SigningScope, UnsignedRequest};
use http_client::{Client, Failure, Guard, Request as Call, Response, Settings};
use serde_json::Value;

use crate::api::{Api, ApiError, Request, Service};
use crate::http::wire::Message;

/// Maximum time an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Maximum size of an answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// The APIs behind one address.
#[derive(Clone, Debug)]
pub struct Http {
    /// With a slash at its end.
    endpoint: String,
    client: Client,
    signer: Option<Signer>,
}

/// What requests are signed with.
#[derive(Clone, Debug)]
struct Signer {
    credentials: Credentials,
    now: fn() -> Timestamp,
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
        Ok(Self { endpoint: url, client, signer: None })
    }

    /// The same, for a door that asks who calls: each request is signed, or carries the session token alone.
    #[must_use]
    pub fn signed_with(self, credentials: Credentials, now: fn() -> Timestamp) -> Self {
        Self { signer: Some(Signer { credentials, now }), ..self }
    }

    fn unreachable(&self, why: &str) -> ApiError {
        ApiError {
            code: "Unreachable".to_owned(),
            message: format!("no answer from {}: {why}", self.endpoint),
            status: 0,
        }
    }

    fn call(&self, message: &Message) -> Result<Call, Failure> {
        let mut call = Call::new(message.method, &format!("{}{}", self.endpoint, message.path))?;
        for (name, value) in self.headers(message) {
            call = call.header(&name, &value)?;
        }
        Ok(call.body(message.body.clone()).keep(ANSWER_BYTES_MAX))
    }

    /// The message's headers; where there is a signer, with a signature in place of the one that stands for any.
    fn headers(&self, message: &Message) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> =
            message.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let Some(signer) = &self.signer else { return headers };
        let made_up =
            headers.iter().position(|(name, value)| name == "authorization" && value.starts_with("AWS4"));
        let Some(made_up) = made_up.map(|at| headers.remove(at).1) else { return headers };
        let service = made_up.split('/').nth(3).unwrap_or("execute");
        let authority = self.endpoint.split_once("://").map_or("", |(_, rest)| rest);
        let (host, prefix) = authority.split_once('/').unwrap_or((authority, ""));
        let path = format!("/{prefix}{}", message.path);
        // As clients write a host: without the port that the scheme has anyway.
        let usual = if self.endpoint.starts_with("https:") { ":443" } else { ":80" };
        let host = host.strip_suffix(usual).unwrap_or(host);
        let body = message.body.as_bytes();
        let unsigned = UnsignedRequest { method: message.method, host, path: &path, headers: &headers, body };
        let scope = SigningScope { region: "us-east-1", service };
        let added = sigv4::sign(&unsigned, &signer.credentials, scope, (signer.now)());
        headers.extend(added);
        headers
    }

    async fn send(&self, message: &Message, operation: &str) -> Result<Response, ApiError> {
        let unreachable = |failure: Failure| self.unreachable(&failure.text);
        let call = self.call(message).map_err(unreachable)?;
        let answer = self.client.send(call, DEADLINE).await.map_err(unreachable)?;
        if answer.is_cut {
            let text = format!("the answer to {operation} has more than {ANSWER_BYTES_MAX} bytes");
            return Err(self.unreachable(&text));
        }
        Ok(answer)
    }

    /// A token of the Genesys platform.
    async fn token(&self) -> Result<String, ApiError> {
        let answer = self.send(&wire::token(), "a token").await?;
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = answer.get("access_token").and_then(Value::as_str).map(str::to_owned);
        token.ok_or_else(|| ApiError::strange("the question for a token", "access_token"))
    }
}

impl Api for Http {
    fn endpoint(&self) -> String {
        self.endpoint.trim_end_matches('/').to_owned()
    }

    async fn call(&self, request: Request) -> Result<Value, ApiError> {
        let token = match request.service {
            Service::Platform => Some(self.token().await?),
            _ => None,
        };
        let message = wire::message(&request, token.as_deref()).map_err(|why| self.unreachable(&why))?;
        wire::answer(&request, &self.send(&message, request.operation).await?)
    }
}

/// The host of an absolute URL; an IPv6 address in brackets.
fn host(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split('/').next()?;
    let end = authority.find(']').map_or_else(|| authority.find(':'), |bracket| Some(bracket + 1));
    authority.get(..end.unwrap_or(authority.len())).filter(|host| !host.is_empty())
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
