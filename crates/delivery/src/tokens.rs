//! Tokens of connections that authorize by OAuth: fetched once, kept in memory, renewed before they end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use aws::Timestamp;
use events::TokenCall;
use http_client::{Client, Failure, FailureKind, Request, Response};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long a token may take, waiting for somebody else who fetches it included: less than a call, so that it is said which of
/// the two did not answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// A token is renewed so long before it ends, or at half of its time where that is later.
const RENEWED_BEFORE: Duration = Duration::from_secs(60);
/// The most bytes of a token's answer.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The tokens. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    client: Client,
    /// By the connection's name. Whoever finds none fetches it while the others wait for that.
    kept: Arc<SyncMutex<HashMap<String, Slot>>>,
}

type Slot = Arc<Mutex<Option<Token>>>;

struct Token {
    generation: u64,
    /// The value of the `Authorization` header.
    header: String,
    /// `None`: the server did not say.
    renewed_at: Option<Timestamp>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoToken {
    /// The authorization server does not give one for these credentials, or may not be asked.
    Refused(String),
    /// Asking again may help.
    Failed(String),
    /// Our own guard does not let us ask: nothing is known of the credentials.
    Held(String),
}

/// RFC 6749, 5.1.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: Option<String>,
    /// Seconds; some servers write it as text.
    expires_in: Option<serde_json::Value>,
}

/// RFC 6749, 5.2.
#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

impl Tokens {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, kept: Arc::default() }
    }

    /// The `Authorization` header that a connection's requests need.
    pub(crate) async fn header(&self, call: &TokenCall, now: fn() -> Timestamp) -> Result<String, NoToken> {
        timeout(PATIENCE, self.known_or_fetched(call, now)).await.unwrap_or_else(|_| {
            Err(NoToken::Failed(format!("the authorization server gave none within {PATIENCE:?}")))
        })
    }

    async fn known_or_fetched(&self, call: &TokenCall, now: fn() -> Timestamp) -> Result<String, NoToken> {
        let slot = self.slot(&call.connection);
        let mut token = slot.lock().await;
        let is_good = |token: &&Token| {
            token.generation == call.generation && token.renewed_at.is_none_or(|at| now() < at)
        };
        if let Some(token) = token.as_ref().filter(is_good) {
            return Ok(token.header.clone());
        }
        let new = self.fetch(call, now).await?;
        Ok(token.insert(new).header.clone())
    }

    /// Forgets a token that an endpoint did not take, unless another one has come meanwhile.
    pub(crate) async fn forget(&self, call: &TokenCall, header: &str) {
        let slot = self.slot(&call.connection);
        let mut token = slot.lock().await;
        if token.as_ref().is_some_and(|token| token.header == header) {
            *token = None;
        }
    }

    fn slot(&self, connection: &str) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(connection.to_owned()).or_default())
    }

    async fn fetch(&self, call: &TokenCall, now: fn() -> Timestamp) -> Result<Token, NoToken> {
        let answer = self.ask(call).await.map_err(|failure| match failure.kind {
            FailureKind::Invalid => NoToken::Refused(failure.text),
            FailureKind::Refused => NoToken::Held(failure.text),
            FailureKind::Unresolved
            | FailureKind::Connect
            | FailureKind::Tls
            | FailureKind::Timeout
            | FailureKind::Cut => NoToken::Failed(failure.text),
        })?;
        if !answer.is_success() {
            return Err(refusal(&answer));
        }
        let read: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|_| {
            NoToken::Failed("the authorization server's answer is no JSON with an access_token".to_owned())
        })?;
        let kind = match read.token_type.as_deref() {
            Some(kind) if !kind.eq_ignore_ascii_case("bearer") => kind,
            _ => "Bearer",
        };
        let seconds = read.expires_in.as_ref().and_then(|seconds| match seconds {
            serde_json::Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        let renewed_at = seconds.map(|seconds| {
            let lives = Duration::from_secs(seconds);
            now().plus(lives.saturating_sub(RENEWED_BEFORE).max(lives / 2))
        });
        let header = format!("{kind} {}", read.access_token);
        // A token that no request can be sent with would be kept until it ends, and fail each of them.
        Request::new(&call.method, &call.url)
            .and_then(|request| request.header("Authorization", &header))
            .map_err(|_| {
                NoToken::Failed("the authorization server's token is none that a header can hold".to_owned())
            })?;
        Ok(Token { generation: call.generation, header, renewed_at })
    }

    async fn ask(&self, call: &TokenCall) -> Result<Response, Failure> {
        let mut request = Request::new(&call.method, &call.url)?.keep(ANSWER_BYTES_MAX);
        for (name, value) in &call.headers {
            request = request.header(name, value)?;
        }
        // The caller's patience ends sooner.
        self.client.send(request.body(call.body.clone()), 2 * PATIENCE).await
    }
}

/// What an answer that is no token means. Of its words only the error's code is told.
fn refusal(answer: &Response) -> NoToken {
    let code = serde_json::from_slice::<ErrorAnswer>(&answer.body).ok().map(|answer| answer.error);
    let is_code =
        |code: &String| code.len() <= 40 && code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let code = code.filter(is_code).map_or_else(String::new, |code| format!(" ({code})"));
    let text = format!("the authorization server answered with the status {}{code}", answer.status);
    match answer.status {
        // What the credentials are at fault for (RFC 6749, 5.2), and what leads elsewhere.
        300..=399 | 400 | 401 | 403 | 404 | 405 => NoToken::Refused(text),
        _ => NoToken::Failed(text),
    }
}
