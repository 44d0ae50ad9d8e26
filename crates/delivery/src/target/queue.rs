//! An SQS queue of another account or region, on AWS; one of this store was paid when the event was accepted.

use aws::api::SQS;
use aws_client::{Endpoint, ServiceRequest};
use events::target::queue;
use serde_json::{Value, json};

use crate::target::aws_api::{ResourceCall, send};
use crate::target::{CallOutcome, Caller, Outside, Parcel};

/// SQS queues.
pub(super) static CALLER: Caller =
    Caller { kind: &queue::KIND, carry: |outside, parcel| Box::pin(carry(outside, parcel)) };

/// SendMessage. A FIFO queue deduplicates by content, as EventBridge asks of it.
async fn carry(outside: &Outside, parcel: Parcel<'_>) -> CallOutcome {
    let Parcel { events, owed, .. } = parcel;
    let arn = &owed.target.arn;
    let official = Endpoint::official(SQS.scope, &arn.region);
    let url = format!("{}/{}/{}", official.origin, arn.account, arn.resource);
    let mut body = json!({"QueueUrl": url, "MessageBody": owed.input});
    if let Some(group) = &owed.target.message_group {
        set(&mut body, "MessageGroupId", json!(group));
    }
    if let Some(trace) = events.onward_header(owed) {
        let header = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": trace}});
        set(&mut body, "MessageSystemAttributes", header);
    }
    let request = ServiceRequest::json(&SQS, &arn.region, "SendMessage", body.to_string());
    send(outside, ResourceCall { arn, request }, &[]).await
}

fn set(body: &mut Value, member: &str, value: Value) {
    if let Some(members) = body.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}
