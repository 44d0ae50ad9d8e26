//! The errors of SQS, code and words together. The codes are those of the JSON protocol; where the older query protocol
//! has another one, it goes along. Source: botocore's service model `sqs/2012-11-05` and its `awsQueryCompatible` trait.

use aws::service::StorageErrors;
use aws::{Error, Scope};

/// What the service calls a failure of the store.
pub(crate) const STORAGE_ERRORS: StorageErrors = StorageErrors::COMMON;

/// What the store's failures look like at the door, also for the other rooms.
#[expect(clippy::needless_pass_by_value, reason = "the store's tickets want a function of this form")]
pub fn of_store(error: store::Error) -> Error {
    error.answer(STORAGE_ERRORS)
}

/// AWS's words, and which other account and region have a queue of this name.
pub(crate) fn queue_does_not_exist(elsewhere: Option<&Scope>) -> Error {
    let hint = elsewhere.map(|Scope { account, region }| {
        format!(" A queue of this name exists in account {account}, region {region}.")
    });
    let message = format!("The specified queue does not exist.{}", hint.unwrap_or_default());
    Error::sender("QueueDoesNotExist", message).with_query_code("AWS.SimpleQueueService.NonExistentQueue")
}

/// What only a queue's own account may do.
pub(crate) fn access_denied(url: &str) -> Error {
    let error = Error::sender(
        "AccessDeniedException",
        format!("Access to the resource {url} is denied: only the account of the queue may do this."),
    );
    Error { status: 403, ..error }.with_query_code("AccessDenied")
}

pub(crate) fn invalid_parameter(message: impl Into<String>) -> Error {
    Error::sender("InvalidParameterValueException", message).with_query_code("InvalidParameterValue")
}

/// `Value {value} for parameter {name} is invalid. Reason: {reason}`
pub(crate) fn invalid_value(value: impl std::fmt::Display, name: &str, reason: &str) -> Error {
    invalid_parameter(format!("Value {value} for parameter {name} is invalid. Reason: {reason}"))
}

pub(crate) fn missing_parameter(name: &str) -> Error {
    Error::sender(
        "MissingRequiredParameterException",
        format!("The request must contain the parameter {name}."),
    )
    .with_query_code("MissingParameter")
}

pub(crate) fn unknown_attribute(name: &str) -> Error {
    Error::sender("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

/// An attribute of FIFO queues on a standard queue. Two of the three are refused in words of their own.
pub(crate) fn only_of_fifo(name: &str) -> Error {
    if name == "ContentBasedDeduplication" {
        return unknown_attribute(name);
    }
    Error::sender(
        "InvalidAttributeName",
        format!("You can specify the {name} only when FifoQueue is set to true."),
    )
}

pub(crate) fn invalid_attribute(name: &str) -> Error {
    Error::sender("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

pub(crate) fn queue_name_exists(attribute: &str) -> Error {
    Error::sender(
        "QueueNameExists",
        format!("A queue already exists with the same name and a different value for attribute {attribute}"),
    )
    .with_query_code("QueueAlreadyExists")
}

pub(crate) fn queue_deleted_recently() -> Error {
    Error::sender(
        "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    )
    .with_query_code("AWS.SimpleQueueService.QueueDeletedRecently")
}

pub(crate) fn purge_in_progress(name: &str) -> Error {
    let message = format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds.");
    let error = Error::sender("PurgeQueueInProgress", message);
    Error { status: 403, ..error }.with_query_code("AWS.SimpleQueueService.PurgeQueueInProgress")
}

pub(crate) fn receipt_handle_is_invalid(text: &str) -> Error {
    Error::sender(
        "ReceiptHandleIsInvalid",
        format!("The input receipt handle \"{text}\" is not a valid receipt handle."),
    )
}

pub(crate) fn invalid_contents() -> Error {
    Error::sender(
        "InvalidMessageContents",
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    )
}

pub(crate) fn over_limit(message: &str) -> Error {
    let error = Error::sender("OverLimit", message);
    Error { status: 403, ..error }
}

pub(crate) fn empty_batch(entry: &str) -> Error {
    Error::sender("EmptyBatchRequest", format!("There should be at least one {entry} in the request."))
        .with_query_code("AWS.SimpleQueueService.EmptyBatchRequest")
}

pub(crate) fn too_many_entries(count: usize, max: usize) -> Error {
    Error::sender(
        "TooManyEntriesInBatchRequest",
        format!("Maximum number of entries per request are {max}. You have sent {count}."),
    )
    .with_query_code("AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
}

pub(crate) fn ids_not_distinct(id: &str) -> Error {
    Error::sender("BatchEntryIdsNotDistinct", format!("Id {id} repeated."))
        .with_query_code("AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
}

pub(crate) fn invalid_batch_id() -> Error {
    Error::sender(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    )
    .with_query_code("AWS.SimpleQueueService.InvalidBatchEntryId")
}

pub(crate) fn batch_too_long(size: usize, max: usize) -> Error {
    Error::sender(
        "BatchRequestTooLong",
        format!("Batch requests cannot be longer than {max} bytes. You have sent {size} bytes."),
    )
    .with_query_code("AWS.SimpleQueueService.BatchRequestTooLong")
}

pub(crate) fn resource_not_found(message: &str) -> Error {
    let error = Error::sender("ResourceNotFoundException", message);
    Error { status: 404, ..error }
}
