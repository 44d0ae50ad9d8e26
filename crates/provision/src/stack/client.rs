//! CloudFormation, called: signed requests, answers in XML, another try where it says "later".

use std::time::Duration;

use aws::Timestamp;
use aws::api::CLOUDFORMATION;
use aws_client::access::Unsignable;
use aws_client::{Access, AwsError, Endpoint, ServiceRequest};
use http_client::{Client, Failure, FailureKind, Guard, Response, Settings};

use crate::stack::answer::Answer;
use crate::stack::error::StackError;
use crate::stack::form::Form;

/// Maximum time an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Maximum size of an answer: a page of changes with their property values.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// How long is waited between two looks, and between two tries.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Before the second look; each wait is half as long again.
    pub first: Duration,
    /// No wait between looks is longer.
    pub longest: Duration,
    /// Before the second try of something that was throttled; each wait is twice as long.
    pub retry: Duration,
    /// Tries of one request, the first included.
    pub tries: u32,
}

impl Default for Pace {
    /// CloudFormation throttles DescribeStackEvents at a few calls a second and account; its own tools look every few seconds.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(300),
            longest: Duration::from_secs(4),
            retry: Duration::from_millis(500),
            tries: 8,
        }
    }
}

/// No wait between tries is longer.
const RETRY_MAX: Duration = Duration::from_secs(20);

impl Pace {
    /// The wait after so many looks.
    pub fn look(&self, looks: u32) -> Duration {
        let factor = 1.5_f64.powi(i32::try_from(looks.min(24)).unwrap_or(24));
        self.first.mul_f64(factor).min(self.longest)
    }

    fn again(&self, tries: u32) -> Duration {
        self.retry.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1).min(8))).min(RETRY_MAX)
    }
}

/// The service in one region, and who calls it.
#[derive(Clone, Debug)]
pub struct CloudFormation {
    access: Access,
    http: Client,
    endpoint: Endpoint,
    region: String,
    now: fn() -> Timestamp,
    pub(crate) pace: Pace,
}

impl CloudFormation {
    /// At an endpoint; nothing is sent yet.
    ///
    /// # Errors
    /// A sentence where TLS cannot be set up.
    pub fn new(
        access: Access,
        endpoint: Endpoint,
        region: impl Into<String>,
        now: fn() -> Timestamp,
    ) -> Result<Self, String> {
        let region = region.into();
        let is_official = endpoint == Endpoint::official(CLOUDFORMATION.scope, &region);
        // Whoever names an endpoint wants it reached, wherever it is.
        let allowed = if is_official { None } else { endpoint.allowed() };
        let guard = Guard::new(allowed.into_iter().collect());
        let http = Client::new(Settings { guard, own_authorities: Vec::new() })?;
        Ok(Self { access, http, endpoint, region, now, pace: Pace::default() })
    }

    /// The same, at another pace.
    #[must_use]
    pub fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Waits before a look, after so many looks.
    pub async fn pause(&self, looks: u32) {
        tokio::time::sleep(self.pace.look(looks)).await;
    }

    /// Asks one operation; where it is throttled or nothing answers, again and again with longer waits.
    ///
    /// # Errors
    /// What CloudFormation answered at last.
    pub(crate) async fn call(&self, form: &Form) -> Result<Answer, StackError> {
        let mut tries = 0;
        loop {
            let outcome = self.once(form).await;
            tries += 1;
            match outcome {
                Err(error) if error.may_pass && tries < self.pace.tries => {
                    tokio::time::sleep(self.pace.again(tries)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn once(&self, form: &Form) -> Result<Answer, StackError> {
        let request = ServiceRequest {
            service: CLOUDFORMATION.scope,
            region: &self.region,
            endpoint: Some(&self.endpoint),
            method: "POST",
            path: "/".to_owned(),
            headers: vec![(
                "content-type".to_owned(),
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            )],
            body: form.body(),
        };
        self.sent(form.action(), request).await
    }

    /// The endpoint, where it is not AWS's own.
    pub(crate) fn own_endpoint(&self) -> Option<&Endpoint> {
        Some(&self.endpoint)
            .filter(|endpoint| **endpoint != Endpoint::official(CLOUDFORMATION.scope, &self.region))
    }

    /// Sends a request, once.
    ///
    /// # Errors
    /// What was answered, or why nothing was.
    pub(crate) async fn sent(&self, action: &str, request: ServiceRequest<'_>) -> Result<Answer, StackError> {
        let signed =
            self.access.request(request, (self.now)()).await.map_err(|error| unsignable(action, error))?;
        let answer = self.http.send(signed.request.keep(ANSWER_BYTES_MAX), DEADLINE).await;
        let answer = answer.map_err(|failure| self.unreachable(action, &failure))?;
        if answer.is_success() && !answer.is_cut {
            return Ok(Answer { text: text(&answer) });
        }
        let mut error = StackError::of_answer(action, answer.status, AwsError::of(&answer));
        for secret in &signed.secrets {
            error.message = error.message.replace(secret.reveal(), "(secret)");
        }
        Err(error)
    }

    fn unreachable(&self, action: &str, failure: &Failure) -> StackError {
        let advice = match failure.kind {
            FailureKind::Unresolved => {
                format!("; is {} a region of AWS's (--region), and is this machine online?", self.region)
            }
            _ => String::new(),
        };
        StackError {
            action: action.to_owned(),
            code: "Unreachable".to_owned(),
            message: format!("no answer from {}: {failure}{advice}", self.endpoint.origin),
            status: 0,
            may_pass: matches!(failure.kind, FailureKind::Timeout | FailureKind::Cut),
        }
    }
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn unsignable(action: &str, error: Unsignable) -> StackError {
    let (code, message) = match error {
        Unsignable::NoCredentials(told) => ("NoCredentials", told.to_string()),
        Unsignable::Request(failure) => ("Unreachable", failure.to_string()),
    };
    let action = if code == "NoCredentials" { String::new() } else { action.to_owned() };
    StackError { action, code: code.to_owned(), message, ..StackError::default() }
}
