//! Giving a delivery up: to the target's dead-letter queue with its cause, or, where there is none, for good.

use aws::Arn;
use queue::{Attribute, NewMessage, Queue, name_in_arn};
use store::{Commit, Tx};

use crate::events::Events;
use crate::target::input::InputFailure;
use crate::trip::delivery::Delivery;

/// Why a delivery is given up. The codes are those of the EventBridge user guide, "Using dead-letter queues to process
/// undelivered events".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) code: String,
    pub(crate) message: String,
    /// Tries after the first.
    pub(crate) retries: u32,
    pub(crate) exhausted: Option<RetryLimit>,
}

/// Which limit of the retry policy was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryLimit {
    Attempts,
    Age,
}

/// What became of a delivery that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveUp {
    /// It is in the dead-letter queue.
    DeadLettered,
    /// There is no dead-letter queue, or it does not exist: the delivery is lost, and counted.
    Lost,
}

/// A delivery that is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedDelivery<'d> {
    pub(crate) delivery: &'d Delivery,
    /// The whole envelope.
    pub(crate) event: &'d str,
    pub(crate) cause: &'d Cause,
}

impl Cause {
    /// Retrying cannot mend it.
    pub(crate) fn at_once(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), retries: 0, exhausted: None }
    }

    pub(crate) fn input(failure: &InputFailure) -> Self {
        Self::at_once("INVALID_PARAMETER", failure.to_string())
    }

    /// "EventBridge can't route events received from a sender event bus to a third event bus" (user guide, "Sending and
    /// receiving events between event buses"); so no circle of rules turns for ever.
    pub(crate) fn second_hop() -> Self {
        Self::at_once(
            "THIRD_ACCOUNT_HOP_DETECTED",
            "The event came from another event bus and cannot be forwarded to a third one.",
        )
    }

    fn attributes(&self, delivery: &Delivery) -> Vec<Attribute> {
        let mut attributes = vec![
            Attribute::text("RULE_ARN", delivery.rule_arn.to_string()),
            Attribute::text("TARGET_ARN", delivery.target.arn.to_string()),
            Attribute::text("ERROR_CODE", self.code.clone()),
            Attribute::text("ERROR_MESSAGE", self.message.clone()),
            Attribute::text("RETRY_ATTEMPTS", self.retries.to_string()),
        ];
        if let Some(exhausted) = self.exhausted {
            let condition = match exhausted {
                RetryLimit::Attempts => "MaximumRetryAttempts",
                RetryLimit::Age => "MaximumEventAgeInSeconds",
            };
            attributes.push(Attribute::text("EXHAUSTED_RETRY_CONDITION", condition));
        }
        attributes
    }
}

impl Events {
    /// Gives a delivery up in this commit. Its books are the caller's.
    pub(crate) fn give_up(&self, commit: &mut Commit<'_>, failed: FailedDelivery<'_>) -> GiveUp {
        let FailedDelivery { delivery, event, cause } = failed;
        let Some(arn) = &delivery.target.dead_letter_arn else { return GiveUp::Lost };
        // As on AWS: without a permission for it, the letter is lost.
        if self.dead_letter_refusal(&mut commit.tx, &delivery.rule_arn, arn).is_some() {
            return GiveUp::Lost;
        }
        if self.send_dead_letter(commit, arn, event, cause.attributes(delivery)) {
            GiveUp::DeadLettered
        } else {
            GiveUp::Lost
        }
    }

    /// The queue of ours that an ARN names.
    fn queue_at(&self, tx: &mut Tx<'_>, arn: &Arn) -> Option<Queue> {
        let name = name_in_arn(arn, self.account(), self.region())?;
        self.queues().find(tx, &name)
    }

    /// Sends a dead letter to a queue of ours; `false` where there is none that can take it.
    fn send_dead_letter(
        &self,
        commit: &mut Commit<'_>,
        arn: &Arn,
        event: &str,
        attributes: Vec<Attribute>,
    ) -> bool {
        let Some(queue) = self.queue_at(commit, arn).filter(|queue| queue.attributes.fifo.is_none()) else {
            return false;
        };
        let message = NewMessage {
            id: commit.ids.next_uuid(),
            body: event.to_owned(),
            attributes,
            sender: self.account().to_owned(),
            now: commit.now,
            not_before: commit.now,
            ..NewMessage::default()
        };
        self.queues().send(commit, queue.engine, message);
        true
    }
}
