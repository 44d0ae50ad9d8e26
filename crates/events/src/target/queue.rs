//! An SQS queue as a target: one of this account and region has its message in the commit that accepts the event.

use std::time::Duration;

use aws::Error;
use aws::encoding::hex;
use queue::limits::DEDUPLICATION_S;
use queue::queue::Fifo;
use queue::{Deduplication, NewMessage, Queues};
use sha2::{Digest, Sha256};
use store::Commit;

use crate::dead_letters::location::MessageLocation;
use crate::target::Target;
use crate::target::kind::{Service, TargetKind};
use crate::trip::pay_hook::{Debt, PayHook, Payment, Receipt};

/// SQS queues.
pub static KIND: TargetKind = TargetKind {
    plural: "SQS queues",
    here: Service::InCommit,
    elsewhere: Service::Called,
    takes_http_parameters: false,
    is_named_by: |arn| arn.service == "sqs",
    check,
    no_way_back: "its FIFO queue has taken it for a message that it has, so there is none to take back",
};

fn check(target: &Target) -> Result<(), Error> {
    if target.arn.resource.ends_with(".fifo") && target.message_group.is_none() {
        return Err(Error::validation(format!(
            "Parameter(s) SqsParameters must be specified for target: {}.",
            target.id
        )));
    }
    Ok(())
}

/// The queues of this account and region.
#[derive(Debug)]
pub(crate) struct QueueHook(pub(crate) Queues);

impl PayHook for QueueHook {
    fn pay(&self, commit: &mut Commit<'_>, debt: Debt<'_>) -> Payment {
        let now = commit.now;
        let target = debt.target;
        let Some(queue) = self.0.find(&mut commit.tx, &target.arn.resource) else {
            return Payment::refused("NO_RESOURCE", "The specified queue does not exist.");
        };
        let most = queue.attributes.size_bytes_max;
        if debt.input.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            let refusal = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            );
            return Payment::refused("INVALID_PARAMETER", refusal);
        }
        let delay = Duration::from_secs(u64::from(queue.attributes.delay_s));
        let new = NewMessage {
            id: commit.ids.next_uuid(),
            body: debt.input,
            sender: target.arn.account.clone(),
            trace_header: debt.trace_header.map(str::to_owned),
            now,
            not_before: now.plus(delay),
            ..NewMessage::default()
        };
        let sent = match &queue.attributes.fifo {
            None => {
                // A group on a standard queue names a tenant of a fair queue.
                let tenant = target.message_group.clone();
                self.0.send(commit, queue.engine, NewMessage { tenant, ..new })
            }
            Some(fifo) => match ordered(new, target.message_group.as_deref(), fifo) {
                Ok(OrderedMessage { message: new, key }) => {
                    let until = now.plus(Duration::from_secs(DEDUPLICATION_S));
                    self.0.send_once(commit, queue.engine, new, Deduplication { key, until })
                }
                Err(refusal) => return Payment::refused("INVALID_PARAMETER", refusal),
            },
        };
        let location = (!sent.duplicate).then(|| MessageLocation::of(queue.engine, &sent));
        Payment::Paid(Receipt { id: Some(sent.id), location })
    }
}

/// A message for a FIFO queue, and the key under which a duplicate of it is found.
struct OrderedMessage {
    message: NewMessage,
    key: String,
}

/// The message with its group and deduplication id, and the key under which a duplicate of it is found. Source: SQS API
/// reference, SendMessage; EventBridge needs ContentBasedDeduplication of a FIFO target (user guide, "SQS queues").
fn ordered(message: NewMessage, group: Option<&str>, fifo: &Fifo) -> Result<OrderedMessage, &'static str> {
    let Some(group) = group else {
        return Err("The request must contain the parameter MessageGroupId.");
    };
    if !fifo.content_based {
        return Err(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        );
    }
    let digest = Sha256::digest(message.body.as_bytes());
    let id = hex(&digest);
    let key = if fifo.scope_is_group { format!("{group}\0{id}") } else { id.clone() };
    let group = Some(group.to_owned());
    Ok(OrderedMessage { message: NewMessage { group, deduplication_id: Some(id), ..message }, key })
}
