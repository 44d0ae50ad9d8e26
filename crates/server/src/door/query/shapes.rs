//! What SQS's query protocol calls things: for each operation the shapes of its request and of its answer.
//!
//! Source: botocore 1.31.80, the last release whose service model `sqs/2012-11-05` speaks this protocol, and the SQS API
//! reference for what came later (`MessageSystemAttributeName`).

/// How a value is written, in a form and in XML.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Text, and what JSON writes without quotes in an answer.
    Text,
    /// A number in a request.
    Integer,
    /// Flattened: `{0}.1`, `{0}.2` in a form, one element `{0}` after the other in XML.
    List(&'static str, &'static Shape),
    /// Flattened: `{name}.1.{key}`, `{name}.1.{value}` in a form, `<{name}><{key}/><{value}/></{name}>` in XML.
    Map(Entry, &'static Shape),
    /// Named members.
    Structure(&'static [Member]),
}

/// The names of a map's parts.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
}

/// A member: its name in JSON, and its shape.
#[derive(Debug)]
pub(crate) struct Member(pub(crate) &'static str, pub(crate) Shape);

/// An operation in the query protocol.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) request: &'static [Member],
    /// Empty: an answer without a result.
    pub(crate) answer: &'static [Member],
}

impl Member {
    /// Its name in a form and in XML.
    pub(crate) fn wire_name(&self) -> &'static str {
        match &self.1 {
            Shape::List(element, _) => element,
            Shape::Map(entry, _) => entry.name,
            Shape::Text | Shape::Integer | Shape::Structure(_) => self.0,
        }
    }
}

const fn text(name: &'static str) -> Member {
    Member(name, Shape::Text)
}

const fn integer(name: &'static str) -> Member {
    Member(name, Shape::Integer)
}

const fn texts(name: &'static str, element: &'static str) -> Member {
    Member(name, Shape::List(element, &Shape::Text))
}

const fn named(name: &'static str, element: &'static str, value: &'static Shape) -> Member {
    Member(name, Shape::Map(Entry { name: element, key: "Name", value: "Value" }, value))
}

const fn tags(name: &'static str) -> Member {
    Member(name, Shape::Map(Entry { name: "Tag", key: "Key", value: "Value" }, &Shape::Text))
}

const ATTRIBUTE_VALUE: Shape =
    Shape::Structure(&[text("StringValue"), text("BinaryValue"), text("DataType")]);
const QUEUE_URL: Member = text("QueueUrl");
const ATTRIBUTES: Member = named("Attributes", "Attribute", &Shape::Text);
const MESSAGE_ATTRIBUTES: Member = named("MessageAttributes", "MessageAttribute", &ATTRIBUTE_VALUE);
const MESSAGE_SYSTEM_ATTRIBUTES: Member =
    named("MessageSystemAttributes", "MessageSystemAttribute", &ATTRIBUTE_VALUE);
const FAILED: Member = Member(
    "Failed",
    Shape::List(
        "BatchResultErrorEntry",
        &Shape::Structure(&[text("Id"), text("SenderFault"), text("Code"), text("Message")]),
    ),
);
const ID: Shape = Shape::Structure(&[text("Id")]);
const SENT: [Member; 5] = [
    text("MD5OfMessageBody"),
    text("MD5OfMessageAttributes"),
    text("MD5OfMessageSystemAttributes"),
    text("MessageId"),
    text("SequenceNumber"),
];
const SENT_ENTRY: Shape = Shape::Structure(&[
    text("Id"),
    text("MD5OfMessageBody"),
    text("MD5OfMessageAttributes"),
    text("MD5OfMessageSystemAttributes"),
    text("MessageId"),
    text("SequenceNumber"),
]);
const SEND_ENTRY: Shape = Shape::Structure(&[
    text("Id"),
    text("MessageBody"),
    integer("DelaySeconds"),
    MESSAGE_ATTRIBUTES,
    MESSAGE_SYSTEM_ATTRIBUTES,
    text("MessageDeduplicationId"),
    text("MessageGroupId"),
]);
const DELETE_ENTRY: Shape = Shape::Structure(&[text("Id"), text("ReceiptHandle")]);
const VISIBILITY_ENTRY: Shape =
    Shape::Structure(&[text("Id"), text("ReceiptHandle"), integer("VisibilityTimeout")]);
const MESSAGE: Shape = Shape::Structure(&[
    text("MessageId"),
    text("ReceiptHandle"),
    text("MD5OfBody"),
    text("MD5OfMessageAttributes"),
    text("Body"),
    ATTRIBUTES,
    MESSAGE_ATTRIBUTES,
]);
const MOVE_TASK: Shape = Shape::Structure(&[
    text("TaskHandle"),
    text("Status"),
    text("SourceArn"),
    text("DestinationArn"),
    text("MaxNumberOfMessagesPerSecond"),
    text("ApproximateNumberOfMessagesMoved"),
    text("ApproximateNumberOfMessagesToMove"),
    text("FailureReason"),
    text("StartedTimestamp"),
]);

