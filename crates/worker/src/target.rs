//! Whom a worker calls: an HTTP address, a function, a state machine, a queue. Each call is told its key, so that a target can see that
//! it is the same again, and its permit with the fence, so that it can refuse one that came late.

use std::time::Duration;

use aws::api::lambda::INVOKE;
use aws::api::{LAMBDA, SQS, STATES};
use aws::encoding::hex;
use aws::secret::Secret;
use aws_client::{AwsError, ServiceRequest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use delivery::judgement::{self, Judgement};
use events::Retry;
use http_client::{Client, Failure, Request};
use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::clock::{pause, tick, wall};
use crate::fault::Fault;
use crate::gate::Ticket;
use crate::remote::Remote;

/// How much of an answer is read, in bytes: a function's error is told from it.
const ANSWER_BYTES_MAX: usize = 4 << 10;
/// Between two looks at an execution that is waited for, in ms.
const LOOK_MS: u64 = 500;

/// A header of requests to an address.
#[derive(Clone, Debug)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

/// A target that was found.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// POST to an address.
    Http { client: Client, url: String, headers: Vec<Header> },
    /// Invoke, and wait for the end.
    Function { name: String },
    /// StartExecution; where there is a limit, its end is waited for.
    StateMachine { arn: String, until: Until },
    /// SendMessage.
    Queue { url: String },
}

/// Until when an execution is somebody's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Started,
    Ended,
}

/// What is brought to a target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel<'p> {
    pub(crate) body: &'p str,
    /// The same for the same message, however often it comes.
    pub(crate) key: &'p str,
    pub(crate) ticket: Option<Ticket>,
    /// The call is over after that.
    pub(crate) time: Duration,
}

/// Why a target did not do it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The target wants to be left alone for so long, in seconds.
    pub(crate) wait_s: u64,
    /// Whether trying again may mend it.
    pub(crate) may_pass: bool,
}

impl Target {
    /// Calls it once; what it did, as a record keeps it.
    pub(crate) async fn call(&self, remote: &Remote, parcel: Parcel<'_>) -> Result<Value, Trouble> {
        match self {
            Self::Http { client, url, headers } => post(client, (url, headers), parcel).await,
            Self::Function { name } => invoke(remote, name, parcel).await,
            Self::StateMachine { arn, until } => execute(remote, (arn, *until), parcel).await,
            Self::Queue { url } => {
                let attributes =
                    json!({"idempotency-key": {"DataType": "String", "StringValue": parcel.key}});
                let message =
                    json!({"QueueUrl": url, "MessageBody": parcel.body, "MessageAttributes": attributes});
                let sent = remote.ask_within(&SQS, ("SendMessage", parcel.time), &message).await;
                sent.map(|answer| json!({"messageId": answer.get("MessageId")})).map_err(Trouble::of_aws)
            }
        }
    }
}

async fn post(
    client: &Client,
    (url, headers): (&str, &[Header]),
    parcel: Parcel<'_>,
) -> Result<Value, Trouble> {
    let request = || {
        let mut request = Request::new("POST", url)?
            .header("content-type", "application/json")?
            .header("idempotency-key", parcel.key)?;
        if let Some(ticket) = parcel.ticket {
            request = request
                .header("trunkline-permit", &ticket.permit.to_string())?
                .header("trunkline-fence", &ticket.fence.to_string())?;
        }
        for header in headers {
            request = request.header(&header.name, header.value.reveal())?;
        }
        Ok(request.body(parcel.body.to_owned()).keep(ANSWER_BYTES_MAX))
    };
    let answer = client.send(request().map_err(Trouble::of_failure)?, parcel.time).await;
    let answer = answer.map_err(Trouble::of_failure)?;
    if answer.is_success() {
        return Ok(json!({"status": answer.status}));
    }
    let judged = judgement::http_status(answer.status, answer.header("retry-after"), wall());
    Err(Trouble::judged(judged, format!("it answered with status {}", answer.status)))
}

