//! What a mock gives, and what AWS refuses of it.

use serde_json::Value;

use crate::definition::{Kind, Mode, State};
use crate::resource::{Pattern, Resource};
use crate::step::failure::Failure;
use crate::step::test_state::{FieldValidation, Mock, MockError, Refusal, Request, model};

/// The mocked result or error; none where no mock is given.
pub(super) fn read(request: &Request<'_>, state: &State) -> Result<Option<Result<Value, Failure>>, Refusal> {
    let Some(mock) = &request.mock else { return Ok(None) };
    if matches!(state.kind, Kind::Pass { .. } | Kind::Succeed | Kind::Fail(_)) {
        let kind = state.type_name();
        return Err(Refusal::invalid(format!(
            "State type '{kind}' is not supported when a mock is specified"
        )));
    }
    if request.reveal_secrets {
        return Err(Refusal::invalid("TestState does not support RevealSecrets when a mock is specified."));
    }
    let result = match (mock.result, mock.error_output) {
        (Some(_), Some(_)) => {
            let message = "A test mock should have only one of the following fields: [result, errorOutput].";
            return Err(Refusal::invalid(message));
        }
        (Some(text), None) => text,
        (None, error) => return Ok(Some(Err(failure(error.unwrap_or_default())))),
    };
    let result: Value =
        serde_json::from_str(result).map_err(|_| Refusal::invalid("Mocked result must be valid JSON"))?;
    check_shape(request, state, &result)?;
    check_model(mock, state, &result)?;
    Ok(Some(Ok(result)))
}

fn failure(error: MockError<'_>) -> Failure {
    Failure {
        error: error.error.map(str::to_owned),
        cause: error.cause.map(str::to_owned),
        ..Failure::default()
    }
}

/// A Map and a Parallel give arrays.
fn check_shape(request: &Request<'_>, state: &State, result: &Value) -> Result<(), Refusal> {
    match &state.kind {
        Kind::Map(map) => {
            let writes = matches!(&map.mode, Mode::Distributed(distributed) if distributed.writer.is_some());
            if writes && !result.is_object() {
                return Err(Refusal::invalid("Mocked result must be a JSON object."));
            }
            if !writes && !result.is_array() {
                return Err(Refusal::invalid("Mocked result must be an array."));
            }
            let failures = request.configuration.map_iteration_failure_count.unwrap_or(0);
            if result.as_array().is_some_and(|items| failures > items.len() as u64) {
                let message =
                    "Map iteration failure count must be less than or equal to the number of Map iterations";
                return Err(Refusal::invalid(message));
            }
            Ok(())
        }
        Kind::Parallel(parallel) => match result.as_array() {
            None => Err(Refusal::invalid("Mocked result must be an array.")),
            Some(items) if items.len() != parallel.branches.len() => Err(Refusal::invalid(
                "Mocked result must contain the same number of items as number of Parallel branches.",
            )),
            Some(_) => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A service's answer has to look like one.
fn check_model(mock: &Mock<'_>, state: &State, result: &Value) -> Result<(), Refusal> {
    let Kind::Task(task) = &state.kind else { return Ok(()) };
    let Resource::Service { service, action, pattern, .. } = &task.resource else { return Ok(()) };
    if mock.field_validation == FieldValidation::None || *pattern == Pattern::WaitForTaskToken {
        return Ok(());
    }
    let Some(shape) = model::output_of(service, action, *pattern) else { return Ok(()) };
    model::check(shape, result, "", mock.field_validation)
        .map_err(|what| Refusal::invalid(format!("Mock result schema validation error: {what}")))
}
