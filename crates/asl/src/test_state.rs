//! TestState: one state of a definition, tried with an input, its work mocked.
//!
//! The state is put alone into a machine and walked by [`step`]; what it leads to are
//! stubs. So TestState and executions cannot disagree.

mod inspection;
mod refusals;
mod shapes;
mod stage;

use serde_json::{Map, Value, json};

use crate::definition::Kind;
use crate::execution::{About, Execution, TaskError};
use crate::history::Status;
use crate::step::{Effects, Event, TaskCall, What, step};
use crate::test_state::stage::Stage;

/// A TestState request.
#[derive(Clone, Debug)]
pub struct TestRequest<'a> {
    /// The request as the API has it: `definition`, `input`, `mock`, `context`, `variables`, `stateName` and so on.
    pub parameters: &'a Value,
    /// The execution that the state believes to be in; AWS shows an Express one. Its input is the request's.
    pub about: About,
    /// In milliseconds since 1970.
    pub now_ms: u64,
    /// Where random numbers start.
    pub seed: u64,
}

/// What TestState comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum TestAnswer {
    /// The API's answer.
    Done(Value),
    /// A Task without a mock: make the call and ask again, with its result or its error as the mock.
    Call(Box<TaskCall>),
}

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRefusal {
    /// `ValidationException`, `InvalidDefinition`.
    pub code: &'static str,
    /// AWS's words where they are known.
    pub message: String,
}

impl TestRefusal {
    fn validation(message: impl Into<String>) -> Self {
        Self { code: "ValidationException", message: message.into() }
    }
}

/// What stands in for a state's work.
#[derive(Clone, Debug)]
enum Mock {
    Result(Value),
    Error(TaskError),
}

/// Tries a state.
///
/// # Errors
/// What AWS refuses of the request.
pub fn test_state(request: &TestRequest<'_>) -> Result<TestAnswer, TestRefusal> {
    let parameters = request.parameters;
    let mock = refusals::mock(parameters)?;
    let context = refusals::context(parameters)?;
    let variables = refusals::object(parameters, "variables")?.unwrap_or_default();
    let stage = Stage::set(parameters, mock.as_ref())?;
    refusals::about_state(&stage, parameters, mock.as_ref())?;
    let input = match parameters.get("input").and_then(Value::as_str) {
        None => json!({}),
        Some(text) => crate::json::parse(text).map_err(|error| TestRefusal::validation(error.message))?,
    };
    let mut trial = Trial::new(request, &stage, &Given { input, variables, context });
    let Some(()) = trial.run(mock.as_ref(), retries(parameters)) else {
        let call =
            trial.call.ok_or_else(|| TestRefusal::validation("A mock must be given to test this state"))?;
        return Ok(TestAnswer::Call(Box::new(call)));
    };
    let mut answer = trial.answer();
    if parameters.get("inspectionLevel").and_then(Value::as_str).is_some_and(|level| level != "INFO") {
        answer.insert("inspectionData".to_owned(), Value::Object(inspection::data(&trial, mock.as_ref())));
    }
    Ok(TestAnswer::Done(Value::Object(answer)))
}

/// `retrierRetryCount`: how often the error has been retried already.
fn retries(parameters: &Value) -> u64 {
    let configured = parameters.get("stateConfiguration").and_then(|given| given.get("retrierRetryCount"));
    configured.and_then(Value::as_u64).unwrap_or_default()
}

/// What a state is given.
#[derive(Debug)]
struct Given {
    input: Value,
    variables: Map<String, Value>,
    /// As the request has it; it is the whole context object then.
    context: Option<Value>,
}

/// A state on trial.
#[derive(Debug)]
struct Trial<'a> {
    stage: &'a Stage,
    execution: Execution,
    now_ms: u64,
    seed: u64,
    context: Value,
    input: Value,
    variables: Map<String, Value>,
    /// What has happened, step by step.
    history: Vec<crate::HistoryEvent>,
    call: Option<TaskCall>,
    timer: Option<crate::step::Timer>,
    order: Option<crate::map_run::MapRunOrder>,
    /// The error of the state's work, mocked.
    error: Option<TaskError>,
}

