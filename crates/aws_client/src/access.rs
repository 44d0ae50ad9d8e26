//! Who calls AWS, and where: signed requests to services.

use aws::Timestamp;
use aws::api::{JsonApi, RestApi};
use aws::secret::Secret;
use aws::sigv4::{self, SigningScope, UnsignedRequest};
use http_client::{Failure, Request};

use crate::chain::Chain;
use crate::endpoint::Endpoint;
use crate::tried::NoCredentials;

/// Credentials and endpoints. Clones share the credentials that are kept. The default has nobody to call as.
#[derive(Clone, Debug, Default)]
pub struct Access {
    chain: Chain,
}

/// A request to a service, before it is signed.
#[derive(Debug)]
pub struct ServiceRequest<'p> {
    /// As signatures name it: `sqs`, `states`.
    pub service: &'p str,
    /// The region that it is sent to and signed for.
    pub region: &'p str,
    /// Another endpoint than the environment's or AWS's own.
    pub endpoint: Option<&'p Endpoint>,
    /// In capitals.
    pub method: &'p str,
    /// Begins with a slash, and is encoded; without a query.
    pub path: String,
    /// Without `host`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl<'p> ServiceRequest<'p> {
    /// An operation in AWS JSON.
    pub fn json(api: &JsonApi, region: &'p str, operation: &str, body: String) -> Self {
        let headers = api.headers(operation).map(|(name, value)| (name.to_owned(), value)).to_vec();
        let path = "/".to_owned();
        Self { service: api.scope, region, endpoint: None, method: "POST", path, headers, body }
    }

    /// A look by REST: a GET without headers and body.
    pub fn get(api: &RestApi, region: &'p str, path: String) -> Self {
        let (headers, body) = (Vec::new(), String::new());
        Self { service: api.scope, region, endpoint: None, method: "GET", path, headers, body }
    }

    /// The same, at another endpoint than the environment's or AWS's own, where there is one.
    #[must_use]
    pub fn at(self, endpoint: Option<&'p Endpoint>) -> Self {
        Self { endpoint, ..self }
    }
}

/// A request that can be sent, and what of it must not be shown.
#[derive(Debug)]
pub struct SignedRequest {
    /// With its signature.
    pub request: Request,
    /// Key, token and signature: AWS's words about a wrong signature repeat the request.
    pub secrets: Vec<Secret>,
}

/// Why there is no request.
#[derive(Debug)]
pub enum Unsignable {
    /// Nobody to call as.
    NoCredentials(NoCredentials),
    /// What is asked for can be sent by nobody.
    Request(Failure),
}

impl Access {
    /// By this chain, and the endpoints of its environment.
    pub fn new(chain: Chain) -> Self {
        Self { chain }
    }

    /// A signed request. Services refuse a `now` that is more than five minutes off.
    ///
    /// # Errors
    /// Without credentials, or where the request can be sent by nobody.
    pub async fn request(
        &self,
        request: ServiceRequest<'_>,
        now: Timestamp,
    ) -> Result<SignedRequest, Unsignable> {
        let credentials = self.chain.credentials(now).await.map_err(Unsignable::NoCredentials)?;
        let ServiceRequest { service, region, endpoint, method, path, mut headers, body } = request;
        let endpoint = endpoint.cloned().unwrap_or_else(|| self.chain.endpoint(service, region));
        let path = format!("{}{path}", endpoint.prefix);
        let unsigned = UnsignedRequest {
            method,
            host: &endpoint.host,
            path: &path,
            headers: &headers,
            body: body.as_bytes(),
        };
        let added = sigv4::sign(&unsigned, &credentials, SigningScope { region, service }, now);
        let signature = added.iter().find_map(|(_, value)| Some(value.split_once("Signature=")?.1));
        let mut secrets: Vec<Secret> = signature.map(Secret::new).into_iter().collect();
        secrets.push(credentials.secret_access_key);
        secrets.extend(credentials.session_token);
        headers.extend(added);
        let request = Request::new(method, &format!("{}{path}", endpoint.origin));
        let request = request.and_then(|request| with_headers(request, &headers));
        let request = request.map_err(Unsignable::Request)?;
        Ok(SignedRequest { request: request.body(body), secrets })
    }
}

fn with_headers(request: Request, headers: &[(String, String)]) -> Result<Request, Failure> {
    headers.iter().try_fold(request, |request, (name, value)| request.header(name, value))
}
