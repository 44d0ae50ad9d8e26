//! Whether a mocked result has the form of the service's answer; for the operations that are listed here.

use serde_json::Value;

use crate::resource::{Pattern, Resource};

/// The form of a value in a service's model.
#[derive(Debug)]
enum Shape {
    Text,
    /// Text of at least so many characters.
    TextFrom(usize),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    Number,
    NumberIn(f64, f64),
    Flag,
    List(&'static Shape),
    Object(&'static [Member]),
}

/// A member of an object.
#[derive(Debug)]
struct Member {
    name: &'static str,
    shape: Shape,
    required: bool,
}

const fn optional(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: false }
}

const fn required(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: true }
}

/// An operation's answer, after AWS's models.
struct Answer {
    service: &'static str,
    action: &'static str,
    members: &'static [Member],
}

const CAPACITY: Shape = Shape::Object(&[
    optional("TableName", Shape::Text),
    optional("CapacityUnits", Shape::Number),
    optional("ReadCapacityUnits", Shape::Number),
    optional("WriteCapacityUnits", Shape::Number),
]);

const ENTRY: Shape = Shape::Object(&[
    optional("EventId", Shape::Text),
    optional("ErrorCode", Shape::Text),
    optional("ErrorMessage", Shape::Text),
]);

const ANSWERS: &[Answer] = &[
    Answer {
        service: "events",
        action: "putEvents",
        members: &[optional("FailedEntryCount", Shape::Number), optional("Entries", Shape::List(&ENTRY))],
    },
    Answer {
        service: "states",
        action: "startExecution",
        members: &[required("ExecutionArn", Shape::Text), required("StartDate", Shape::Text)],
    },
    Answer {
        service: "sfn",
        action: "startExecution",
        members: &[required("ExecutionArn", Shape::Text), required("StartDate", Shape::Text)],
    },
    Answer {
        service: "sqs",
        action: "sendMessage",
        members: &[
            optional("MD5OfMessageBody", Shape::Text),
            optional("MD5OfMessageAttributes", Shape::Text),
            optional("MessageId", Shape::Text),
            optional("SequenceNumber", Shape::Text),
        ],
    },
    Answer { service: "dynamodb", action: "putItem", members: &[optional("ConsumedCapacity", CAPACITY)] },
    Answer { service: "dynamodb", action: "getItem", members: &[optional("ConsumedCapacity", CAPACITY)] },
    Answer { service: "dynamodb", action: "updateItem", members: &[optional("ConsumedCapacity", CAPACITY)] },
    Answer { service: "dynamodb", action: "deleteItem", members: &[optional("ConsumedCapacity", CAPACITY)] },
    Answer {
        service: "kms",
        action: "encrypt",
        members: &[
            optional("CiphertextBlob", Shape::TextFrom(1)),
            optional("KeyId", Shape::TextFrom(1)),
            optional("EncryptionAlgorithm", Shape::Text),
        ],
    },
    Answer {
        service: "lambda",
        action: "getFunction",
        members: &[optional(
            "Configuration",
            Shape::Object(&[
                optional("FunctionName", Shape::Text),
                optional("FunctionArn", Shape::Text),
                optional("MemorySize", Shape::NumberIn(128.0, 10_240.0)),
                optional("Timeout", Shape::NumberIn(1.0, f64::MAX)),
            ]),
        )],
    },
    Answer {
        service: "s3",
        action: "getObject",
        members: &[
            optional("ContentLength", Shape::Number),
            optional("ContentType", Shape::Text),
            optional("ETag", Shape::Text),
            optional("DeleteMarker", Shape::Flag),
            optional(
                "StorageClass",
                Shape::OneOf(&[
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
                ]),
            ),
        ],
    },
];

/// Checks a mocked result: `STRICT` all of it, `PRESENT` what is there, `NONE` nothing.
///
/// # Errors
/// AWS's message of the first member that does not fit.
pub(super) fn check(resource: &Resource, result: &Value, mode: &str) -> Result<(), String> {
    let Resource::Service { service, action, pattern: Pattern::RequestResponse, .. } = resource else {
        return Ok(());
    };
    let service = service.strip_prefix("aws-sdk:").unwrap_or(service);
    let known = ANSWERS.iter().find(|answer| answer.service == service && answer.action == action);
    let (Some(answer), false) = (known, mode == "NONE") else { return Ok(()) };
    let checked = if mode == "STRICT" { Checking::All } else { Checking::Present };
    members(answer.members, result, checked)
        .map_err(|what| format!("Mock result schema validation error: {what}"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Checking {
    All,
    Present,
}

fn members(known: &[Member], value: &Value, checking: Checking) -> Result<(), String> {
    for member in known {
        match value.get(member.name) {
            Some(value) => fits(member, value, checking)?,
            None if member.required && checking == Checking::All => {
                return Err(format!("Required field '{}' is missing", member.name));
            }
            None => {}
        }
    }
    Ok(())
}

fn fits(member: &Member, value: &Value, checking: Checking) -> Result<(), String> {
    shape(member.name, &member.shape, value, checking)
}

fn shape(name: &str, wanted: &Shape, value: &Value, checking: Checking) -> Result<(), String> {
    let must_be = |what: &str| Err(format!("Field '{name}' must be {what}"));
    match (wanted, value) {
        (Shape::Text, Value::String(_))
        | (Shape::Number, Value::Number(_))
        | (Shape::Flag, Value::Bool(_)) => Ok(()),
        (Shape::TextFrom(shortest), Value::String(text)) if text.chars().count() >= *shortest => Ok(()),
        (Shape::TextFrom(_), Value::String(_)) => {
            Err(format!("Field '{name}' is smaller than the minimum length"))
        }
        (Shape::OneOf(known), Value::String(text)) if known.contains(&text.as_str()) => Ok(()),
        (Shape::OneOf(_), Value::String(_)) => Err(format!("Field '{name}' is not an expected value")),
        (Shape::NumberIn(least, most), Value::Number(number)) => match number.as_f64().unwrap_or_default() {
            number if number < *least => Err(format!("Field '{name}' is less than the minimum value")),
            number if number > *most => Err(format!("Field '{name}' exceeds the maximum value")),
            _ => Ok(()),
        },
        (Shape::List(item), Value::Array(items)) => {
            items.iter().try_for_each(|value| shape(name, item, value, checking))
        }
        (Shape::Object(known), Value::Object(_)) => members(known, value, checking),
        (Shape::Text | Shape::TextFrom(_) | Shape::OneOf(_), _) => must_be("a string"),
        (Shape::Number | Shape::NumberIn(..), _) => must_be("a number"),
        (Shape::Flag, _) => must_be("a boolean"),
        (Shape::List(_), _) => must_be("an array"),
        (Shape::Object(_), _) => must_be("an object"),
    }
}
