//! The errors of CloudWatch Logs, code and words together. Source of the codes: botocore's service model `logs/2014-03-28`; of
//! the words: AWS's answers as moto's tests have them (`tests/test_logs`).

use aws::Error;
use aws::service::StorageErrors;

/// What the service calls a failure of the store.
pub(crate) const STORAGE_ERRORS: StorageErrors =
    StorageErrors { full: "ServiceUnavailableException", failed: "InternalFailure" };

/// What the store's failures look like at the door.
#[expect(clippy::needless_pass_by_value, reason = "the store's tickets want a function of this form")]
pub(crate) fn of_store(error: store::Error) -> Error {
    error.answer(STORAGE_ERRORS)
}

pub(crate) fn invalid_parameter(message: impl Into<String>) -> Error {
    Error::sender("InvalidParameterException", message)
}

pub(crate) fn group_exists() -> Error {
    Error::sender("ResourceAlreadyExistsException", "The specified log group already exists")
}

pub(crate) fn stream_exists() -> Error {
    Error::sender("ResourceAlreadyExistsException", "The specified log stream already exists")
}

pub(crate) fn no_group() -> Error {
    Error::sender("ResourceNotFoundException", "The specified log group does not exist.")
}

pub(crate) fn no_stream() -> Error {
    Error::sender("ResourceNotFoundException", "The specified log stream does not exist.")
}

pub(crate) fn limit_exceeded() -> Error {
    Error::sender("LimitExceededException", "Resource limit exceeded.")
}

pub(crate) fn no_resource_policy(name: &str) -> Error {
    Error::sender("ResourceNotFoundException", format!("Policy with name [{name}] does not exist"))
}

pub(crate) fn protected() -> Error {
    Error::validation("The log group is protected from deletion: turn deletionProtectionEnabled off first.")
}
