//! TestState: one state on its own, with what each of its fields came to.

mod inspect;
mod mock;
mod model;
mod sight;

use serde_json::{Map, Value, json};

use crate::definition::{Kind, Machine, MachineType, State};
use crate::diagnostic::refusal;
use crate::execution::{About, TaskError};
use crate::parse::parse;
use crate::resource::{Pattern, Resource};
use crate::step::TaskCall;
use crate::step::failure::Failure;
use crate::step::sight::Sight;
use crate::step::test_state::inspect::{Inspection, Work};

/// What the context object calls the state, whatever its name is.
const STATE_NAME: &str = "StateName";
/// AWS's words, the same for both types.
const NEEDS_MOCK: &str = "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, \
                          Succeed, Fail, Choice]";

/// What is asked, as the operation has it: texts that have not been read.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// One state, or a whole machine.
    pub definition: &'a str,
    /// Which state of a machine.
    pub state_name: Option<&'a str>,
    /// JSON; an empty object where it is absent.
    pub input: Option<&'a str>,
    /// JSON.
    pub variables: Option<&'a str>,
    /// JSON; a made-up execution's where it is absent.
    pub context: Option<&'a str>,
    /// Whether secrets of an HTTP task are to be shown.
    pub reveal_secrets: bool,
    /// What the state's work comes to, instead of doing it.
    pub mock: Option<Mock<'a>>,
    /// Where the state stands.
    pub configuration: Configuration<'a>,
    /// What the made-up execution is called; its role's ARN is empty where none is given.
    pub about: About,
    /// The moment, in milliseconds since 1970.
    pub now_ms: u64,
    /// Where random numbers start.
    pub seed: u64,
}

/// What the state's work comes to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mock<'a> {
    /// JSON.
    pub result: Option<&'a str>,
    /// An error instead.
    pub error_output: Option<MockError<'a>>,
    /// How closely a result is compared with the operation's model.
    pub field_validation: FieldValidation,
}

/// An error that a mock gives.
#[derive(Clone, Copy, Debug, Default)]
pub struct MockError<'a> {
    /// Its name.
    pub error: Option<&'a str>,
    /// What it says.
    pub cause: Option<&'a str>,
}

/// `fieldValidationMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// What is required must be there, and what is there must be right.
    #[default]
    Strict,
    /// What is there must be right.
    Present,
    /// Anything goes.
    None,
}

/// `stateConfiguration`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Configuration<'a> {
    /// How often the retrier that matches has tried again before.
    pub retrier_retry_count: Option<u32>,
    /// The state inside a Map or Parallel from which the mocked error comes.
    pub error_caused_by_state: Option<&'a str>,
    /// How many iterations of a Map have failed.
    pub map_iteration_failure_count: Option<u64>,
    /// JSON: what the Map's ItemReader reads.
    pub map_item_reader_data: Option<&'a str>,
}

impl<'m> Mock<'m> {
    /// Reads the member `mock` of a TestState request.
    pub fn of_request(given: &'m Value) -> Self {
        let text = |name: &str| given.get(name).and_then(Value::as_str);
        Self {
            result: text("result"),
            error_output: given.get("errorOutput").map(|error| MockError {
                error: error.get("error").and_then(Value::as_str),
                cause: error.get("cause").and_then(Value::as_str),
            }),
            field_validation: match text("fieldValidationMode") {
                Some("NONE") => FieldValidation::None,
                Some("PRESENT") => FieldValidation::Present,
                _ => FieldValidation::Strict,
            },
        }
    }
}

impl<'c> Configuration<'c> {
    /// Reads the member `stateConfiguration` of a TestState request.
    pub fn of_request(given: &'c Value) -> Self {
        let number = |name: &str| given.get(name).and_then(Value::as_u64);
        Self {
            retrier_retry_count: number("retrierRetryCount").and_then(|count| u32::try_from(count).ok()),
            error_caused_by_state: given.get("errorCausedByState").and_then(Value::as_str),
            map_iteration_failure_count: number("mapIterationFailureCount"),
            map_item_reader_data: given.get("mapItemReaderData").and_then(Value::as_str),
        }
    }
}

/// The operation's own answer where it cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `ValidationException`, `InvalidDefinition`, `InvalidExecutionInput`.
    pub code: &'static str,
    /// AWS's words.
    pub message: String,
}

impl Refusal {
    fn invalid(message: impl Into<String>) -> Self {
        Self { code: "ValidationException", message: message.into() }
    }
}

/// How far the test has come.
#[derive(Debug)]
pub enum Progress {
    /// It is over.
    Done(Box<Answer>),
    /// The task has to be called: [`Test::finish`] takes its answer.
    Call(Box<Test>),
}

/// How the state would have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestStatus {
    /// It is left with an output.
    Succeeded,
    /// It fails the execution.
    Failed,
    /// A retrier would try it again.
    Retriable,
    /// A catcher takes its error.
    CaughtError,
}

impl TestStatus {
    /// As the answer says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Retriable => "RETRIABLE",
            Self::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// What came of the state.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// How it ended.
    pub status: TestStatus,
    /// Its output, where it is left.
    pub output: Option<Value>,
    /// Where it leads.
    pub next_state: Option<String>,
    /// Its error.
    pub error: Option<String>,
    /// What that says.
    pub cause: Option<String>,
    /// `inspectionData`, for the levels DEBUG and TRACE: what each field came to, as the members of the operation's answer.
    pub inspection: Map<String, Value>,
}

/// A test under way: a task that has no mock has to be called.
#[derive(Debug)]
pub struct Test {
    subject: Subject,
    inspection: Inspection,
    call: TaskCall,
}

impl Test {
    /// What has to be called, and with what.
    pub fn call(&self) -> &TaskCall {
        &self.call
    }

