//! A call of a real AWS service: signed, sent, its answer judged.
//!
//! A resource of another account or region than this Trunkline's own is AWS's. What retrying cannot mend (user guide, "Using
//! dead-letter queues": missing permissions, a resource that does not exist, a request that is refused) goes to the
//! dead-letter queue at once; throttling, expired credentials and AWS's own failures are tried again.

use std::time::Duration;

use aws::Arn;
use aws::secret::Secret;
use aws::sigv4::{self, Credentials, Unsigned};
use events::{Outcome, Retry, TargetResponse};
use http_client::{Failure, FailureKind, Request};
use serde_json::Value;

use crate::hidden::hidden;
use crate::target::{CUT_OFF, CallOutcome, Outside, failed};

/// No exchange lasts longer; the porter cuts a call off sooner ([`events::Owed::call_until`]).
const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(60);
/// What is looked at of an answer, in bytes: more than is kept, so that a secret in it is found whole.
const ANSWER_BYTES_MAX: usize = 16 << 10;
/// What is told of AWS's own words, in bytes: the rest is in the answer that is kept.
const WORDS_BYTES_MAX: usize = 300;

/// A POST to the service of `arn`.
#[derive(Debug)]
pub(crate) struct Post<'p> {
    pub(crate) arn: &'p Arn,
    /// Begins with a slash, and is encoded.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl<'p> Post<'p> {
    /// An operation in AWS JSON 1.0.
    pub(crate) fn json(arn: &'p Arn, target: &str, body: &Value) -> Self {
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)];
        Self {
            arn,
            path: "/".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: body.to_string(),
        }
    }
}

/// Sends it. `done` are error codes that mean that an earlier attempt has done it.
pub(crate) async fn send(outside: &Outside, post: Post<'_>, done: &[&str]) -> CallOutcome {
    let arn = post.arn;
    // PutTargets refuses these; a target may be older than that.
    if !arn.is_of_aws() {
        let message = format!("{arn} cannot be called: its partition, region or account is none of AWS's.");
        return failed("INVALID_PARAMETER", message, Retry::Never);
    }
    let Some(credentials) = outside.aws.credentials() else {
        let message = format!(
            "{arn} is in another account or region, and Trunkline has no credentials for AWS: start it with AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where they are temporary."
        );
        return failed("NO_PERMISSIONS", message, Retry::Never);
    };
    let (request, signature) = match signed(outside, post, credentials) {
        Ok(signed) => signed,
        Err(failure) => return no_answer(arn, &failure),
    };
    let token = credentials.session_token.as_ref().map(Secret::reveal);
    let secrets: Vec<&str> =
        [credentials.secret_access_key.reveal(), &signature].into_iter().chain(token).collect();
    match outside.client.send(request, EXCHANGE_TIME_MAX).await {
        Ok(answer) => judge(arn, &answer, done, &secrets),
        Err(failure) => no_answer(arn, &failure),
    }
}

/// The request, and the signature in it.
fn signed(
    outside: &Outside,
    post: Post<'_>,
    credentials: &Credentials,
) -> Result<(Request, String), Failure> {
    let Post { arn, path, mut headers, body } = post;
    let endpoint = outside.aws.endpoint(arn);
    let path = endpoint.prefix + &path;
    let host = endpoint.host.as_str();
    let unsigned = Unsigned { method: "POST", host, path: &path, headers: &headers, body: body.as_bytes() };
    let added = sigv4::sign(&unsigned, credentials, (&arn.region, &arn.service), (outside.now)());
    let signature = added.iter().find_map(|(_, value)| Some(value.split_once("Signature=")?.1.to_owned()));
    headers.extend(added);
    let mut request = Request::new("POST", &format!("{}{path}", endpoint.origin))?.keep(ANSWER_BYTES_MAX);
    for (name, value) in &headers {
        request = request.header(name, value)?;
    }
    Ok((request.body(body), signature.unwrap_or_default()))
}

fn no_answer(arn: &Arn, failure: &Failure) -> CallOutcome {
    let (code, retry) = match failure.kind {
        FailureKind::Invalid => ("INVALID_PARAMETER", Retry::Never),
        FailureKind::Refused => ("NO_PERMISSIONS", Retry::Never),
        FailureKind::Timeout => (CUT_OFF, Retry::ByPolicy),
        FailureKind::Unresolved | FailureKind::Connect | FailureKind::Tls | FailureKind::Cut => {
            ("SDK_CLIENT_ERROR", Retry::ByPolicy)
        }
    };
    failed(code, format!("{arn} could not be called: {}.", failure.text), retry)
}

