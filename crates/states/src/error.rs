//! The errors of Step Functions, code and words together. Source: AWS's answers as LocalStack recorded them
//! (tests/aws/services/stepfunctions), and the service's model.

use aws::Error;
use aws::service::StorageErrors;

/// What the store's failures look like at the door.
#[expect(clippy::needless_pass_by_value, reason = "the store's tickets want a function of this form")]
pub(crate) fn of_store(error: store::Error) -> Error {
    error.answer(StorageErrors::COMMON)
}

pub(crate) fn invalid_arn(words: impl std::fmt::Display) -> Error {
    Error::sender("InvalidArn", format!("Invalid Arn: '{words}'"))
}

pub(crate) fn invalid_name(name: &str) -> Error {
    Error::sender("InvalidName", format!("Invalid Name: '{name}'"))
}

pub(crate) fn no_machine(arn: &str) -> Error {
    Error::sender("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

pub(crate) fn machine_exists(arn: &str) -> Error {
    Error::sender("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'"))
}

pub(crate) fn no_execution(arn: &str) -> Error {
    Error::sender("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}

pub(crate) fn execution_exists(arn: &str) -> Error {
    Error::sender("ExecutionAlreadyExists", format!("Execution Already Exists: '{arn}'"))
}

pub(crate) fn invalid_definition(message: impl Into<String>) -> Error {
    Error::sender("InvalidDefinition", message)
}

pub(crate) fn wrong_type() -> Error {
    Error::sender(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
}

pub(crate) fn no_resource(arn: &str) -> Error {
    Error::sender("ResourceNotFound", format!("Resource not found: '{arn}'"))
}

pub(crate) fn conflict(message: impl Into<String>) -> Error {
    Error::sender("ConflictException", message)
}

pub(crate) fn no_activity(arn: &str) -> Error {
    Error::sender("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
}

pub(crate) fn invalid_token() -> Error {
    Error::sender("InvalidToken", "Invalid Token: 'Invalid token'")
}

pub(crate) fn invalid_page_token() -> Error {
    Error::sender("InvalidToken", "Invalid Token: 'Invalid token'")
}

pub(crate) fn task_over() -> Error {
    Error::sender("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
}

pub(crate) fn too_large(value: &str, at: &str, max: usize) -> Error {
    let shown: String = value.chars().take(60).collect();
    Error::validation(format!(
        "1 validation error detected: Value '{shown}...' at '{at}' failed to satisfy constraint: Member must have length less than or equal to {max}"
    ))
}

pub(crate) fn not_redrivable(why: &str) -> Error {
    Error::sender("ExecutionNotRedrivable", why)
}
