//! An API destination: one HTTP request, judged by its answer's status.
//!
//! Source of what is retried: EventBridge user guide, "API destination error codes": 401, 407, 409, 429 and 5xx, by the
//! more conservative of retry policy and `Retry-After`; a negative `Retry-After` ends the tries. The sentences begin as
//! those that users of AWS found in their dead-letter queues.

use std::time::Duration;

use aws::Timestamp;
use events::target::api_destination;
use events::{ApiCall, Events, NoCall, Outcome, Retry, TargetResponse, TokenCall};
use http_client::{Failure, Request};

use crate::authorizer;
use crate::hidden::hidden;
use crate::judgement::{self, Judgement};
use crate::target::{CallOutcome, Caller, Outside, Parcel, failed};
use crate::tokens::NoToken;

/// No exchange lasts longer; the porter cuts a call off sooner ([`events::DueDelivery::call_until`]).
const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(60);
/// What is looked at of an answer, in bytes: more than is kept, so that a secret in it is found whole.
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// API destinations.
pub(super) static CALLER: Caller =
    Caller { kind: &api_destination::KIND, carry: |outside, parcel| Box::pin(carry(outside, parcel)) };

async fn carry(outside: &Outside, parcel: Parcel<'_>) -> CallOutcome {
    let Parcel { events, owed, .. } = parcel;
    let call = match events.store().read(|read| events.api_call(read, owed)) {
        Ok(Ok(call)) => call,
        Ok(Err(NoCall { code, message, may_be_mended })) => {
            return failed(code, message, if may_be_mended { Retry::ByPolicy } else { Retry::Never });
        }
        Err(error) => return failed("INTERNAL_ERROR", error.to_string(), Retry::ByPolicy),
    };
    let token = match &call.token {
        None => None,
        Some(token) => match outside.tokens.header(token, outside.now).await {
            Ok(header) => Some((token, header)),
            Err(none) => return without_token(events, token, none, (outside.now)()).await,
        },
    };
    let header = token.as_ref().map(|(_, header)| header.as_str());
    let traceparent = events.traceparent(owed);
    let answer = match request(&call, header, traceparent.as_deref()) {
        Ok(request) => outside.client.send(request, EXCHANGE_TIME_MAX).await,
        Err(failure) => Err(failure),
    };
    match answer {
        Err(failure) => no_answer(&failure),
        Ok(answer) => {
            if let (Some((call, header)), 401 | 407) = (&token, answer.status) {
                outside.tokens.forget(call, header).await;
            }
            judge(&answer, shown(&answer, &call, header), (outside.now)())
        }
    }
}

fn request(call: &ApiCall, token: Option<&str>, traceparent: Option<&str>) -> Result<Request, Failure> {
    let mut request = Request::new(&call.method, &call.url)?.keep(ANSWER_BYTES_MAX);
    for (name, value) in &call.headers {
        request = request.header(name, value)?;
    }
    if let Some(token) = token {
        request = request.header("Authorization", token)?;
    }
    // What the connection or the target's own header parameters say goes first.
    let is_set = call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("traceparent"));
    if let Some(traceparent) = traceparent.filter(|_| !is_set) {
        request = request.header("traceparent", traceparent)?;
    }
    Ok(request.body(call.body.clone()))
}

/// A connection that is refused its token is deauthorized; its deliveries wait until somebody fixes that.
async fn without_token(events: &Events, call: &TokenCall, none: NoToken, now: Timestamp) -> CallOutcome {
    let (code, reason, retry) = match none {
        NoToken::Refused(reason) => {
            authorizer::settle(events, &call.connection, call.generation, Err(reason.clone()), now).await;
            ("NO_PERMISSIONS", reason, Retry::ByPolicy)
        }
        NoToken::Held(reason) => ("NO_PERMISSIONS", reason, Retry::Held),
        NoToken::Failed(reason) => ("SDK_CLIENT_ERROR", reason, Retry::ByPolicy),
    };
    let message = format!("The connection {} got no token: {reason}.", call.connection);
    failed(code, message, retry)
}

fn no_answer(failure: &Failure) -> CallOutcome {
    let Judgement { code, retry } = judgement::no_answer(failure.kind);
    failed(code, format!("Unable to invoke ApiDestination endpoint: {}.", failure.text), retry)
}

/// The answer as people may see it: an endpoint may send back what it was sent.
fn shown(answer: &http_client::Response, call: &ApiCall, token: Option<&str>) -> TargetResponse {
    let text = String::from_utf8_lossy(&answer.body);
    let token = token.and_then(|token| token.split_once(' ')).map(|(_, token)| token);
    let secrets = call.secrets.iter().map(|secret| secret.reveal()).chain(token);
    TargetResponse::new(answer.status, hidden(&text, secrets).as_bytes())
}

fn judge(answer: &http_client::Response, shown: TargetResponse, now: Timestamp) -> CallOutcome {
    let outcome = match answer.status {
        200..=299 => Outcome::Delivered,
        status => {
            let hint = if (300..400).contains(&status) { "; redirects are not followed" } else { "" };
            let message = format!(
                "Unable to invoke ApiDestination endpoint: it answered with the status {status}{hint}."
            );
            let Judgement { code, retry } = judgement::http_status(status, answer.header("retry-after"), now);
            Outcome::Failed { code: code.to_owned(), message, retry }
        }
    };
    CallOutcome::Ended { outcome, answer: Some(shown) }
}
