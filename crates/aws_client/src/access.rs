//! Who calls AWS, and where: signed requests to services.

use aws::Timestamp;
use aws::secret::Secret;
use aws::sigv4::{self, Unsigned};
use http_client::{Failure, Request};

use crate::chain::Chain;
use crate::endpoint::Endpoint;
use crate::tried::NoCredentials;

/// Credentials and endpoints. Clones share the credentials that are kept. The default has nobody to call as.
#[derive(Clone, Debug, Default)]
pub struct Access {
    chain: Chain,
}

/// A POST to a service.
#[derive(Debug)]
pub struct Post<'p> {
    /// As signatures name it: `sqs`, `states`.
    pub service: &'p str,
    /// The region that it is sent to and signed for.
    pub region: &'p str,
    /// Another endpoint than the environment's or AWS's own.
    pub endpoint: Option<&'p Endpoint>,
    /// Begins with a slash, and is encoded.
    pub path: String,
    /// Without `host`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl<'p> Post<'p> {
    /// An operation in AWS JSON 1.0.
    pub fn json(service: &'p str, region: &'p str, target: &str, body: String) -> Self {
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { service, region, endpoint: None, path: "/".to_owned(), headers, body }
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
    pub async fn request(&self, post: Post<'_>, now: Timestamp) -> Result<SignedRequest, Unsignable> {
        let credentials = self.chain.credentials(now).await.map_err(Unsignable::NoCredentials)?;
        let Post { service, region, endpoint, path, mut headers, body } = post;
        let endpoint = endpoint.cloned().unwrap_or_else(|| self.chain.endpoint(service, region));
        let path = format!("{}{path}", endpoint.prefix);
        let unsigned = Unsigned {
            method: "POST",
            host: &endpoint.host,
            path: &path,
            headers: &headers,
            body: body.as_bytes(),
        };
        let added = sigv4::sign(&unsigned, &credentials, (region, service), now);
        let signature = added.iter().find_map(|(_, value)| Some(value.split_once("Signature=")?.1));
        let mut secrets: Vec<Secret> = signature.map(Secret::new).into_iter().collect();
        secrets.push(credentials.secret_access_key);
        secrets.extend(credentials.session_token);
        headers.extend(added);
        let request =
            with_headers(&format!("{}{path}", endpoint.origin), &headers).map_err(Unsignable::Request)?;
        Ok(SignedRequest { request: request.body(body), secrets })
    }
}

fn with_headers(url: &str, headers: &[(String, String)]) -> Result<Request, Failure> {
    headers.iter().try_fold(Request::new("POST", url)?, |request, (name, value)| request.header(name, value))
}
