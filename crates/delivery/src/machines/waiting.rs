//! StartSyncExecution and TestState: the caller waits while the porter runs what it asks for.

use asl::step::test_state::{Answer, Configuration, Mock, Progress, Refusal, Request, begin};
use asl::{About, Status};
use aws::{Error, PorterCall, Response, Timestamp};
use serde_json::{Map, Value, json};
use states::express::ExpressRun;
use states::integration::Asker;
use store::Commit;

use crate::answer::{Answerer, Answering};
use crate::machines::express::{ExpressResult, Runs};

/// Answers for all accounts and regions: a call is answered by the one whose state machine it names.
#[derive(Clone, Debug)]
pub struct Waiters(pub Vec<Runs>);

impl Answerer for Waiters {
    fn operations(&self) -> &'static [&'static str] {
        &["StartSyncExecution", "TestState"]
    }

    fn answer(&self, call: PorterCall) -> Answering<'_> {
        Box::pin(async move {
            let here = self.0.iter().find(|runs| runs.states.home().holds(&call.target));
            let words = || format!("{} is not served here.", call.target);
            let runs = here.ok_or_else(|| Error::receiver("InternalFailure", 500, words()))?;
            let answer = match call.operation {
                "TestState" => runs.test_state(&call.request).await?,
                _ => runs.start_sync(&call.request).await?,
            };
            Ok(Response::whole(200, "application/x-amz-json-1.0", answer.to_string().into_bytes()))
        })
    }
}

fn internal(words: impl Into<String>) -> Error {
    Error::receiver("InternalFailure", 500, words)
}

impl Runs {
    async fn start_sync(&self, request: &[u8]) -> Result<Value, Error> {
        let run: ExpressRun = serde_json::from_slice(request).map_err(|error| internal(error.to_string()))?;
        let ended = self.run(&run).await.map_err(internal)?;
        let stopped = (self.clock().now)();
        if self.states.logs_express(&run) {
            self.log(&run, &ended).await?;
        }
        Ok(sync_answer(&run, &ended, stopped))
    }

    async fn log(&self, run: &ExpressRun, ended: &ExpressResult) -> Result<(), Error> {
        let (states, run, history) = (self.states.clone(), run.clone(), ended.history.clone());
        let (now, ids) = ((self.clock().now)(), (self.clock().ids)());
        let logged = self.states.store().write(
            |error| error,
            move |tx| {
                states.log_express(&mut Commit::new(tx, now, &ids), &run, &history);
                Ok(())
            },
        );
        logged.await.map_err(|error| internal(error.to_string()))
    }

    async fn test_state(&self, request: &[u8]) -> Result<Value, Error> {
        let request: Value = serde_json::from_slice(request).map_err(|error| internal(error.to_string()))?;
        let asked = TestStateRequest { request: &request, home: self.states.home() };
        // Expressions are strangers' code, bounded by steps; the request is small.
        let progress = tokio::task::block_in_place(|| begin(&asked.read()?)).map_err(refused)?;
        let answer = match progress {
            Progress::Done(answer) => *answer,
            Progress::Call(test) => {
                let about = asked.about();
                let asker = Asker { execution_arn: about.execution_arn, machine_arn: about.machine_arn };
                let outcome = self.task(test.call(), &asker).await;
                tokio::task::block_in_place(|| test.finish(outcome))
            }
        };
        Ok(shown(answer, asked.text("inspectionLevel")))
    }
}

fn refused(refusal: Refusal) -> Error {
    Error::sender(refusal.code, refusal.message)
}

/// What StartSyncExecution answers. Express executions are billed by 100 ms and 64 MB.
fn sync_answer(run: &ExpressRun, ended: &ExpressResult, stopped: Timestamp) -> Value {
    let execution = &ended.execution;
    let took = u64::try_from(stopped.since(run.started).as_millis()).unwrap_or(u64::MAX);
    let machine_arn = run.machine_arn.clone();
    let status = match execution.status {
        Status::Succeeded => "SUCCEEDED",
        Status::TimedOut => "TIMED_OUT",
        Status::Failed | Status::Aborted | Status::Running => "FAILED",
    };
    let mut answer = json!({
        "executionArn": run.arn,
        "stateMachineArn": machine_arn,
        "name": run.name,
        "startDate": run.started.to_unix_seconds_f64(),
        "stopDate": stopped.to_unix_seconds_f64(),
        "status": status,
        "input": run.input,
        "inputDetails": {"included": true},
        "billingDetails": {
            "billedMemoryUsedInMB": 64,
            "billedDurationInMilliseconds": took.div_ceil(100).max(1).saturating_mul(100),
        },
    });
    if let Some(members) = answer.as_object_mut() {
        if let Some(output) = &execution.output {
            members.insert("output".to_owned(), json!(output.to_string()));
            members.insert("outputDetails".to_owned(), json!({"included": true}));
        }
        members.extend(execution.error.as_ref().map(|error| ("error".to_owned(), json!(error))));
        members.extend(execution.cause.as_ref().map(|cause| ("cause".to_owned(), json!(cause))));
    }
    answer
}

fn shown(answer: Answer, level: Option<&str>) -> Value {
    let mut shown = Map::new();
    shown.insert("status".to_owned(), json!(answer.status.name()));
    let texts = [
        ("output", answer.output.map(|output| output.to_string())),
        ("error", answer.error),
        ("cause", answer.cause),
        ("nextState", answer.next_state),
    ];
    shown.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))));
    if matches!(level, Some("DEBUG" | "TRACE")) {
        shown.insert("inspectionData".to_owned(), Value::Object(answer.inspection));
    }
    Value::Object(shown)
}

/// A TestState request.
struct TestStateRequest<'a> {
    request: &'a Value,
    home: &'a aws::Scope,
}

impl<'a> TestStateRequest<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.request.get(name).and_then(Value::as_str)
    }

    fn number(&self, name: &str) -> u64 {
        self.request.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    fn about(&self) -> About {
        let id = self.text("trunklineId").unwrap_or_default();
        About {
            execution_arn: self.home.arn("states", format!("express:test:{id}")).to_string(),
            execution_name: id.to_owned(),
            role_arn: self.text("roleArn").unwrap_or_default().to_owned(),
            machine_arn: self.home.arn("states", "stateMachine:test").to_string(),
            machine_name: "test".to_owned(),
            ..About::default()
        }
    }

    fn read(&self) -> Result<Request<'a>, Refusal> {
        let definition = self.text("definition").ok_or_else(|| Refusal {
            code: "ValidationException",
            message: "1 validation error detected: Value null at 'definition' failed to satisfy constraint: Member must not be null".to_owned(),
        })?;
        Ok(Request {
            definition,
            state_name: self.text("stateName"),
            input: self.text("input"),
            variables: self.text("variables"),
            context: self.text("context"),
            reveal_secrets: self.request.get("revealSecrets") == Some(&Value::Bool(true)),
            mock: self.request.get("mock").map(Mock::of_request),
            configuration: self
                .request
                .get("stateConfiguration")
                .map(Configuration::of_request)
                .unwrap_or_default(),
            about: self.about(),
            now_ms: self.number("trunklineNow"),
            seed: self.number("trunklineSeed"),
        })
    }
}
