//! Calls functions whose caller waits: an Invoke becomes an invocation in an environment of the runner.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws::{Clock, Error, PorterCall, Response, ResponseBody};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lambda::name::FunctionName;
use lambda::owed::NewInvocation;
use lambda::{Code, Functions, InvocationType, InvokeRequest, StreamForm, Target, limits};
use queue::Arrival;
use runner::function::LogFormat;
use runner::{CodeStore, Failure, Function, Invocation, Outcome, Runner, Runtime};
use tokio::sync::{Notify, mpsc};

use crate::answer::{Answerer, Answering};
use crate::response_stream::{self, Answer, Manner, PARTS_WAITING_MAX, Running};

/// Calls the functions of one account and region. Clones share the count of what runs.
#[derive(Clone, Debug)]
pub struct Invoker {
    functions: Functions,
    runner: Runner,
    code: CodeStore,
    clock: Clock,
    /// How many invocations of each function run, all versions together.
    running: Arc<Mutex<HashMap<String, u64>>>,
    /// Rings when a place has become free.
    freed: Arc<Notify>,
}

/// Those of all accounts and regions: an Invoke is answered by the one whose function it calls.
#[derive(Clone, Debug)]
pub struct Invokers(pub Vec<Invoker>);

/// What came of a call.
#[derive(Debug)]
pub(crate) enum CallResult {
    Ended(Outcome),
    /// It was not called: its places are taken. AWS's reason.
    Throttled(&'static str),
}

/// A place among a function's invocations at a time.
#[derive(Debug)]
pub(crate) struct Permit {
    running: Arc<Mutex<HashMap<String, u64>>>,
    freed: Arc<Notify>,
    name: String,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.name);
            }
        }
        self.freed.notify_waiters();
    }
}

impl Answerer for Invokers {
    fn operations(&self) -> &'static [&'static str] {
        &["Invoke", "InvokeWithResponseStream"]
    }

    fn answer(&self, call: PorterCall) -> Answering<'_> {
        Box::pin(async move {
            let here = |invoker: &&Invoker| invoker.functions.store().scope().holds(&call.target);
            let words = || format!("The function {} is not served here.", call.target);
            let invoker = self.0.iter().find(here);
            let invoker = invoker.ok_or_else(|| Error::receiver("ServiceException", 500, words()))?;
            let request: InvokeRequest = serde_json::from_slice(&call.request)
                .map_err(|error| Error::receiver("ServiceException", 500, error.to_string()))?;
            invoker.answer(request, call.payload).await
        })
    }
}

impl Invoker {
    /// Calls the functions of `functions`, whose zips are in `code`.
    pub fn new(functions: Functions, runner: Runner, code: CodeStore, clock: Clock) -> Self {
        Self { functions, runner, code, clock, running: Arc::default(), freed: Arc::default() }
    }

    pub(crate) const fn functions(&self) -> &Functions {
        &self.functions
    }

    async fn answer(&self, request: InvokeRequest, payload: Vec<u8>) -> Result<Response, Error> {
        let name = FunctionName { name: request.name.clone(), qualifier: Some(request.version.clone()) };
        match request.invocation {
            InvocationType::DryRun => return Ok(empty(204)),
            InvocationType::Event => return self.owe(request, payload).await,
            InvocationType::RequestResponse => {}
        }
        if let Some(form) = request.stream {
            return self.answer_in_parts(request, payload, form).await;
        }
        let invocation = Invocation {
            request_id: request.request_id,
            payload: Bytes::from(payload),
            invoked_arn: request.invoked_arn,
            client_context: request.client_context,
            trace_id: None,
            stream: None,
        };
        let target = self.functions.target(&name, 0)?;
        let outcome = match self.call(&target, invocation).await? {
            CallResult::Ended(outcome) => outcome,
            CallResult::Throttled(reason) => return Ok(throttled(reason)),
        };
        let mut response = response(&outcome, request.version);
        if request.wants_log {
            response.headers.push(("x-amz-log-result", STANDARD.encode(&outcome.log_tail)));
        }
        Ok(response)
    }

    /// Calls a version whose answer may come in parts.
    async fn answer_in_parts(
        &self,
        request: InvokeRequest,
        payload: Vec<u8>,
        form: StreamForm,
    ) -> Result<Response, Error> {
        let name = FunctionName { name: request.name.clone(), qualifier: Some(request.version.clone()) };
        let target = self.functions.target(&name, 0)?;
        let permit = match self.permit(&target) {
            Ok(permit) => permit,
            Err(reason) => return Ok(throttled(reason)),
        };
        let (sender, parts) = mpsc::channel(PARTS_WAITING_MAX);
        let invocation = Invocation {
            request_id: request.request_id,
            payload: Bytes::from(payload),
            invoked_arn: request.invoked_arn,
            client_context: request.client_context,
            trace_id: None,
            stream: Some(sender),
        };
        let invoker = self.clone();
        let ending = tokio::spawn(async move { invoker.call_with(permit, &target, invocation).await });
        let (version, wants_log) = (request.version, request.wants_log);
        let manner = Manner { form, version: version.clone(), wants_log };
        match response_stream::response(Running::new(parts, ending), manner).await? {
            Answer::Streamed(response) => Ok(response),
            Answer::Whole(outcome) => Ok(response(&outcome, version)),
        }
    }

