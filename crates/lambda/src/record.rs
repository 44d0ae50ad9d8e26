//! A message as a function gets it: an SQS event's record. Source of its form: AWS, "Using Lambda with Amazon SQS", and
//! LocalStack's recordings.

use aws::Arn;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use queue::{ReceivedMessage, Value as AttributeValue};
use serde_json::{Map, Value, json};

/// The record of a message.
pub(crate) fn record(message: &ReceivedMessage, source: &Arn) -> Value {
    let mut record = Map::new();
    let mut set = |member: &str, value: Value| record.insert(member.to_owned(), value);
    set("messageId", json!(message.id));
    set("receiptHandle", json!(message.handle.to_string()));
    set("body", json!(message.body));
    set("attributes", attributes(message));
    set("messageAttributes", message_attributes(message));
    set("md5OfBody", json!(message.body_md5()));
    if let Some(md5) = message.attributes_md5() {
        set("md5OfMessageAttributes", json!(md5));
    }
    set("eventSource", json!("aws:sqs"));
    set("eventSourceARN", json!(source.to_string()));
    set("awsRegion", json!(source.region));
    Value::Object(record)
}

fn attributes(message: &ReceivedMessage) -> Value {
    let first = message.first_received_at.unix_ms().to_string();
    let all = [
        ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
        ("AWSTraceHeader", message.trace_header.clone()),
        ("SentTimestamp", Some(message.sent_at.unix_ms().to_string())),
        ("SequenceNumber", message.shown_sequence()),
        ("MessageGroupId", message.group.clone().or_else(|| message.tenant.clone())),
        ("SenderId", Some(message.sender.clone()).filter(|sender| !sender.is_empty())),
        ("MessageDeduplicationId", message.deduplication_id.clone()),
        ("ApproximateFirstReceiveTimestamp", Some(first)),
        ("DeadLetterQueueSourceArn", message.dead_letter_source.clone()),
    ];
    let present = all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Value::Object(present.collect())
}

fn message_attributes(message: &ReceivedMessage) -> Value {
    let shown = message.attributes.iter().map(|attribute| {
        let (member, text) = match &attribute.value {
            AttributeValue::Text(text) => ("stringValue", text.clone()),
            AttributeValue::Bytes(bytes) => ("binaryValue", STANDARD.encode(bytes)),
        };
        let value = json!({member: text, "stringListValues": [], "binaryListValues": [],
            "dataType": attribute.data_type});
        (attribute.name.clone(), value)
    });
    Value::Object(shown.collect())
}
