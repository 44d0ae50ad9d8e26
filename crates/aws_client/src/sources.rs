//! The sources of credentials, a file each, in the order in which they are asked.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aws::Timestamp;
use aws::secret::Secret;
use aws::sigv4::Credentials;
use http_client::{Client, Failure, Request, Response};
use serde_json::Value;

use crate::endpoint::Endpoints;
use crate::settings::Settings;

pub(crate) mod anybody;
pub(crate) mod container;
pub(crate) mod environment;
pub(crate) mod instance;
pub(crate) mod process;
pub(crate) mod profile;
pub(crate) mod sso;
pub(crate) mod sts;
pub(crate) mod web_identity;

/// All sources. An instance comes last: a machine that is none takes a second to say so.
pub(crate) static SOURCES: &[&Source] =
    &[&environment::SOURCE, &profile::SOURCE, &web_identity::SOURCE, &container::SOURCE, &instance::SOURCE];

/// For an endpoint that takes any credentials.
pub(crate) static HERE: &[&Source] = &[&environment::SOURCE, &anybody::SOURCE];

/// Where credentials may come from.
pub(crate) struct Source {
    /// For a person.
    pub(crate) name: &'static str,
    /// Not asked where a profile is named on the command line.
    pub(crate) yields_to_profile: bool,
    pub(crate) ask: for<'a> fn(Asking<'a>) -> Answering<'a>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

/// An answer under way.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = SourceAnswer> + Send + 'a>>;

/// What a source may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) endpoints: &'a Endpoints,
    pub(crate) http: &'a Client,
    pub(crate) now: Timestamp,
}

/// What a source says.
#[derive(Debug)]
pub(crate) enum SourceAnswer {
    Found(ExpiringCredentials),
    /// It is not set up, and why that is known: the next one is asked.
    Absent(String),
    /// It is set up and gives none: no other is asked.
    Failed(String),
}

impl SourceAnswer {
    pub(crate) fn of(result: Result<ExpiringCredentials, String>) -> Self {
        match result {
            Ok(loaded) => Self::Found(loaded),
            Err(reason) => Self::Failed(reason),
        }
    }
}

/// Credentials, and until when they are good.
#[derive(Clone, Debug)]
pub(crate) struct ExpiringCredentials {
    pub(crate) credentials: Credentials,
    pub(crate) expires: Option<Timestamp>,
}

/// The names of the members of a JSON document with credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members {
    pub(crate) id: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) token: &'static str,
}

/// As `credential_process` has them.
pub(crate) const PROCESS: Members =
    Members { id: "AccessKeyId", secret: "SecretAccessKey", token: "SessionToken" };
/// As metadata endpoints have them.
pub(crate) const METADATA: Members = Members { id: "AccessKeyId", secret: "SecretAccessKey", token: "Token" };

impl ExpiringCredentials {
    /// Out of a JSON document; `Expiration` is a date in ISO 8601 where there is one.
    ///
    /// # Errors
    /// What is missing.
    pub(crate) fn from_json(json: &Value, members: Members) -> Result<Self, String> {
        let text = |name: &str| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let needed = |name: &str| text(name).ok_or_else(|| format!("its answer has no {name}"));
        let expires = match text("Expiration") {
            None => None,
            Some(date) => Some(
                Timestamp::parse_iso(date).ok_or_else(|| format!("its Expiration '{date}' is no date"))?,
            ),
        };
        let credentials = Credentials {
            access_key_id: needed(members.id)?.to_owned(),
            secret_access_key: Secret::new(needed(members.secret)?),
            session_token: text(members.token).map(Secret::new),
        };
        Ok(Self { credentials, expires })
    }
}

/// A request to a metadata endpoint.
///
/// # Errors
/// Where there is no answer.
pub(crate) async fn fetch(
    http: &Client,
    (method, url): (&str, &str),
    header: Option<(&str, &str)>,
    deadline: Duration,
) -> Result<Response, Failure> {
    let mut request = Request::new(method, url)?;
    if let Some((name, value)) = header {
        request = request.header(name, value)?;
    }
    http.send(request, deadline).await
}

/// The credentials in an answer of a metadata endpoint.
///
/// # Errors
/// What it says instead.
pub(crate) fn loaded_of(answer: &Response, members: Members) -> Result<ExpiringCredentials, String> {
    if !answer.is_success() {
        let error = crate::answer::AwsError::of(answer);
        return Err(format!("it answered {} {} {}", answer.status, error.code, error.message)
            .trim_end()
            .to_owned());
    }
    let json: Value = serde_json::from_slice(&answer.body).map_err(|_| "its answer is no JSON".to_owned())?;
    ExpiringCredentials::from_json(&json, members)
}
