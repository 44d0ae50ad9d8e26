//! The chain: sources in their order, what they gave kept until shortly before it expires.
//!
//! Order: keys in the environment, the profile, a web identity of the environment, the container, the instance, as AWS's SDKs
//! have it (AWS SDKs and Tools Reference Guide, "Credential provider chain"). A profile that is named on the command line comes
//! before keys in the environment. A source that is set up and fails ends the chain: another one would be somebody else.

use std::sync::Arc;
use std::time::Duration;

use aws::Timestamp;
use aws::sigv4::Credentials;
use http_client::{AllowedHost, Client, Guard, Settings as HttpSettings};
use tokio::sync::Mutex;

use crate::endpoint::{Endpoint, Endpoints};
use crate::settings::Settings;
use crate::sources::{self, Asking, ExpiringCredentials, Source, SourceAnswer};
use crate::tried::{NoCredentials, SourceMiss};

/// Credentials that expire are fetched again this long before, or halfway where they are good for less than twice of it.
const REFRESH_BEFORE: Duration = Duration::from_secs(5 * 60);
/// How long a failure is repeated without asking again: a porter with a thousand deliveries asks a thousand times.
const FAILURE_KEPT: Duration = Duration::from_secs(10);

/// Where metadata endpoints and local helpers are: reached by plain HTTP, by these addresses alone. Source: AWS SDKs and Tools
/// Reference Guide, "Container credential provider" and "IMDS credential provider".
const METADATA: &[&str] = &[
    "127.0.0.0/8",
    "::1",
    "localhost",
    "169.254.169.254",
    "fd00:ec2::254",
    "169.254.170.2",
    "169.254.170.23",
    "fd00:ec2::23",
];

/// Finds credentials, and keeps them. Clones share what is kept. The default has nobody to ask.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    asked: Option<Arc<ChainState>>,
}

/// Who is asked, with what, and what it gave.
#[derive(Debug)]
struct ChainState {
    sources: Vec<&'static Source>,
    settings: Settings,
    endpoints: Endpoints,
    http: Client,
    kept: Mutex<CachedAnswer>,
}

/// What the last round through the sources gave.
#[derive(Debug, Default)]
struct CachedAnswer {
    loaded: Option<ExpiringCredentials>,
    refresh_at: Option<Timestamp>,
    failure: Option<Failure>,
}

/// A failure, and until when it is repeated.
#[derive(Debug)]
struct Failure {
    told: NoCredentials,
    until: Timestamp,
}

impl Chain {
    /// A chain over all sources; nothing is asked yet.
    ///
    /// # Errors
    /// A sentence where a variable names an endpoint that is none, or TLS cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let sources = sources::SOURCES
            .iter()
            .filter(|source| !(settings.profile.is_some() && source.yields_to_profile));
        Self::over(sources.copied().collect(), settings)
    }

    /// A chain for an endpoint of this machine or network, which takes any credentials: keys of the environment, or `any`.
    ///
    /// # Errors
    /// As [`Chain::new`].
    pub fn of_here(settings: Settings) -> Result<Self, String> {
        Self::over(sources::HERE.to_vec(), settings)
    }

    fn over(sources: Vec<&'static Source>, settings: Settings) -> Result<Self, String> {
        let endpoints = Endpoints::read(&settings)?;
        let mut allowed: Vec<AllowedHost> = METADATA.iter().filter_map(|place| place.parse().ok()).collect();
        allowed.extend(endpoints.named().filter_map(Endpoint::allowed));
        allowed.extend(sources::instance::named_endpoint(&settings));
        let http = Client::new(HttpSettings { guard: Guard::new(allowed), own_authorities: Vec::new() })?;
        let kept = Mutex::new(CachedAnswer::default());
        Ok(Self { asked: Some(Arc::new(ChainState { sources, settings, endpoints, http, kept })) })
    }

    /// Who calls. Credentials that are about to expire are fetched again; where that fails, they serve until they are expired.
    ///
    /// # Errors
    /// Which sources were tried, and what each said.
    pub async fn credentials(&self, now: Timestamp) -> Result<Credentials, NoCredentials> {
        let Some(asked) = &self.asked else {
            return Err(NoCredentials { tried: Vec::new(), may_pass: false });
        };
        let mut kept = asked.kept.lock().await;
        let is_fresh = kept.refresh_at.is_none_or(|at| now < at);
        let good = kept.loaded.as_ref().filter(|loaded| loaded.expires.is_none_or(|expires| now < expires));
        let good = good.map(|loaded| loaded.credentials.clone());
        if let Some(credentials) = good.clone().filter(|_| is_fresh) {
            return Ok(credentials);
        }
        if let Some(failure) = kept.failure.as_ref().filter(|failure| now < failure.until) {
            return good.ok_or_else(|| failure.told.clone());
        }
        match asked.ask(now).await {
            Ok(loaded) => {
                let credentials = loaded.credentials.clone();
                let refresh_at = loaded.expires.map(|expires| refresh_at(now, expires));
                *kept = CachedAnswer { loaded: Some(loaded), refresh_at, failure: None };
                Ok(credentials)
            }
            Err(told) => {
                kept.failure = Some(Failure { told: told.clone(), until: now.plus(FAILURE_KEPT) });
                good.ok_or(told)
            }
        }
    }

    /// Where a service is: where the environment says, or where AWS has it.
    pub fn endpoint(&self, service: &str, region: &str) -> Endpoint {
        match &self.asked {
            Some(asked) => asked.endpoints.of(service, region),
            None => Endpoint::official(service, region),
        }
    }
}

impl ChainState {
    async fn ask(&self, now: Timestamp) -> Result<ExpiringCredentials, NoCredentials> {
        let asking = Asking { settings: &self.settings, endpoints: &self.endpoints, http: &self.http, now };
        let mut tried = Vec::new();
        for source in &self.sources {
            let (reason, may_pass) = match (source.ask)(asking).await {
                SourceAnswer::Found(loaded) if loaded.expires.is_some_and(|expires| expires <= now) => {
                    ("what it gives is expired already".to_owned(), true)
                }
                SourceAnswer::Found(loaded) => return Ok(loaded),
                SourceAnswer::Absent(reason) => (reason, false),
                SourceAnswer::Failed(reason) => (reason, true),
            };
            tried.push(SourceMiss { source: source.name, reason });
            if may_pass {
                return Err(NoCredentials { tried, may_pass });
            }
        }
        Err(NoCredentials { tried, may_pass: false })
    }
}

fn refresh_at(now: Timestamp, expires: Timestamp) -> Timestamp {
    let left = expires.since(now);
    expires.minus(REFRESH_BEFORE.min(left / 2))
}