    /// Owes an asynchronous invocation; answered after the sync (contract C1).
    async fn owe(&self, request: InvokeRequest, payload: Vec<u8>) -> Result<Response, Error> {
        let payload = if payload.is_empty() { b"{}".to_vec() } else { payload };
        let payload = String::from_utf8(payload)
            .map_err(|_| Error::sender("InvalidRequestContentException", "The payload is not UTF-8."))?;
        let new = NewInvocation {
            id: request.request_id,
            name: FunctionName { name: request.name, qualifier: request.qualifier },
            payload,
            client_context: request.client_context,
            trace_header: None,
        };
        self.functions.owe_now(new, (self.clock.now)(), (self.clock.ids)()).await?;
        Ok(empty(202))
    }

    /// Calls a version, if it has a place.
    pub(crate) async fn call(&self, target: &Target, invocation: Invocation) -> Result<CallResult, Error> {
        match self.permit(target) {
            Ok(permit) => self.call_with(permit, target, invocation).await.map(CallResult::Ended),
            Err(reason) => Ok(CallResult::Throttled(reason)),
        }
    }

    /// Calls a version that has its place.
    pub(crate) async fn call_with(
        &self,
        permit: Permit,
        target: &Target,
        invocation: Invocation,
    ) -> Result<Outcome, Error> {
        let function = Arc::new(self.function(target).await?);
        let runner = self.runner.clone();
        // The invocation goes on when nobody waits for it any more, and so does its place.
        let running = tokio::spawn(async move {
            let outcome = runner.invoke(function, invocation).await;
            drop(permit);
            outcome
        });
        let ended = running.await.unwrap_or(Err(Failure::Ending));
        ended.map_err(|failure| not_run(&failure))
    }

    /// Completes when a place has become free after it was asked for.
    pub(crate) fn freed(&self) -> Arrival {
        let mut freed = Box::pin(Arc::clone(&self.freed).notified_owned());
        freed.as_mut().enable();
        freed
    }

    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// A place for an invocation, or AWS's reason why there is none.
    pub(crate) fn permit(&self, target: &Target) -> Result<Permit, &'static str> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u64 = running.values().sum();
        let own = running.get(&target.name).copied().unwrap_or_default();
        match target.reserved {
            Some(reserved) if own >= reserved => {
                return Err("ReservedFunctionConcurrentInvocationLimitExceeded");
            }
            None if all >= limits::CONCURRENCY => return Err("ConcurrentInvocationLimitExceeded"),
            _ => {}
        }
        *running.entry(target.name.clone()).or_default() += 1;
        let (running, freed) = (Arc::clone(&self.running), Arc::clone(&self.freed));
        Ok(Permit { running, freed, name: target.name.clone() })
    }

    /// The folder of a kept zip.
    async fn folder(&self, digest: &str) -> Result<PathBuf, Error> {
        let (code, digest) = (self.code.clone(), digest.to_owned());
        let folder = tokio::task::spawn_blocking(move || code.folder(&digest)).await;
        let folder = folder.map_err(|error| error.to_string());
        let folder = folder.and_then(|folder| folder.map_err(|error| error.to_string()));
        folder.map_err(|words| Error::receiver("ServiceException", 500, words))
    }

    /// A version as the runner wants it, its zips unpacked.
    async fn function(&self, target: &Target) -> Result<Function, Error> {
        let configuration = &target.configuration;
        let words = format!("The runtime {} is not one that is run here.", configuration.runtime);
        let runtime = Runtime::parse(&configuration.runtime)
            .ok_or_else(|| Error::receiver("InvalidRuntimeException", 502, words))?;
        let code = match &configuration.code {
            Code::Folder(folder) => runner::function::Code::Live(PathBuf::from(folder)),
            Code::Zip { digest, .. } => runner::function::Code::Fixed(self.folder(digest).await?),
        };
        let mut layers = Vec::with_capacity(target.layers.len());
        for digest in &target.layers {
            layers.push(self.folder(digest).await?);
        }
        let is_json = configuration.log_format == "JSON";
        let group = configuration.log_group.clone();
        Ok(Function {
            name: target.name.clone(),
            version: target.version.clone(),
            arn: target.version_arn.to_string(),
            runtime,
            handler: configuration.handler.clone(),
            memory_mb: u32::try_from(configuration.memory_mb).unwrap_or(u32::MAX),
            timeout: Duration::from_secs(configuration.timeout_seconds),
            variables: configuration.variables.clone(),
            code,
            layers,
            log_group: group.unwrap_or_else(|| format!("/aws/lambda/{}", target.name)),
            log_format: if is_json { LogFormat::Json } else { LogFormat::Text },
            log_level: configuration.application_log_level.clone(),
        })
    }
}

/// The answer of an invocation that took place.
fn response(outcome: &Outcome, version: String) -> Response {
    let mut headers =
        vec![("content-type", "application/json".to_owned()), ("x-amz-executed-version", version)];
    if let Some(error) = outcome.function_error() {
        headers.push(("x-amz-function-error", error.to_owned()));
    }
    Response { status: 200, headers, body: ResponseBody::Whole(outcome.payload.to_vec()) }
}

fn empty(status: u16) -> Response {
    Response { status, headers: Vec::new(), body: ResponseBody::Whole(Vec::new()) }
}

/// 429 with the members that SDKs read.
fn throttled(reason: &str) -> Response {
    let body = serde_json::json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."});
    let mut response = Response::whole(429, "application/json", body.to_string().into_bytes());
    response.headers.push(("x-amzn-errortype", "TooManyRequestsException".to_owned()));
    response.headers.push(("retry-after", "1".to_owned()));
    response
}

fn not_run(failure: &Failure) -> Error {
    let code = match failure {
        Failure::MissingInterpreter(_) => "InvalidRuntimeException",
        Failure::CannotStart(_) | Failure::Ending => "ServiceException",
    };
    Error::receiver(code, 502, failure.to_string())
}
