//! EventBridge's error codes, each made here with AWS's words.

use aws::service::StorageErrors;
use aws::{Arn, Error};

use crate::buses::bus::BusName;
use crate::buses::rule::RuleName;

/// The bus is not there. Words: recorded from AWS by LocalStack, `test_describe_delete_not_existing_event_bus`.
pub fn bus_not_found(bus: &BusName) -> Error {
    Error::sender("ResourceNotFoundException", format!("Event bus {bus} does not exist."))
}

/// Something of another account or region, by its ARN: there is one account and one region here. The words are ours.
pub fn not_here(what: &str, arn: &str) -> Error {
    let message = format!("{what} {arn} does not exist: it is of another account or region.");
    Error::sender("ResourceNotFoundException", message)
}

/// The rule is not there. Words: recorded from AWS by LocalStack, `test_describe_nonexistent_rule`.
pub fn rule_not_found(rule: &RuleName, bus: &BusName) -> Error {
    Error::sender("ResourceNotFoundException", format!("Rule {rule} does not exist on EventBus {bus}."))
}

/// The bus is there already. Words: recorded from AWS by LocalStack, `test_create_multiple_event_buses_same_name`.
pub fn bus_exists(bus: &BusName) -> Error {
    Error::sender("ResourceAlreadyExistsException", format!("Event bus {bus} already exists."))
}

/// A quota is reached. Words: recorded from AWS by LocalStack, `test_add_exceed_fife_targets_per_rule`.
pub fn limit_exceeded() -> Error {
    Error::sender("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}

/// The text is no event pattern; `reason` is AWS's sentence whole.
pub fn invalid_pattern(reason: impl Into<String>) -> Error {
    Error::sender("InvalidEventPatternException", reason)
}

/// The text is no schedule. Words: recorded from AWS by LocalStack, `test_put_rule_with_invalid_schedule_rate`.
pub fn invalid_schedule() -> Error {
    Error::validation("Parameter ScheduleExpression is not valid.")
}

/// A scheduled rule on a bus that is not the default one. Words: recorded from AWS by LocalStack,
/// `tests_put_rule_with_schedule_custom_event_bus`.
pub fn schedule_elsewhere() -> Error {
    Error::validation("ScheduleExpression is supported only on the default event bus.")
}

/// The archive is not there. Words: recorded from AWS by LocalStack, `test_describe_archive_error_unknown_archive`.
pub fn archive_not_found(name: &str) -> Error {
    Error::sender("ResourceNotFoundException", format!("Archive {name} does not exist."))
}

/// The archive is there already. Words: recorded from AWS by LocalStack, `test_create_archive_error_duplicate`.
pub fn archive_exists(name: &str) -> Error {
    Error::sender("ResourceAlreadyExistsException", format!("Archive {name} already exists."))
}

/// The connection is not there; `what` was to be done with it. Words: recorded from AWS by LocalStack,
/// `test_delete_connection`; those of other operations by analogy.
pub fn connection_not_found(what: &str, name: &str) -> Error {
    Error::sender(
        "ResourceNotFoundException",
        format!("Failed to {what} the connection(s). Connection '{name}' does not exist."),
    )
}

/// The connection is there already. Words: those of an archive.
pub fn connection_exists(name: &str) -> Error {
    Error::sender("ResourceAlreadyExistsException", format!("Connection {name} already exists."))
}

/// The API destination is not there; `what` was to be done with it. Words: recorded from AWS by LocalStack,
/// `test_api_destinations`; those of other operations by analogy.
pub fn api_destination_not_found(what: &str, name: &str) -> Error {
    Error::sender(
        "ResourceNotFoundException",
        format!("Failed to {what} the api-destination(s). An api-destination '{name}' does not exist."),
    )
}

/// The API destination is there already. Words: those of an archive.
pub fn api_destination_exists(name: &str) -> Error {
    Error::sender("ResourceAlreadyExistsException", format!("An api-destination '{name}' already exists."))
}

/// The replay is not there. Words: those of an archive.
pub fn replay_not_found(name: &str) -> Error {
    Error::sender("ResourceNotFoundException", format!("Replay {name} does not exist."))
}

/// The replay is there already. Words: recorded from AWS by LocalStack, `test_start_replay_error_duplicate`.
pub fn replay_exists(name: &str) -> Error {
    Error::sender("ResourceAlreadyExistsException", format!("Replay {name} already exists."))
}

/// The replay cannot be cancelled any more. Words: moto's.
pub fn replay_ended(name: &str) -> Error {
    Error::sender(
        "IllegalStatusException",
        format!("Replay {name} is not in a valid state for this operation."),
    )
}

/// The rule is AWS's own. The words are ours, after the API reference, ManagedRuleException.
pub fn managed_rule(rule: &RuleName) -> Error {
    Error::sender(
        "ManagedRuleException",
        format!(
            "Rule {rule} was created by an AWS service on behalf of your account and is managed by that service. Force deletes it or removes its targets, with DeleteRule and RemoveTargets."
        ),
    )
}

/// Tags of a rule that is AWS's own. Words: public reports of AWS's answer.
pub fn managed_rule_tags(rule: &RuleName) -> Error {
    Error::sender(
        "ManagedRuleException",
        format!("Tag related operations on the managed rule {rule} is not allowed"),
    )
}

/// The rule that a new archive would have is there already. The words are ours.
pub fn managed_rule_in_the_way(rule: &Arn) -> Error {
    Error::sender(
        "ResourceAlreadyExistsException",
        format!("The archive's managed rule cannot be made: Rule {rule} already exists."),
    )
}

/// A listing with more than one filter. Words: moto's, `test_list_archives_error_multiple_filters`.
pub fn one_filter(operation: &str) -> Error {
    Error::validation(format!(
        "At most one filter is allowed for {operation}. Use either : State, EventSourceArn, or NamePrefix."
    ))
}

/// The partner event source is not there.
pub fn source_not_found(name: &BusName) -> Error {
    Error::sender("ResourceNotFoundException", format!("Event source {name} does not exist."))
}

/// The partner event source is there already.
pub fn source_exists(name: &BusName) -> Error {
    Error::sender("ResourceAlreadyExistsException", format!("Event source {name} already exists."))
}

/// The partner event source has no bus, or the partner has taken it back. The words are ours.
pub fn source_in_wrong_state(name: &BusName) -> Error {
    Error::sender(
        "InvalidStateException",
        format!("Event source {name} is not associated with an event bus, or its partner has deleted it."),
    )
}

/// The ARN names nothing that has tags or targets. Words: public reports of AWS's answer.
pub fn arn_malformed(arn: &str) -> Error {
    Error::validation(format!("Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."))
}

/// What the service calls a failure of the store.
pub(crate) const STORAGE_ERRORS: StorageErrors = StorageErrors::both("InternalException");

/// What Secrets Manager calls a failure of its storage.
pub(crate) const SECRET_STORAGE_ERRORS: StorageErrors = StorageErrors::both("InternalServiceError");

/// What the store's failure looks like at the door: SDKs retry it, and the sentence says what to do.
#[expect(clippy::needless_pass_by_value, reason = "the store's tickets want a function of this form")]
pub fn of_store(error: store::Error) -> Error {
    error.answer(STORAGE_ERRORS)
}
