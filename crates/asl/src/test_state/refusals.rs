//! What TestState refuses of a request.

use serde_json::{Map, Value};

use crate::definition::Kind;
use crate::execution::TaskError;
use crate::resource::{Pattern, Resource};
use crate::test_state::stage::Stage;
use crate::test_state::{Mock, TestRefusal, shapes};

/// The members that a context object may have, and what each holds.
const CONTEXT: [(&str, &[&str]); 4] = [
    ("Execution", &["Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"]),
    ("State", &["Name", "EnteredTime", "RetryCount"]),
    ("StateMachine", &["Id", "Name"]),
    ("Task", &["Token"]),
];

/// The mock, if one is given.
pub(super) fn mock(parameters: &Value) -> Result<Option<Mock>, TestRefusal> {
    let Some(mock) = parameters.get("mock").filter(|mock| !mock.is_null()) else { return Ok(None) };
    match (mock.get("result").and_then(Value::as_str), mock.get("errorOutput")) {
        (Some(_), Some(_)) => Err(TestRefusal::validation(
            "A test mock should have only one of the following fields: [result, errorOutput].",
        )),
        (Some(result), None) => match serde_json::from_str(result) {
            Ok(result) => Ok(Some(Mock::Result(result))),
            Err(_) => Err(TestRefusal::validation("Mocked result must be valid JSON")),
        },
        (None, Some(error)) => {
            let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
            Ok(Some(Mock::Error(TaskError { error: text("error"), cause: text("cause") })))
        }
        (None, None) => Ok(None),
    }
}

/// A parameter that is a JSON object in a text.
pub(super) fn object(parameters: &Value, name: &str) -> Result<Option<Map<String, Value>>, TestRefusal> {
    let Some(text) = parameters.get(name).and_then(Value::as_str) else { return Ok(None) };
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        _ => Err(TestRefusal::validation(format!("'{name}' must be a valid JSON object"))),
    }
}

/// The context object, if one is given.
pub(super) fn context(parameters: &Value) -> Result<Option<Value>, TestRefusal> {
    let Some(context) = object(parameters, "context")? else { return Ok(None) };
    let refuse =
        |what: String| Err(TestRefusal::validation(format!("Invalid Context object provided: {what}")));
    for (name, value) in &context {
        if name == "Map" {
            return refuse("'Map' field is not supported when mocking a Context object".to_owned());
        }
        let Some((_, members)) = CONTEXT.iter().find(|(known, _)| known == name) else {
            return refuse(format!("Field '{name}' is not allowed"));
        };
        for (member, value) in value.as_object().into_iter().flatten() {
            if !members.contains(&member.as_str()) {
                return refuse(format!("Field '{member}' is not allowed"));
            }
            let text = !matches!(member.as_str(), "Input" | "RetryCount" | "RedriveCount");
            if text && !value.is_string() {
                return refuse(format!("{name}.{member} must be a string"));
            }
        }
    }
    Ok(Some(Value::Object(context)))
}

/// What depends on the state: whether its mock fits, and whether it needs one.
pub(super) fn about_state(stage: &Stage, parameters: &Value, mock: Option<&Mock>) -> Result<(), TestRefusal> {
    let refuse = |message: &str| Err(TestRefusal::validation(message));
    match (&stage.state().kind, mock) {
        (Kind::Pass { .. } | Kind::Succeed | Kind::Fail(_) | Kind::Choice(_) | Kind::Wait(_), Some(_)) => {
            refuse("A mock cannot be given to test this type of state")
        }
        (Kind::Task(task), None) => {
            let role = parameters.get("roleArn").and_then(Value::as_str);
            if role.is_none_or(str::is_empty) {
                return refuse("RoleArn must be specified when testing a Task state");
            }
            let alone = task.resource.pattern() == Pattern::RequestResponse;
            if !alone || matches!(task.resource, Resource::Activity { .. }) {
                return refuse("A mock must be given to test this state");
            }
            Ok(())
        }
        (Kind::Task(task), Some(Mock::Result(result))) => {
            let mode = parameters
                .get("mock")
                .and_then(|mock| mock.get("fieldValidationMode"))
                .and_then(Value::as_str);
            shapes::check(&task.resource, result, mode.unwrap_or("STRICT")).map_err(TestRefusal::validation)
        }
        (Kind::Parallel(_) | Kind::Map(_), None) => refuse("A mock must be given to test this state"),
        (Kind::Parallel(_), Some(Mock::Result(result))) => {
            let branches = stage.text.get("Branches").and_then(Value::as_array).map_or(0, Vec::len);
            match result.as_array() {
                None => refuse("Mocked result must be an array."),
                Some(results) if results.len() != branches => refuse(
                    "Mocked result must contain the same number of items as number of Parallel branches.",
                ),
                Some(_) => Ok(()),
            }
        }
        (Kind::Map(_), Some(Mock::Result(result))) => map_result(stage, parameters, result),
        _ => Ok(()),
    }
}

fn map_result(stage: &Stage, parameters: &Value, result: &Value) -> Result<(), TestRefusal> {
    let Some(results) = result.as_array() else {
        if stage.text.contains_key("ResultWriter") {
            return Ok(());
        }
        return Err(TestRefusal::validation("Mocked result must be an array."));
    };
    let configured =
        parameters.get("stateConfiguration").and_then(|given| given.get("mapIterationFailureCount"));
    let failures = configured.and_then(Value::as_u64).unwrap_or_default();
    if usize::try_from(failures).unwrap_or(usize::MAX) > results.len() {
        let message =
            "Map iteration failure count must be less than or equal to the number of Map iterations";
        return Err(TestRefusal::validation(message));
    }
    Ok(())
}
