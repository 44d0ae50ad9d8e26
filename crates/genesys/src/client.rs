//! Calls to a Genesys Cloud org: one layer that gets tokens, respects rate limits, retries, and says what to do.

pub mod address;
pub mod fault;
pub mod paging;
mod pause;
pub mod socket;
mod token;

use std::sync::Arc;
use std::time::Duration;

use aws::secret::Secret;
use aws::{Ids, Timestamp};
use http_client::{FailureKind, Guard, Request, Response, Settings};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::client::address::Address;
use crate::client::fault::Fault;
use crate::client::pause::{ATTEMPTS_MAX, pause_after};
use crate::client::token::Token;

/// Maximum time one response may take: the vendor's gateway gives up after a minute.
const PATIENCE: Duration = Duration::from_secs(70);
/// How often one call may request another token because the org refuses the current one.
const RENEWALS_MAX: u32 = 3;
/// Maximum size of a response: a page of a hundred long conversations.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// An OAuth client of the org, for the grant `client_credentials`.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Its id.
    pub client_id: String,
    /// Its secret; never shown.
    pub client_secret: Secret,
}

/// Where the client gets the time and random numbers from: it reads neither itself.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    /// The time.
    pub now: fn() -> Timestamp,
    /// A fresh source of identifiers.
    pub ids: fn() -> Ids,
}

/// A client of one org. Clones share the token and the connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: http_client::Client,
    address: Address,
    credentials: Arc<Credentials>,
    environment: Environment,
    shared: Arc<Mutex<ClientState>>,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    method: &'a str,
    /// With its query.
    path: &'a str,
}

#[derive(Debug, Default)]
struct ClientState {
    token: Option<Token>,
    /// The org allows nothing more before this.
    not_before: Timestamp,
}

impl Client {
    /// A client; nothing is sent yet. A loopback address may be called in plain HTTP: it is a simulated org on this machine.
    ///
    /// # Errors
    /// A sentence where no TLS can be set up.
    pub fn new(address: Address, credentials: Credentials, environment: Environment) -> Result<Self, String> {
        let guard = Guard::new(address.named().into_iter().collect());
        let http = http_client::Client::new(Settings { guard, own_authorities: Vec::new() })?;
        Ok(Self {
            http,
            address,
            credentials: Arc::new(credentials),
            environment,
            shared: Arc::new(Mutex::new(ClientState::default())),
        })
    }

    /// Where the org's API is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Reads.
    ///
    /// # Errors
    /// [`Fault`], after transient failures have been retried.
    pub async fn get(&self, path: &str) -> Result<Value, Fault> {
        self.call("GET", path, None).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// [`Fault`], after transient failures have been retried.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Fault> {
        self.call(method, path, Some(body)).await
    }

    /// One call. `path` begins with `/api/v2/` and has its query with it.
    ///
    /// # Errors
    /// [`Fault`], after transient failures have been retried.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Fault> {
        let call = Call { method, path };
        let mut attempt = 0;
        let mut renewed = 0;
        loop {
            attempt += 1;
            let token = self.token().await?;
            let answer = self.once(&call, body, &token).await;
            if let Ok(answer) = &answer {
                self.heed(answer).await;
                if answer.is_success() {
                    return read(answer, path);
                }
                // A token may end before its time: an administrator can revoke it.
                if answer.status == 401 && renewed < RENEWALS_MAX {
                    renewed += 1;
                    self.forget(&token).await;
                    continue;
                }
            }
            let fault = match &answer {
                Ok(answer) => Fault::of_answer(answer, &call),
                Err(failure) => Fault::of_failure(failure),
            };
            let may_repeat = method != "POST" || path.contains("/query") || fault.was_not_done();
            let random = (self.environment.ids)().next_u64();
            let pause = pause_after(&fault, attempt, random).filter(|_| may_repeat && attempt < ATTEMPTS_MAX);
            let Some(pause) = pause else { return Err(fault) };
            tracing::debug!(method, path, attempt, pause_ms = pause.as_millis(), %fault, "a call is retried");
            sleep(pause).await;
        }
    }

    async fn once(
        &self,
        &Call { method, path }: &Call<'_>,
        body: Option<&Value>,
        token: &Secret,
    ) -> Result<Response, http_client::Failure> {
        let wait = self.shared.lock().await.not_before.since((self.environment.now)());
        if !wait.is_zero() {
            sleep(wait).await;
        }
        let url = format!("{}{path}", self.address.api());
        let mut request = Request::new(method, &url)?
            .header("authorization", &format!("Bearer {}", token.reveal()))?
            .header("accept", "application/json")?
            .keep(ANSWER_BYTES_MAX);
        if let Some(body) = body {
            request = request.header("content-type", "application/json")?.body(body.to_string());
        }
        self.http.send(request, PATIENCE).await
    }

    /// Waits out the minute when the org reports that the limit is reached, instead of running into 429.
    async fn heed(&self, answer: &Response) {
        let number = |name: &str| answer.header(name).and_then(|text| text.parse::<u64>().ok());
        let limit = (
            number("inin-ratelimit-count"),
            number("inin-ratelimit-allowed"),
            number("inin-ratelimit-reset"),
        );
        if let (Some(count), Some(allowed), Some(reset_s)) = limit
            && count >= allowed
        {
            let until = (self.environment.now)().plus(Duration::from_secs(reset_s.min(120)));
            self.shared.lock().await.not_before = until;
        }
    }

    /// A valid token, from memory or from the org. Other callers wait meanwhile, so that only one is requested.
    async fn token(&self) -> Result<Secret, Fault> {
        let mut shared = self.shared.lock().await;
        let now = (self.environment.now)();
        if let Some(token) = shared.token.as_ref().filter(|token| token.is_good(now)) {
            return Ok(token.text.clone());
        }
        let token = token::ask(&self.http, &self.address, &self.credentials, self.environment).await?;
        let text = token.text.clone();
        shared.token = Some(token);
        Ok(text)
    }

    async fn forget(&self, token: &Secret) {
        let mut shared = self.shared.lock().await;
        if shared.token.as_ref().is_some_and(|known| known.text == *token) {
            shared.token = None;
        }
    }
}

/// The JSON of an answer; `null` where it has no body.
fn read(answer: &Response, path: &str) -> Result<Value, Fault> {
    if answer.body.is_empty() {
        return Ok(Value::Null);
    }
    if answer.is_cut {
        return Err(Fault::strange(format!("the answer to {path} is larger than {ANSWER_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| Fault::strange(format!("the answer to {path} is not JSON: {error}")))
}

/// Whether a failure may pass when the same is tried again.
fn may_pass(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Unresolved | FailureKind::Connect | FailureKind::Timeout | FailureKind::Cut)
}
