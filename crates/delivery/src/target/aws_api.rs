//! A call of a real AWS service: signed, sent, its answer judged.
//!
//! A resource of another account or region than this Trunkline's own is AWS's. What retrying cannot mend (user guide, "Using
//! dead-letter queues": missing permissions, a resource that does not exist, a request that is refused) goes to the
//! dead-letter queue at once; throttling, expired credentials and AWS's own failures are tried again.

use std::time::Duration;

use aws::Arn;
use aws::secret::Secret;
use aws_client::access::Unsignable;
use aws_client::{AwsError, ServiceRequest, SignedRequest};
use events::{Outcome, Retry, TargetResponse};
use http_client::Failure;

use crate::hidden::hidden;
use crate::judgement::{self, Judgement};
use crate::target::{CallOutcome, Outside, failed};

/// No exchange lasts longer; the porter cuts a call off sooner ([`events::DueDelivery::call_until`]).
const EXCHANGE_TIME_MAX: Duration = Duration::from_secs(60);
/// What is looked at of an answer, in bytes: more than is kept, so that a secret in it is found whole.
const ANSWER_BYTES_MAX: usize = 16 << 10;
/// What is told of AWS's own words, in bytes: the rest is in the answer that is kept.
const WORDS_BYTES_MAX: usize = 300;

/// A request to the service of a resource.
pub(crate) struct ResourceCall<'c> {
    pub(crate) arn: &'c Arn,
    pub(crate) request: ServiceRequest<'c>,
}

/// Calls the service of a resource. `done` are error codes that mean that an earlier attempt has done it.
pub(crate) async fn send(outside: &Outside, call: ResourceCall<'_>, done: &[&str]) -> CallOutcome {
    let ResourceCall { arn, request } = call;
    // PutTargets refuses these; a target may be older than that.
    if !arn.is_of_aws() {
        let message = format!("{arn} cannot be called: its partition, region or account is none of AWS's.");
        return failed("INVALID_PARAMETER", message, Retry::Never);
    }
    let SignedRequest { request, secrets } = match outside.aws.request(request, (outside.now)()).await {
        Ok(signed) => signed,
        Err(Unsignable::Request(failure)) => return no_answer(arn, &failure),
        Err(Unsignable::NoCredentials(told)) => {
            let retry = if told.may_pass { Retry::ByPolicy } else { Retry::Held };
            return failed("NO_PERMISSIONS", format!("{arn} cannot be called: {told}."), retry);
        }
    };
    let secrets: Vec<&str> = secrets.iter().map(Secret::reveal).collect();
    match outside.client.send(request.keep(ANSWER_BYTES_MAX), EXCHANGE_TIME_MAX).await {
        Ok(answer) => judge(arn, &answer, done, &secrets),
        Err(failure) => no_answer(arn, &failure),
    }
}

fn no_answer(arn: &Arn, failure: &Failure) -> CallOutcome {
    let Judgement { code, retry } = judgement::no_answer(failure.kind);
    failed(code, format!("{arn} could not be called: {}.", failure.text), retry)
}

/// What an answer means, told without the secrets: AWS's words about a wrong signature repeat the request that was signed,
/// session token included.
fn judge(arn: &Arn, answer: &http_client::Response, done: &[&str], secrets: &[&str]) -> CallOutcome {
    let without_secrets = |text: &str| hidden(text, secrets.iter().copied());
    let shown = without_secrets(&String::from_utf8_lossy(&answer.body));
    let shown = TargetResponse::new(answer.status, shown.as_bytes());
    let AwsError { code: name, message: words } = AwsError::of(answer);
    if answer.is_success() || done.contains(&name.as_str()) {
        return CallOutcome::Ended { outcome: Outcome::Delivered, answer: Some(shown) };
    }
    let Judgement { code, retry } = judgement::aws_error(answer.status, &name);
    let (name, words) = (without_secrets(&name), without_secrets(&words));
    let said = if words.is_empty() { "no words" } else { &words };
    let message = format!("{arn} answered {} {}: {}", answer.status, head(&name), head(said));
    let outcome = Outcome::Failed { code: code.to_owned(), message, retry };
    CallOutcome::Ended { outcome, answer: Some(shown) }
}

/// The first bytes of a text, up to the end of a character.
fn head(text: &str) -> &str {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| *end <= WORDS_BYTES_MAX).last().unwrap_or_default();
    text.get(..end).unwrap_or_default()
}