/// Every operation of SQS: an action, as this protocol calls it.
pub(crate) const ACTIONS: &[Operation] = &[
    Operation {
        name: "AddPermission",
        request: &[
            QUEUE_URL,
            text("Label"),
            texts("AWSAccountIds", "AWSAccountId"),
            texts("Actions", "ActionName"),
        ],
        answer: &[],
    },
    Operation {
        name: "CancelMessageMoveTask",
        request: &[text("TaskHandle")],
        answer: &[text("ApproximateNumberOfMessagesMoved")],
    },
    Operation {
        name: "ChangeMessageVisibility",
        request: &[QUEUE_URL, text("ReceiptHandle"), integer("VisibilityTimeout")],
        answer: &[],
    },
    Operation {
        name: "ChangeMessageVisibilityBatch",
        request: &[
            QUEUE_URL,
            Member("Entries", Shape::List("ChangeMessageVisibilityBatchRequestEntry", &VISIBILITY_ENTRY)),
        ],
        answer: &[Member("Successful", Shape::List("ChangeMessageVisibilityBatchResultEntry", &ID)), FAILED],
    },
    Operation {
        name: "CreateQueue",
        request: &[text("QueueName"), ATTRIBUTES, tags("tags")],
        answer: &[QUEUE_URL],
    },
    Operation { name: "DeleteMessage", request: &[QUEUE_URL, text("ReceiptHandle")], answer: &[] },
    Operation {
        name: "DeleteMessageBatch",
        request: &[
            QUEUE_URL,
            Member("Entries", Shape::List("DeleteMessageBatchRequestEntry", &DELETE_ENTRY)),
        ],
        answer: &[Member("Successful", Shape::List("DeleteMessageBatchResultEntry", &ID)), FAILED],
    },
    Operation { name: "DeleteQueue", request: &[QUEUE_URL], answer: &[] },
    Operation {
        name: "GetQueueAttributes",
        request: &[QUEUE_URL, texts("AttributeNames", "AttributeName")],
        answer: &[ATTRIBUTES],
    },
    Operation {
        name: "GetQueueUrl",
        request: &[text("QueueName"), text("QueueOwnerAWSAccountId")],
        answer: &[QUEUE_URL],
    },
    Operation {
        name: "ListDeadLetterSourceQueues",
        request: &[QUEUE_URL, text("NextToken"), integer("MaxResults")],
        answer: &[texts("queueUrls", "QueueUrl"), text("NextToken")],
    },
    Operation {
        name: "ListMessageMoveTasks",
        request: &[text("SourceArn"), integer("MaxResults")],
        answer: &[Member("Results", Shape::List("ListMessageMoveTasksResultEntry", &MOVE_TASK))],
    },
    Operation { name: "ListQueueTags", request: &[QUEUE_URL], answer: &[tags("Tags")] },
    Operation {
        name: "ListQueues",
        request: &[text("QueueNamePrefix"), text("NextToken"), integer("MaxResults")],
        answer: &[texts("QueueUrls", "QueueUrl"), text("NextToken")],
    },
    Operation { name: "PurgeQueue", request: &[QUEUE_URL], answer: &[] },
    Operation {
        name: "ReceiveMessage",
        request: &[
            QUEUE_URL,
            texts("AttributeNames", "AttributeName"),
            texts("MessageSystemAttributeNames", "MessageSystemAttributeName"),
            texts("MessageAttributeNames", "MessageAttributeName"),
            integer("MaxNumberOfMessages"),
            integer("VisibilityTimeout"),
            integer("WaitTimeSeconds"),
            text("ReceiveRequestAttemptId"),
        ],
        answer: &[Member("Messages", Shape::List("Message", &MESSAGE))],
    },
    Operation { name: "RemovePermission", request: &[QUEUE_URL, text("Label")], answer: &[] },
    Operation {
        name: "SendMessage",
        request: &[
            QUEUE_URL,
            text("MessageBody"),
            integer("DelaySeconds"),
            MESSAGE_ATTRIBUTES,
            MESSAGE_SYSTEM_ATTRIBUTES,
            text("MessageDeduplicationId"),
            text("MessageGroupId"),
        ],
        answer: &SENT,
    },
    Operation {
        name: "SendMessageBatch",
        request: &[QUEUE_URL, Member("Entries", Shape::List("SendMessageBatchRequestEntry", &SEND_ENTRY))],
        answer: &[Member("Successful", Shape::List("SendMessageBatchResultEntry", &SENT_ENTRY)), FAILED],
    },
    Operation { name: "SetQueueAttributes", request: &[QUEUE_URL, ATTRIBUTES], answer: &[] },
    Operation {
        name: "StartMessageMoveTask",
        request: &[text("SourceArn"), text("DestinationArn"), integer("MaxNumberOfMessagesPerSecond")],
        answer: &[text("TaskHandle")],
    },
    Operation { name: "TagQueue", request: &[QUEUE_URL, tags("Tags")], answer: &[] },
    Operation { name: "UntagQueue", request: &[QUEUE_URL, texts("TagKeys", "TagKey")], answer: &[] },
];

#[cfg(test)]
mod tests {
    use super::ACTIONS;

    #[test]
    fn every_operation_of_sqs_has_its_shapes() {
        let served: Vec<&str> = queue::ops::OPERATIONS.iter().map(|operation| operation.name).collect();
        let shaped: Vec<&str> = ACTIONS.iter().map(|operation| operation.name).collect();
        assert_eq!(shaped, served);
    }
}
