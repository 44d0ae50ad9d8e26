//! An access token: requested with the client's id and secret, kept until shortly before it expires.

use std::time::Duration;

use aws::Timestamp;
use aws::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_client::{Request, Response};
use serde_json::Value;
use tokio::time::sleep;

use crate::client::address::Address;
use crate::client::fault::Fault;
use crate::client::pause::{ATTEMPTS_MAX, pause_after};
use crate::client::{Call, Credentials, Environment};

/// How long the login service may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long before its expiry a token is renewed; or in its last tenth, whichever is later.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);
/// Pause when the login service reports that its limit is reached; it does not say how long.
const RATE_LIMIT_WAIT_S: u64 = 10;

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: Secret,
    renew_at: Timestamp,
}

impl Token {
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        now < self.renew_at
    }
}

/// Asks for a token.
pub(super) async fn ask(
    http: &http_client::Client,
    address: &Address,
    credentials: &Credentials,
    environment: Environment,
) -> Result<Token, Fault> {
    let pair = format!("{}:{}", credentials.client_id, credentials.client_secret.reveal());
    let basic = format!("Basic {}", STANDARD.encode(pair));
    let mut attempt = 0;
    loop {
        attempt += 1;
        let request = Request::new("POST", &format!("{}/oauth/token", address.login()))
            .and_then(|request| request.header("authorization", &basic))
            .and_then(|request| request.header("content-type", "application/x-www-form-urlencoded"))
            .map(|request| request.body("grant_type=client_credentials"));
        let now = (environment.now)();
        let answer = match request {
            Ok(request) => http.send(request, PATIENCE).await,
            Err(failure) => Err(failure),
        };
        let fault = match answer {
            Ok(answer) if answer.is_success() => return read(&answer, now),
            Ok(answer) => refusal(&answer, address),
            Err(failure) => Fault::of_failure(&failure),
        };
        let random = (environment.ids)().next_u64();
        let Some(pause) = pause_after(&fault, attempt, random).filter(|_| attempt < ATTEMPTS_MAX) else {
            return Err(fault);
        };
        tracing::debug!(attempt, %fault, "a token is requested again");
        sleep(pause).await;
    }
}

fn read(answer: &Response, now: Timestamp) -> Result<Token, Fault> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = body.get("access_token").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        return Err(Fault::strange("the login service answered without an access_token"));
    }
    let lifetime_s = body.get("expires_in").and_then(Value::as_u64).unwrap_or(300);
    let early_s = RENEWED_BEFORE.as_secs().min(lifetime_s / 10);
    let renew_at = now.plus(Duration::from_secs(lifetime_s - early_s));
    Ok(Token { text: Secret::new(text), renew_at })
}

/// The login service answers 400 for everything, its rate limit included.
fn refusal(answer: &Response, address: &Address) -> Fault {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (error, description) = (text("error"), text("error_description"));
    if answer.status == 400 && error == "invalid_request" && description.starts_with("rate limit exceeded") {
        return Fault {
            status: 400,
            message: format!("{} gives no more tokens for now: {description}", address.login()),
            wait_s: Some(RATE_LIMIT_WAIT_S),
            may_pass: true,
            code: error,
        };
    }
    if (400..500).contains(&answer.status) && answer.status != 429 && answer.status != 408 {
        let said =
            if description.is_empty() { format!("HTTP status {}", answer.status) } else { description };
        return Fault {
            status: answer.status,
            message: format!(
                "{} gave no token: {said}. See that client id and secret are those of an OAuth client of this region with the grant type Client Credentials",
                address.login()
            ),
            wait_s: None,
            may_pass: false,
            code: error,
        };
    }
    Fault::of_answer(answer, &Call { method: "POST", path: "/oauth/token" })
}