    /// The test's end, with what the task came to.
    pub fn finish(mut self, outcome: Result<Value, TaskError>) -> Answer {
        let work = match outcome {
            Ok(result) => Work::Result(result),
            Err(TaskError { error, cause }) => Work::Failure(Failure { error, cause, ..Failure::default() }),
        };
        inspect::conclude(&self.subject, work, &mut self.inspection)
    }
}

/// The state that is tested, and what it sees.
#[derive(Debug)]
struct Subject {
    machine: Machine,
    name: String,
    input: Value,
    sight: Sight,
    retries: u32,
    /// How many iterations a mocked Map has lost.
    lost_iterations: u64,
}

impl Subject {
    fn state(&self) -> Option<&State> {
        self.machine.find(&self.name)
    }
}

/// Tests a state as far as it goes without a task's answer.
///
/// # Errors
/// The operation's own errors, in AWS's words.
pub fn begin(request: &Request<'_>) -> Result<Progress, Refusal> {
    let (machine, name) = read_definition(request)?;
    let state = machine.find(&name).ok_or_else(|| Refusal::invalid("State not found in definition"))?;
    let given = mock::read(request, state)?;
    if given.is_none() {
        refuse_without_mock(request, state)?;
    }
    let input = read_json(request.input, "InvalidExecutionInput")?.unwrap_or_else(|| json!({}));
    let sight = sight::see(request, state, &input)?;
    let subject = Subject {
        input,
        sight,
        retries: request.configuration.retrier_retry_count.unwrap_or(0),
        lost_iterations: request.configuration.map_iteration_failure_count.unwrap_or(0),
        machine,
        name,
    };
    let mut inspection = Inspection::new(&subject);
    let prepared = inspect::prepare(&subject, &mut inspection);
    Ok(match (prepared, given) {
        (Work::Asks(_), Some(Ok(result))) => done(&subject, Work::Result(result), inspection),
        (Work::Asks(_), Some(Err(error))) => done(&subject, Work::Failure(error), inspection),
        (Work::Asks(effective), None) => match task_call(&subject, effective) {
            Some(call) => Progress::Call(Box::new(Test { subject, inspection, call })),
            None => return Err(Refusal { code: "InvalidDefinition", message: NEEDS_MOCK.to_owned() }),
        },
        (work, _) => done(&subject, work, inspection),
    })
}

fn done(subject: &Subject, work: Work, mut inspection: Inspection) -> Progress {
    Progress::Done(Box::new(inspect::conclude(subject, work, &mut inspection)))
}

/// The machine, and the name of the state in it. A state on its own becomes a machine whose other states only end.
fn read_definition(request: &Request<'_>) -> Result<(Machine, String), Refusal> {
    let parsed = serde_json::from_str::<Value>(request.definition).unwrap_or_default();
    let is_machine = parsed.get("States").is_some();
    let lone = parsed.as_object().filter(|_| !is_machine).map(|_| wrap(&parsed).to_string());
    let reading = parse(lone.as_deref().unwrap_or(request.definition), MachineType::Standard);
    let Some(machine) = reading.machine else {
        let message = refusal(&reading.diagnostics).unwrap_or_default();
        return Err(Refusal { code: "InvalidDefinition", message });
    };
    let name = match request.state_name {
        Some(name) => name.to_owned(),
        None if is_machine => machine.blocks.first().map(|block| block.start_at.clone()).unwrap_or_default(),
        None => STATE_NAME.to_owned(),
    };
    Ok((machine, name))
}

fn wrap(state: &Value) -> Value {
    let mut names = vec![state.get("Next"), state.get("Default")];
    for list in ["Choices", "Catch"] {
        let entries = state.get(list).and_then(Value::as_array);
        names.extend(entries.into_iter().flatten().map(|entry| entry.get("Next")));
    }
    let mut states: Map<String, Value> = names
        .into_iter()
        .filter_map(|name| name?.as_str())
        .map(|name| (name.to_owned(), json!({"Type": "Succeed"})))
        .collect();
    states.insert(STATE_NAME.to_owned(), state.clone());
    json!({"StartAt": STATE_NAME, "States": states})
}

/// A task needs a role, and some states cannot be done here at all.
fn refuse_without_mock(request: &Request<'_>, state: &State) -> Result<(), Refusal> {
    match &state.kind {
        Kind::Map(_) | Kind::Parallel(_) => {
            Err(Refusal { code: "InvalidDefinition", message: NEEDS_MOCK.to_owned() })
        }
        Kind::Task(task) => {
            let answers_later = matches!(task.resource, Resource::Activity { .. })
                || task.resource.pattern() != Pattern::RequestResponse;
            if answers_later {
                return Err(Refusal::invalid(
                    "A mock must be specified when testing this type of Task state",
                ));
            }
            if request.about.role_arn.is_empty() {
                return Err(Refusal::invalid("RoleArn must be specified when testing a Task state"));
            }
            Ok(())
        }
        Kind::Pass { .. } | Kind::Choice(_) | Kind::Wait(_) | Kind::Succeed | Kind::Fail(_) => Ok(()),
    }
}

fn task_call(subject: &Subject, input: Value) -> Option<TaskCall> {
    let Kind::Task(task) = &subject.state()?.kind else { return None };
    Some(TaskCall {
        task: 1,
        state: subject.name.clone(),
        retry_count: subject.retries,
        resource: task.resource.clone(),
        input,
        token: None,
        role_arn: None,
        timeout_seconds: None,
        heartbeat_seconds: None,
    })
}

fn read_json(text: Option<&str>, code: &'static str) -> Result<Option<Value>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    match serde_json::from_str(text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(Refusal { code, message: format!("Invalid JSON: {error}") }),
    }
}
