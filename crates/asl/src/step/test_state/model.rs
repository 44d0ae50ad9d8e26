//! The shapes of answers against which a mocked result is checked: those of the operations that are served here, and a few
//! more of which AWS's answers are known. The answer of any other operation is taken as it is.

use serde_json::Value;

use crate::resource::Pattern;
use crate::step::test_state::FieldValidation;

/// What a value has to be.
#[derive(Debug)]
pub(super) enum Shape {
    Any,
    /// Also moments and blobs, which are texts in states.
    Text,
    /// A text that is not empty.
    FullText,
    OneOf(&'static [&'static str]),
    Number,
    Within(Bounds),
    List(&'static Shape),
    Structure(&'static [Member]),
}

/// The least and the greatest value.
#[derive(Debug)]
pub(super) struct Bounds {
    min: f64,
    max: f64,
}

/// A member of a structure.
#[derive(Debug)]
pub(super) struct Member {
    name: &'static str,
    is_required: bool,
    shape: Shape,
}

const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, is_required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, is_required: false, shape }
}

/// What an operation answers.
struct Operation {
    service: &'static str,
    action: &'static str,
    output: Shape,
}

const CAPACITY: Shape = Shape::Structure(&[
    optional("TableName", Shape::Text),
    optional("CapacityUnits", Shape::Number),
    optional("ReadCapacityUnits", Shape::Number),
    optional("WriteCapacityUnits", Shape::Number),
]);

const STARTED: Shape =
    Shape::Structure(&[required("ExecutionArn", Shape::Text), required("StartDate", Shape::Text)]);

const DESCRIBED: Shape = Shape::Structure(&[
    required("ExecutionArn", Shape::Text),
    required("StateMachineArn", Shape::Text),
    required("Status", Shape::Text),
    required("StartDate", Shape::Text),
    optional("StopDate", Shape::Text),
    optional("Name", Shape::Text),
    optional("Input", Shape::Any),
    optional("Output", Shape::Any),
    optional("Error", Shape::Text),
    optional("Cause", Shape::Text),
]);

const PUT: Shape = Shape::Structure(&[
    optional(
        "Entries",
        Shape::List(&Shape::Structure(&[
            optional("EventId", Shape::Text),
            optional("ErrorCode", Shape::Text),
            optional("ErrorMessage", Shape::Text),
        ])),
    ),
    optional("FailedEntryCount", Shape::Number),
]);

const SENT: Shape = Shape::Structure(&[
    optional("MD5OfMessageBody", Shape::Text),
    optional("MD5OfMessageAttributes", Shape::Text),
    optional("MD5OfMessageSystemAttributes", Shape::Text),
    optional("MessageId", Shape::Text),
    optional("SequenceNumber", Shape::Text),
]);

const ITEM: Shape = Shape::Structure(&[optional("ConsumedCapacity", CAPACITY)]);

const STORAGE_CLASSES: &[&str] = &[
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
    "FSX_OPENZFS",
];

const OPERATIONS: [Operation; 11] = [
    Operation { service: "states", action: "startExecution", output: STARTED },
    Operation { service: "events", action: "putEvents", output: PUT },
    Operation { service: "sqs", action: "sendMessage", output: SENT },
    Operation {
        service: "lambda",
        action: "invoke",
        output: Shape::Structure(&[
            optional("StatusCode", Shape::Number),
            optional("ExecutedVersion", Shape::Text),
            optional("FunctionError", Shape::Text),
            optional("LogResult", Shape::Text),
        ]),
    },
    Operation { service: "dynamodb", action: "getItem", output: ITEM },
    Operation { service: "dynamodb", action: "putItem", output: ITEM },
    Operation { service: "dynamodb", action: "updateItem", output: ITEM },
    Operation { service: "dynamodb", action: "deleteItem", output: ITEM },
    Operation {
        service: "lambda",
        action: "getFunction",
        output: Shape::Structure(&[optional(
            "Configuration",
            Shape::Structure(&[optional("MemorySize", Shape::Within(Bounds { min: 128.0, max: 10_240.0 }))]),
        )]),
    },
    Operation {
        service: "kms",
        action: "encrypt",
        output: Shape::Structure(&[
            optional("CiphertextBlob", Shape::FullText),
            optional("KeyId", Shape::FullText),
        ]),
    },
    Operation {
        service: "s3",
        action: "getObject",
        output: Shape::Structure(&[
            optional("ContentLength", Shape::Number),
            optional("StorageClass", Shape::OneOf(STORAGE_CLASSES)),
        ]),
    },
];

/// The shape of an operation's answer, where it is known. A `.sync` task's is that of the call that polls.
pub(super) fn output_of(service: &str, action: &str, pattern: Pattern) -> Option<&'static Shape> {
    let service = match service.strip_prefix("aws-sdk:").unwrap_or(service) {
        "sfn" => "states",
        "eventbridge" => "events",
        other => other,
    };
    if service == "states" && matches!(pattern, Pattern::Sync | Pattern::Sync2) {
        return Some(&DESCRIBED);
    }
    let found =
        OPERATIONS.iter().find(|operation| operation.service == service && operation.action == action);
    found.map(|operation| &operation.output)
}

/// What is wrong with a value, in AWS's words.
pub(super) fn check(shape: &Shape, value: &Value, field: &str, mode: FieldValidation) -> Result<(), String> {
    let must_be = |what: &str| Err(format!("Field '{field}' must be {what}"));
    match shape {
        Shape::Any => Ok(()),
        Shape::Text | Shape::FullText | Shape::OneOf(_) => match (shape, value.as_str()) {
            (_, None) => must_be("a string"),
            (Shape::FullText, Some("")) => Err(format!("Field '{field}' is smaller than the minimum length")),
            (Shape::OneOf(known), Some(text)) if !known.contains(&text) => {
                Err(format!("Field '{field}' is not an expected value"))
            }
            _ => Ok(()),
        },
        Shape::Number | Shape::Within(_) => match (shape, value.as_f64()) {
            (_, None) => must_be("a number"),
            (Shape::Within(bounds), Some(number)) if number < bounds.min => {
                Err(format!("Field '{field}' is less than the minimum value"))
            }
            (Shape::Within(bounds), Some(number)) if number > bounds.max => {
                Err(format!("Field '{field}' exceeds the maximum value"))
            }
            _ => Ok(()),
        },
        Shape::List(item) => match value.as_array() {
            None => must_be("an array"),
            Some(items) => items.iter().try_for_each(|value| check(item, value, field, mode)),
        },
        Shape::Structure(members) => {
            let Some(given) = value.as_object() else { return must_be("an object") };
            for member in *members {
                match given.get(member.name) {
                    Some(value) => check(&member.shape, value, member.name, mode)?,
                    None if member.is_required && mode == FieldValidation::Strict => {
                        return Err(format!("Required field '{}' is missing", member.name));
                    }
                    None => {}
                }
            }
            Ok(())
        }
    }
}
