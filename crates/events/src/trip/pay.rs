//! Paying at once: a target that is a queue or a log group of ours gets its message in the commit that accepts the event.

mod log_event;

use std::time::Duration;

use aws::encoding::hex;
use aws::{Arn, Ids, Timestamp};
use queue::limits::DEDUPLICATION_S;
use queue::queue::Fifo;
use queue::{Attribute, Deduplication, NewMessage, Queue, QueueId, Sent, name_in_arn};
use sha2::{Digest, Sha256};
use store::Tx;

use crate::buses::routing::Outlet;
use crate::dead_letters::give_up::Cause;
use crate::events::Events;
use crate::target::{Target, TargetKind};

/// What a target is sent.
pub(crate) struct Message<'m> {
    /// The target's input.
    pub(crate) body: String,
    pub(crate) trace_header: Option<String>,
    /// The event as it was accepted.
    pub(crate) event: &'m str,
    pub(crate) rule_arn: &'m Arn,
}

/// How a target was served.
pub(crate) enum Payment {
    /// It has its message, which is in a queue of ours where the target is one.
    Paid(Option<(QueueId, Sent)>),
    /// It is in another account or region: the delivery is owed.
    NotHere,
    /// It cannot be, and trying again would not mend it.
    Impossible(Cause),
}

impl Events {
    /// Whether an ARN names something of this account and region.
    pub fn is_here(&self, arn: &Arn) -> bool {
        arn.account == self.account() && arn.region == self.region()
    }

    /// The queue of ours that an ARN names.
    pub(crate) fn queue_at(&self, tx: &mut Tx<'_>, arn: &Arn) -> Option<Queue> {
        let name = name_in_arn(arn, self.account(), self.region())?;
        self.queues().find(tx, &name)
    }

    /// Gives the target its message.
    pub(crate) fn pay(
        &self,
        tx: &mut Tx<'_>,
        (outlet, message): (&Outlet, Message<'_>),
        now: Timestamp,
        ids: &Ids,
    ) -> Payment {
        if !self.is_here(&outlet.target.arn) {
            return Payment::NotHere;
        }
        match outlet.kind {
            TargetKind::LogGroup => self.pay_log_group(tx, (&outlet.target, &message), now),
            _ => self.pay_queue(tx, (&outlet.target, message), now, ids),
        }
    }

    fn pay_queue(
        &self,
        tx: &mut Tx<'_>,
        (target, message): (&Target, Message<'_>),
        now: Timestamp,
        ids: &Ids,
    ) -> Payment {
        let Some(queue) = self.queue_at(tx, &target.arn) else {
            return Payment::Impossible(Cause::at_once("NO_RESOURCE", "The specified queue does not exist."));
        };
        let most = queue.attributes.size_bytes_max;
        if message.body.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            let refusal = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            );
            return Payment::Impossible(Cause::at_once("INVALID_PARAMETER", refusal));
        }
        let delay = Duration::from_secs(u64::from(queue.attributes.delay_s));
        let new = NewMessage {
            id: ids.next_uuid(),
            body: message.body,
            sender: self.account().to_owned(),
            trace_header: message.trace_header,
            now,
            not_before: now.plus(delay),
            ..NewMessage::default()
        };
        let sent = match &queue.attributes.fifo {
            None => {
                // A group on a standard queue names a tenant of a fair queue.
                let tenant = target.message_group.clone();
                self.queues().send(tx, queue.engine, NewMessage { tenant, ..new })
            }
            Some(fifo) => match ordered(new, target.message_group.as_deref(), fifo) {
                Ok((new, key)) => {
                    let until = now.plus(Duration::from_secs(DEDUPLICATION_S));
                    self.queues().send_once(tx, queue.engine, new, Deduplication { key, until })
                }
                Err(cause) => return Payment::Impossible(cause),
            },
        };
        Payment::Paid(Some((queue.engine, sent)))
    }

    /// Sends a dead letter to a queue of ours; `false` where there is none that can take it.
    pub(crate) fn send_dead_letter(
        &self,
        tx: &mut Tx<'_>,
        (arn, event, cause): (&Arn, &str, Vec<Attribute>),
        now: Timestamp,
        ids: &Ids,
    ) -> bool {
        let Some(queue) = self.queue_at(tx, arn).filter(|queue| queue.attributes.fifo.is_none()) else {
            return false;
        };
        let message = NewMessage {
            id: ids.next_uuid(),
            body: event.to_owned(),
            attributes: cause,
            sender: self.account().to_owned(),
            now,
            not_before: now,
            ..NewMessage::default()
        };
        self.queues().send(tx, queue.engine, message);
        true
    }
}

/// The message with its group and deduplication id, and the key under which a duplicate of it is found. Source: SQS API
/// reference, SendMessage; EventBridge needs ContentBasedDeduplication of a FIFO target (user guide, "SQS queues").
fn ordered(message: NewMessage, group: Option<&str>, fifo: &Fifo) -> Result<(NewMessage, String), Cause> {
    let refuse = |reason: &str| Err(Cause::at_once("INVALID_PARAMETER", reason));
    let Some(group) = group else {
        return refuse("The request must contain the parameter MessageGroupId.");
    };
    if !fifo.content_based {
        return refuse(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        );
    }
    let digest = Sha256::digest(message.body.as_bytes());
    let id = hex(&digest);
    let key = if fifo.scope_is_group { format!("{group}\0{id}") } else { id.clone() };
    let group = Some(group.to_owned());
    Ok((NewMessage { group, deduplication_id: Some(id), ..message }, key))
}
