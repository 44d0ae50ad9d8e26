//! The errors of IAM, code and words together. Source of both: AWS's answers as LocalStack recorded them
//! (tests/aws/services/iam/test_iam_roles.snapshot.json, test_iam_policies.snapshot.json).

use std::borrow::Cow;

use aws::Error;
use aws::service::StorageErrors;

/// What the service calls a failure of the store.
pub(crate) const STORAGE_ERRORS: StorageErrors =
    StorageErrors { full: "ServiceUnavailable", failed: "ServiceFailure" };

/// What the store's failures look like at the door.
#[expect(clippy::needless_pass_by_value, reason = "the store's tickets want a function of this form")]
pub(crate) fn of_store(error: store::Error) -> Error {
    error.answer(STORAGE_ERRORS)
}

fn with_status(status: u16, code: &'static str, message: String) -> Error {
    Error { code: Cow::Borrowed(code), query_code: None, status, message, members: None }
}

fn no_such_entity(message: String) -> Error {
    with_status(404, "NoSuchEntity", message)
}

fn conflict(message: &str) -> Error {
    with_status(409, "DeleteConflict", message.to_owned())
}

fn limit_exceeded(message: String) -> Error {
    with_status(409, "LimitExceeded", message)
}

pub(crate) fn validation(message: impl Into<String>) -> Error {
    Error::sender("ValidationError", message)
}

pub(crate) fn invalid_input(message: &str) -> Error {
    Error::sender("InvalidInput", message)
}

pub(crate) fn no_role(name: &str) -> Error {
    no_such_entity(format!("The role with name {name} cannot be found."))
}

pub(crate) fn no_role_policy(name: &str) -> Error {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

pub(crate) fn no_policy(arn: &str) -> Error {
    no_such_entity(format!("Policy {arn} was not found."))
}

pub(crate) fn not_attachable(arn: &str) -> Error {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}

pub(crate) fn no_version(arn: &str, version: &str) -> Error {
    no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

pub(crate) fn no_document(arn: &str) -> Error {
    no_such_entity(format!("The document of {arn} is AWS's and not known here; the policy can be attached."))
}

pub(crate) fn no_boundary(role: &str) -> Error {
    no_such_entity(format!("Role {role} does not have a permissions boundary."))
}

pub(crate) fn role_exists(name: &str) -> Error {
    with_status(409, "EntityAlreadyExists", format!("Role with name {name} already exists."))
}

pub(crate) fn policy_exists(name: &str) -> Error {
    let words = format!("A policy called {name} already exists. Duplicate names are not allowed.");
    with_status(409, "EntityAlreadyExists", words)
}

pub(crate) fn has_attached_policies() -> Error {
    conflict("Cannot delete entity, must detach all policies first.")
}

pub(crate) fn has_inline_policies() -> Error {
    conflict("Cannot delete entity, must delete policies first.")
}

pub(crate) fn is_attached() -> Error {
    conflict("Cannot delete a policy attached to entities.")
}

pub(crate) fn has_versions() -> Error {
    conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
    )
}

pub(crate) fn is_default_version() -> Error {
    conflict("Cannot delete the default version of a policy.")
}

pub(crate) fn too_many_versions() -> Error {
    limit_exceeded(
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
            .to_owned(),
    )
}

/// A quota by AWS's name of it, for example `RolesPerAccount`.
pub(crate) fn over_quota(name: &str, max: usize) -> Error {
    limit_exceeded(format!("Cannot exceed quota for {name}: {max}"))
}

pub(crate) fn inline_policies_too_large(role: &str, max: usize) -> Error {
    limit_exceeded(format!("Maximum policy size of {max} bytes exceeded for role {role}"))
}

pub(crate) fn not_ours(arn: &str) -> Error {
    with_status(403, "AccessDenied", format!("{arn} is AWS's and cannot be changed."))
}

pub(crate) fn invalid_arn(arn: &str) -> Error {
    validation(format!("ARN {arn} is not valid."))
}