async fn invoke(remote: &Remote, name: &str, parcel: Parcel<'_>) -> Result<Value, Trouble> {
    let mut custom = json!({"idempotencyKey": parcel.key});
    if let (Value::Object(custom), Some(ticket)) = (&mut custom, parcel.ticket) {
        custom.insert("permit".to_owned(), json!(ticket.permit));
        custom.insert("fence".to_owned(), json!(ticket.fence));
    }
    let context = BASE64_STANDARD.encode(json!({"custom": custom}).to_string());
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-amz-invocation-type", "RequestResponse".to_owned()),
        ("x-amz-client-context", context),
    ];
    let request = ServiceRequest {
        service: LAMBDA.scope,
        region: remote.region(),
        endpoint: None,
        method: INVOKE.method,
        path: INVOKE.path_of(|_| name.to_owned()),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        body: parcel.body.to_owned(),
    };
    let answer = remote.send(request, parcel.time).await.map_err(Trouble::of_aws)?;
    if !answer.is_success() {
        let AwsError { code, message } = AwsError::of(&answer);
        return Err(Trouble::of_aws(Fault { code, status: answer.status, message, item: None }));
    }
    match answer.header("x-amz-function-error") {
        None => Ok(json!({"status": answer.status})),
        Some(kind) => {
            let said = String::from_utf8_lossy(&answer.body);
            let said: String = said.chars().take(300).collect();
            Err(Trouble::passing("ERROR_FROM_TARGET", format!("the function failed ({kind}): {said}")))
        }
    }
}

/// The execution has the key's name, so that a second attempt finds the first one's instead of starting another.
async fn execute(remote: &Remote, (arn, until): (&str, Until), parcel: Parcel<'_>) -> Result<Value, Trouble> {
    let deadline = tick().plus(u64::try_from(parcel.time.as_millis()).unwrap_or(u64::MAX));
    let name = hex(&Md5::digest(parcel.key.as_bytes()));
    let execution = format!("{}:{name}", arn.replacen(":stateMachine:", ":execution:", 1));
    let start = json!({"stateMachineArn": arn, "name": name, "input": parcel.body});
    match remote.ask(&STATES, "StartExecution", &start).await {
        Ok(_) => {}
        Err(fault) if fault.code == "ExecutionAlreadyExists" => {}
        Err(fault) => return Err(Trouble::of_aws(fault)),
    }
    if until == Until::Started {
        return Ok(json!({"executionArn": execution}));
    }
    loop {
        let asked = remote.ask(&STATES, "DescribeExecution", &json!({"executionArn": execution})).await;
        let status = asked.as_ref().ok().and_then(|asked| asked.get("status")?.as_str());
        if let Some(status) = status.filter(|status| *status != "RUNNING") {
            // Whatever its end is, it is the execution's own: starting it again is for a person to decide.
            return Ok(json!({"executionArn": execution, "status": status}));
        }
        if tick().plus(LOOK_MS) > deadline {
            // It runs whether or not a look at it fails: until here its permit is its own.
            let late = || Trouble::passing(judgement::CUT_OFF, format!("{execution} has not ended in time"));
            return Err(asked.err().map_or_else(late, Trouble::of_aws));
        }
        pause(LOOK_MS).await;
    }
}

impl Trouble {
    fn passing(code: &'static str, message: String) -> Self {
        Self { code, message, wait_s: 0, may_pass: true }
    }

    fn judged(Judgement { code, retry }: Judgement, message: String) -> Self {
        let wait_s = match retry {
            Retry::NotBefore(until) => until.since(wall()).as_secs(),
            Retry::Never | Retry::ByPolicy | Retry::Held => 0,
        };
        Self { code, message, wait_s, may_pass: retry != Retry::Never }
    }

    fn of_failure(failure: Failure) -> Self {
        Self::judged(judgement::no_answer(failure.kind), failure.text)
    }

    fn of_aws(fault: Fault) -> Self {
        match fault.status {
            0 => Self::passing("SDK_CLIENT_ERROR", fault.message),
            status => Self::judged(judgement::aws_error(status, &fault.code), fault.to_string()),
        }
    }
}
