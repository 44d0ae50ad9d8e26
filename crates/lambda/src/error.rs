//! The errors of Lambda, code and words together. Source of both: AWS's answers as LocalStack recorded them
//! (tests/aws/services/lambda_/*.snapshot.json).

use std::borrow::Cow;

use aws::service::StorageErrors;
use aws::{Arn, Error};

/// What the service calls a failure of the store.
pub(crate) const STORAGE_ERRORS: StorageErrors = StorageErrors::both("ServiceException");

/// What the store's failures look like at the door.
#[expect(clippy::needless_pass_by_value, reason = "the store's tickets want a function of this form")]
pub(crate) fn of_store(error: store::Error) -> Error {
    error.answer(STORAGE_ERRORS)
}

fn with_status(status: u16, code: &'static str, message: impl Into<String>) -> Error {
    Error { code: Cow::Borrowed(code), query_code: None, status, message: message.into(), members: None }
}

/// 400 `InvalidParameterValueException`.
pub fn invalid_parameter(message: impl Into<String>) -> Error {
    Error::sender("InvalidParameterValueException", message)
}

pub(crate) fn conflict(message: impl Into<String>) -> Error {
    with_status(409, "ResourceConflictException", message)
}

pub(crate) fn not_found(message: impl Into<String>) -> Error {
    with_status(404, "ResourceNotFoundException", message)
}

pub(crate) fn no_function(arn: &Arn) -> Error {
    not_found(format!("Function not found: {arn}"))
}

pub(crate) fn no_alias(arn: &Arn) -> Error {
    not_found(format!("Cannot find alias arn: {arn}"))
}

pub(crate) fn function_exists(name: &str) -> Error {
    conflict(format!("Function already exist: {name}"))
}

pub(crate) fn no_resource() -> Error {
    not_found("The resource you requested does not exist.")
}

pub(crate) fn stale_revision(call: &str) -> Error {
    let words = format!(
        "The Revision Id provided does not match the latest Revision Id. Call the {call} API to retrieve the latest Revision Id"
    );
    with_status(412, "PreconditionFailedException", words)
}

/// A member whose use would change what a function does and that is not served.
pub(crate) fn not_served(member: &str) -> Error {
    invalid_parameter(format!("{member} is not served by Trunkline. docs/coverage.md lists what is."))
}

/// A layer of another account, in the words in which AWS says that it is not shared, and what helps here.
pub(crate) fn foreign_layer(arn: &str) -> Error {
    let words = format!(
        "The caller is not authorized to perform: lambda:GetLayerVersion on resource: {arn}. Trunkline has no layers of other accounts: publish its zip here with PublishLayerVersion."
    );
    with_status(403, "AccessDeniedException", words)
}

/// 429, with AWS's reason in front of nothing else: SDKs retry it.
pub fn throttled() -> Error {
    with_status(429, "TooManyRequestsException", "Rate Exceeded.")
}

/// What cannot be said in JSON is no payload.
pub(crate) fn no_json(error: &serde_json::Error) -> Error {
    let words = format!("Could not parse request body into json: Could not parse payload into json: {error}");
    Error::sender("InvalidRequestContentException", words)
}

pub(crate) fn too_large(kind: &str, max: usize, length: usize) -> Error {
    let words =
        format!("{length} byte payload is too large for the {kind} invocation type (limit {max} bytes)");
    with_status(413, "RequestTooLargeException", words)
}
