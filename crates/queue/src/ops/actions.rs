//! What SQS's query protocol calls things: for each operation the shapes of its request and of its answer.
//!
//! Source: botocore 1.31.80, the last release whose service model `sqs/2012-11-05` speaks this protocol, and the SQS API
//! reference for what came later (`MessageSystemAttributeName`).

use aws::query::{Action, Entry, Member, Shape, integer, text, texts};

const fn named(name: &'static str, element: &'static str, value: &'static Shape) -> Member {
    Member::new(name, Shape::Map(Entry { name: element, key: "Name", value: "Value" }, value))
}

const fn tags(name: &'static str) -> Member {
    Member::new(name, Shape::Map(Entry { name: "Tag", key: "Key", value: "Value" }, &Shape::Text))
}

const ATTRIBUTE_VALUE: Shape =
    Shape::Structure(&[text("StringValue"), text("BinaryValue"), text("DataType")]);
const QUEUE_URL: Member = text("QueueUrl");
const ATTRIBUTES: Member = named("Attributes", "Attribute", &Shape::Text);
const MESSAGE_ATTRIBUTES: Member = named("MessageAttributes", "MessageAttribute", &ATTRIBUTE_VALUE);
const MESSAGE_SYSTEM_ATTRIBUTES: Member =
    named("MessageSystemAttributes", "MessageSystemAttribute", &ATTRIBUTE_VALUE);
const FAILED: Member = Member::new(
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
pub(crate) const ACTIONS: &[Action] = &[
    Action {
        name: "AddPermission",
        request: &[
            QUEUE_URL,
            text("Label"),
            texts("AWSAccountIds", "AWSAccountId"),
            texts("Actions", "ActionName"),
        ],
        answer: &[],
    },
    Action {
        name: "CancelMessageMoveTask",
        request: &[text("TaskHandle")],
        answer: &[text("ApproximateNumberOfMessagesMoved")],
    },
    Action {
        name: "ChangeMessageVisibility",
        request: &[QUEUE_URL, text("ReceiptHandle"), integer("VisibilityTimeout")],
        answer: &[],
    },
    Action {
        name: "ChangeMessageVisibilityBatch",
        request: &[
            QUEUE_URL,
            Member::new(
                "Entries",
                Shape::List("ChangeMessageVisibilityBatchRequestEntry", &VISIBILITY_ENTRY),
            ),
        ],
        answer: &[
            Member::new("Successful", Shape::List("ChangeMessageVisibilityBatchResultEntry", &ID)),
            FAILED,
        ],
    },
    Action {
        name: "CreateQueue",
        request: &[text("QueueName"), ATTRIBUTES, tags("tags")],
        answer: &[QUEUE_URL],
    },
    Action { name: "DeleteMessage", request: &[QUEUE_URL, text("ReceiptHandle")], answer: &[] },
    Action {
        name: "DeleteMessageBatch",
        request: &[
            QUEUE_URL,
            Member::new("Entries", Shape::List("DeleteMessageBatchRequestEntry", &DELETE_ENTRY)),
        ],
        answer: &[Member::new("Successful", Shape::List("DeleteMessageBatchResultEntry", &ID)), FAILED],
    },
    Action { name: "DeleteQueue", request: &[QUEUE_URL], answer: &[] },
    Action {
        name: "GetQueueAttributes",
        request: &[QUEUE_URL, texts("AttributeNames", "AttributeName")],
        answer: &[ATTRIBUTES],
    },
    Action {
        name: "GetQueueUrl",
        request: &[text("QueueName"), text("QueueOwnerAWSAccountId")],
        answer: &[QUEUE_URL],
    },
    Action {
        name: "ListDeadLetterSourceQueues",
        request: &[QUEUE_URL, text("NextToken"), integer("MaxResults")],
        answer: &[texts("queueUrls", "QueueUrl"), text("NextToken")],
    },
    Action {
        name: "ListMessageMoveTasks",
        request: &[text("SourceArn"), integer("MaxResults")],
        answer: &[Member::new("Results", Shape::List("ListMessageMoveTasksResultEntry", &MOVE_TASK))],
    },
    Action { name: "ListQueueTags", request: &[QUEUE_URL], answer: &[tags("Tags")] },
    Action {
        name: "ListQueues",
        request: &[text("QueueNamePrefix"), text("NextToken"), integer("MaxResults")],
        answer: &[texts("QueueUrls", "QueueUrl"), text("NextToken")],
    },
    Action { name: "PurgeQueue", request: &[QUEUE_URL], answer: &[] },
    Action {
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
        answer: &[Member::new("Messages", Shape::List("Message", &MESSAGE))],
    },
    Action { name: "RemovePermission", request: &[QUEUE_URL, text("Label")], answer: &[] },
    Action {
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
    Action {
        name: "SendMessageBatch",
        request: &[
            QUEUE_URL,
            Member::new("Entries", Shape::List("SendMessageBatchRequestEntry", &SEND_ENTRY)),
        ],
        answer: &[Member::new("Successful", Shape::List("SendMessageBatchResultEntry", &SENT_ENTRY)), FAILED],
    },
    Action { name: "SetQueueAttributes", request: &[QUEUE_URL, ATTRIBUTES], answer: &[] },
    Action {
        name: "StartMessageMoveTask",
        request: &[text("SourceArn"), text("DestinationArn"), integer("MaxNumberOfMessagesPerSecond")],
        answer: &[text("TaskHandle")],
    },
    Action { name: "TagQueue", request: &[QUEUE_URL, tags("Tags")], answer: &[] },
    Action { name: "UntagQueue", request: &[QUEUE_URL, texts("TagKeys", "TagKey")], answer: &[] },
];

#[cfg(test)]
mod tests {
    use super::ACTIONS;

    #[test]
    fn every_operation_of_sqs_has_its_shapes() {
        let served: Vec<&str> = crate::ops::OPERATIONS.iter().map(|operation| operation.name).collect();
        let shaped: Vec<&str> = ACTIONS.iter().map(|operation| operation.name).collect();
        assert_eq!(shaped, served);
    }
}