/// What an answer means, told without the secrets: AWS's words about a wrong signature repeat the request that was signed,
/// session token included.
fn judge(arn: &Arn, answer: &http_client::Response, done: &[&str], secrets: &[&str]) -> CallOutcome {
    let without_secrets = |text: &str| hidden(text, secrets.iter().copied());
    let shown = without_secrets(&String::from_utf8_lossy(&answer.body));
    let shown = TargetResponse::new(answer.status, shown.as_bytes());
    let name = error_name(answer);
    if answer.is_success() || done.contains(&name.as_str()) {
        return CallOutcome::Ended { outcome: Outcome::Delivered, answer: Some(shown) };
    }
    let (code, retry) = class(answer.status, &name);
    let (name, words) = (without_secrets(&name), without_secrets(&words(answer)));
    let message = format!("{arn} answered {} {}: {}", answer.status, head(&name), head(&words));
    let outcome = Outcome::Failed { code: code.to_owned(), message, retry };
    CallOutcome::Ended { outcome, answer: Some(shown) }
}

/// The user guide's code for an error of AWS's, and whether trying again may mend it.
fn class(status: u16, name: &str) -> (&'static str, Retry) {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match status {
        500.. => ("INTERNAL_ERROR", Retry::ByPolicy),
        // Expired credentials, and a clock that is wrong, are mended by whoever runs this.
        _ if has(&["Expired", "RequestTimeTooSkewed"]) => ("NO_PERMISSIONS", Retry::ByPolicy),
        429 => ("THROTTLING", Retry::ByPolicy),
        _ if has(&["Throttl", "TooManyRequests", "SlowDown", "OverLimit"]) => ("THROTTLING", Retry::ByPolicy),
        _ if has(&["LimitExceeded"]) => ("RESOURCE_LIMIT_EXCEEDED", Retry::ByPolicy),
        _ if has(&["NotFound", "DoesNotExist", "NonExistent"]) => ("NO_RESOURCE", Retry::Never),
        404 => ("NO_RESOURCE", Retry::Never),
        401 | 403 => ("NO_PERMISSIONS", Retry::Never),
        _ if has(&["AccessDenied", "UnrecognizedClient", "Signature", "InvalidClientTokenId"]) => {
            ("NO_PERMISSIONS", Retry::Never)
        }
        _ => ("INVALID_PARAMETER", Retry::Never),
    }
}

/// The error's name without its namespace: of the header, or of the body's `__type`.
fn error_name(answer: &http_client::Response) -> String {
    let in_body = || Some(json_of(answer)?.get("__type")?.as_str()?.to_owned());
    let name = answer.header("x-amzn-errortype").map(str::to_owned).or_else(in_body).unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().to_owned()
}

/// The service's own words.
fn words(answer: &http_client::Response) -> String {
    let json = json_of(answer).unwrap_or_default();
    let message = json.get("message").or_else(|| json.get("Message")).and_then(Value::as_str);
    message.unwrap_or("no words").to_owned()
}

/// The first bytes of a text, up to the end of a character.
fn head(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= WORDS_BYTES_MAX).last().unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

fn json_of(answer: &http_client::Response) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok()
}

#[cfg(test)]
mod tests {
    use events::Retry::{ByPolicy, Never};

    use super::class;

    #[test]
    fn errors_are_told_apart() {
        // Names: the services' models in botocore, and "Common errors" of the API references.
        let cases = [
            (500, "ServiceException", "INTERNAL_ERROR", ByPolicy),
            (503, "", "INTERNAL_ERROR", ByPolicy),
            (429, "TooManyRequestsException", "THROTTLING", ByPolicy),
            (400, "ThrottlingException", "THROTTLING", ByPolicy),
            (403, "ExpiredTokenException", "NO_PERMISSIONS", ByPolicy),
            (403, "AccessDeniedException", "NO_PERMISSIONS", Never),
            (403, "InvalidClientTokenId", "NO_PERMISSIONS", Never),
            (400, "UnrecognizedClientException", "NO_PERMISSIONS", Never),
            (400, "QueueDoesNotExist", "NO_RESOURCE", Never),
            (404, "ResourceNotFoundException", "NO_RESOURCE", Never),
            (400, "StateMachineDoesNotExist", "NO_RESOURCE", Never),
            (400, "ExecutionLimitExceeded", "RESOURCE_LIMIT_EXCEEDED", ByPolicy),
            (413, "RequestTooLargeException", "INVALID_PARAMETER", Never),
            (400, "InvalidMessageContents", "INVALID_PARAMETER", Never),
        ];
        for (status, name, code, retry) in cases {
            assert_eq!(class(status, name), (code, retry), "{status} {name}");
        }
    }
}