impl<'a> Trial<'a> {
    fn new(request: &TestRequest<'_>, stage: &'a Stage, given: &Given) -> Self {
        let about = About { input: given.input.clone(), block: 0, ..request.about.clone() };
        let context = given.context.clone().unwrap_or_else(|| {
            let time = crate::history::time_text(request.now_ms);
            let role = Some(about.role_arn.as_str()).filter(|role| !role.is_empty());
            let mut state = json!({"Name": "StateName", "EnteredTime": time});
            if let Value::Object(state) = &mut state
                && stage.state().guard().is_some()
            {
                state.insert("RetryCount".to_owned(), json!(retries(request.parameters)));
            }
            json!({
                "Execution": {
                    "Id": about.execution_arn,
                    "Input": about.input,
                    "StartTime": time,
                    "Name": about.execution_name,
                    "RoleArn": role,
                },
                "StateMachine": {"Id": about.machine_arn, "Name": about.machine_name},
                "State": state,
            })
        });
        let mut execution = Execution::new(about);
        execution.mocked =
            Some(crate::execution::Mocked { context: context.clone(), variables: given.variables.clone() });
        Self {
            stage,
            execution,
            now_ms: request.now_ms,
            seed: request.seed,
            context,
            input: given.input.clone(),
            variables: given.variables.clone(),
            history: Vec::new(),
            call: None,
            timer: None,
            order: None,
            error: None,
        }
    }

    fn take(&mut self, what: What) {
        self.seed = self.seed.wrapping_add(1);
        let event = Event { now_ms: self.now_ms, seed: self.seed, what };
        let Effects { history, timers, tasks, map_runs, .. } =
            step(&self.stage.machine, &mut self.execution, event);
        self.history.extend(history);
        self.timer = timers.last().copied().or(self.timer);
        self.call = tasks.into_iter().next_back().or(self.call.take());
        self.order = map_runs.into_iter().next_back().or(self.order.take());
    }

    /// None: a task waits to be called.
    fn run(&mut self, mock: Option<&Mock>, retries: u64) -> Option<()> {
        self.take(What::Start);
        for round in 0..=retries {
            self.work(mock)?;
            let backing_off = self.execution.open_states().iter().any(|open| open.waits_for == "retry");
            if backing_off && round < retries {
                let timer = self.timer?.timer;
                self.take(What::Timer { timer });
            } else {
                break;
            }
        }
        // A Wait does not wait in a test.
        if let (Kind::Wait(_), Some(timer)) = (&self.stage.state().kind, self.timer) {
            self.take(What::Timer { timer: timer.timer });
        }
        Some(())
    }

    /// The state's work, mocked.
    fn work(&mut self, mock: Option<&Mock>) -> Option<()> {
        if self.execution.status != Status::Running {
            return Some(());
        }
        self.error = match mock {
            Some(Mock::Error(error)) => Some(error.clone()),
            _ => None,
        };
        if let Some(order) = self.order.take() {
            let outcome = match mock? {
                Mock::Result(result) => Ok(result.clone()),
                Mock::Error(error) => Err(error.clone()),
            };
            self.take(What::MapRunEnded { map_run: order.map_run, outcome });
            self.order = Some(order);
        } else if let Some(call) = &self.call {
            let task = call.task;
            let what = match mock? {
                Mock::Result(result) => What::TaskSucceeded { task, output: result.clone() },
                Mock::Error(TaskError { error, cause }) => {
                    What::TaskFailed { task, error: error.clone(), cause: cause.clone() }
                }
            };
            self.take(what);
        }
        Some(())
    }

    /// The seconds until the next attempt, if there will be one.
    fn backoff_seconds(&self) -> Option<u64> {
        let timer = self.timer.filter(|_| self.execution.status == Status::Running)?;
        Some(timer.at_ms.saturating_sub(self.now_ms) / 1_000)
    }

    /// The event with which the state was left, if it was.
    fn exit(&self) -> Option<&crate::HistoryEvent> {
        self.history.iter().find(|event| {
            event.kind.ends_with("StateExited") && event.text("name") == Some(self.stage.name.as_str())
        })
    }

    /// The state that was entered after it.
    fn next(&self) -> Option<&str> {
        let exit = self.exit()?;
        let entered = self
            .history
            .iter()
            .find(|event| event.previous_event_id == exit.id && event.kind.ends_with("StateEntered"));
        entered.and_then(|event| event.text("name"))
    }

    fn answer(&self) -> Map<String, Value> {
        let mut answer = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                answer.insert(name.to_owned(), value);
            }
        };
        let told = |text: &Option<String>| text.clone().map(Value::from);
        match (self.exit(), &self.error) {
            (Some(exit), error) => {
                put("output", exit.text("output").map(Value::from));
                put("nextState", self.next().map(Value::from));
                put("status", Some(json!(if error.is_some() { "CAUGHT_ERROR" } else { "SUCCEEDED" })));
                if let Some(TaskError { error, cause }) = error {
                    put("error", told(error));
                    put("cause", told(cause));
                }
            }
            (None, Some(TaskError { error, cause })) if self.execution.status == Status::Running => {
                put("status", Some(json!("RETRIABLE")));
                put("error", told(error));
                put("cause", told(cause));
            }
            (None, _) => {
                put("status", Some(json!("FAILED")));
                put("error", told(&self.execution.error));
                put("cause", told(&self.execution.cause));
            }
        }
        answer
    }
}
