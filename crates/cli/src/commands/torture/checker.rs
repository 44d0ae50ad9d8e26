//! The judge: is fed every line of the journal, in the journal's order, and says which line breaks a promise.
//!
//! It knows the messages of the present epoch only. An epoch ends when all queues have been drained; whatever comes out
//! with a number of an earlier one is then a message that was settled. So memory is bounded by an epoch's messages.
//!
//! A call's answer is journaled a little after the server gave it, so of two lines close in time either may come first.
//! Every rule here holds in both orders: where it cannot tell, it says nothing.

mod books;
mod executions;
mod message;
mod tables;

use std::collections::{HashMap, VecDeque};

use crate::commands::torture::checker::books::Ledger;
use crate::commands::torture::checker::executions::ExecutionJudge;
use crate::commands::torture::checker::message::Message;
use crate::commands::torture::checker::tables::TableJudge;
use crate::commands::torture::line::{Kind, Line, Number, Queue, Receipt};

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// What happened.
    pub(crate) sentence: String,
    /// The messages that it happened to.
    pub(crate) numbers: Vec<Number>,
}

/// What has been seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) kills: u64,
    pub(crate) kills_in_recovery: u64,
    /// Messages handed to the server, whatever became of the call.
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    /// Acknowledged before and sent again with the same deduplication id.
    pub(crate) sent_again: u64,
    /// Messages received at least once.
    pub(crate) received: u64,
    /// Receives of a message that had been received before.
    pub(crate) received_again: u64,
    /// Receives whose answer a kill cut off: the server counts them, nobody saw them.
    pub(crate) received_unseen: u64,
    /// The most that those can be: what was asked for by receives in flight at the kills.
    pub(crate) unseen_max: u64,
    /// Deletes acknowledged.
    pub(crate) deleted: u64,
    /// Calls that a kill cut off.
    pub(crate) cut: u64,
    /// Leases and pairs of a table that were acknowledged.
    pub(crate) table_writes: u64,
    /// Executions whose start was acknowledged, and those whose end was seen.
    pub(crate) executions: u64,
    pub(crate) executions_ended: u64,
    /// Times that all queues were drained and all books balanced.
    pub(crate) drained: u64,
}

impl Tally {
    /// One kill more; `in_recovery` is 1 where it came while the server was reading what the one before left.
    fn killed(&mut self, in_recovery: u64) {
        self.kills += 1;
        self.kills_in_recovery += in_recovery;
    }
}

/// A call whose answer has not come.
#[derive(Debug)]
enum Pending {
    Receive { asked_ms: u64, queue: Queue, max: u32, visibility_ms: u64 },
    Hide { asked_ms: u64, visibility_ms: u64 },
}

/// The judge. Feed it with [`Checker::observe`].
#[derive(Debug, Default)]
pub(crate) struct Checker {
    /// The first number of this epoch.
    base: Number,
    messages: Vec<Option<Message>>,
    /// Of each group the messages not surely deleted, in the order of sending.
    groups: HashMap<u16, VecDeque<Number>>,
    pending: HashMap<u64, Pending>,
    unseen_allowed: u64,
    ledger: Ledger,
    table: TableJudge,
    executions: ExecutionJudge,
    tally: Tally,
    /// Messages sent and not deleted: what producers wait for.
    outstanding: u64,
}

type Outcome = Result<(), Violation>;

fn violation(sentence: String, numbers: &[Number]) -> Outcome {
    Err(Violation { sentence, numbers: numbers.to_vec() })
}

impl Checker {
    /// The counts so far.
    pub(crate) fn tally(&self) -> Tally {
        Tally {
            table_writes: self.table.acknowledged,
            executions: self.executions.acknowledged,
            executions_ended: self.executions.ended,
            ..self.tally
        }
    }

    /// Executions that must end before the next drain has.
    pub(crate) fn executions_begun(&self) -> Vec<Number> {
        self.executions.begun()
    }

    /// Messages sent and not deleted, more or less.
    pub(crate) fn outstanding(&self) -> u64 {
        self.outstanding
    }

    /// Messages of this epoch: what memory is used for.
    pub(crate) fn epoch_size(&self) -> usize {
        self.messages.len()
    }

    /// Takes the next line: its time in ms since 1970, its call, what it says.
    ///
    /// # Errors
    /// The promise that it breaks.
    pub(crate) fn observe(&mut self, at_ms: u64, call: u64, line: &Line) -> Outcome {
        match line {
            Line::Sending { kind, numbers } => {
                numbers.iter().for_each(|number| self.sending(at_ms, *kind, *number));
                Ok(())
            }
            Line::Sent { messages } => {
                messages.iter().try_for_each(|(number, id)| self.acknowledged(*number, *id))
            }
            Line::Receiving { queue, max, visibility_ms: hidden } => {
                let asked =
                    Pending::Receive { asked_ms: at_ms, queue: *queue, max: *max, visibility_ms: *hidden };
                self.pending.insert(call, asked);
                Ok(())
            }
            Line::Received { receipts } => self.received(at_ms, call, receipts),
            Line::Deleting { receipts } => {
                self.each(receipts, |message, _| {
                    message.delete_tries = message.delete_tries.saturating_add(1)
                });
                Ok(())
            }
            Line::Hiding { receipts, visibility_ms } => {
                self.hiding(at_ms, call, receipts, *visibility_ms);
                Ok(())
            }
            Line::Hidden { receipts } => {
                self.hidden(call, receipts);
                Ok(())
            }
            Line::Refused { receipts } => {
                self.refused(call, receipts);
                Ok(())
            }
            Line::Cut => {
                self.cut(call);
                Ok(())
            }
            Line::Deleted { receipts } => {
                receipts.iter().for_each(|receipt| self.deleted(at_ms, receipt.0, receipt.1));
                Ok(())
            }
            Line::Started { .. } => Ok(()),
            Line::Claiming { .. }
            | Line::Claimed { .. }
            | Line::Unclaimed { .. }
            | Line::Looking { .. }
            | Line::Found { .. }
            | Line::Freeing { .. }
            | Line::Freed { .. }
            | Line::Pairing { .. }
            | Line::Paired { .. }
            | Line::Unpaired { .. }
            | Line::Reading { .. }
            | Line::Halves { .. } => self.table.observe(line),
            Line::Starting { .. } | Line::Begun { .. } | Line::Walking { .. } | Line::Walked { .. } => {
                self.executions.observe(line)
            }
            Line::Killing { in_recovery } => {
                self.tally.killed(u64::from(*in_recovery));
                Ok(())
            }
            Line::Books { books } => self.ledger.check(books),
            Line::Drained { books } => {
                self.settle()?;
                self.executions.settle()?;
                self.ledger.check_drained(books)?;
                self.tally.drained += 1;
                Ok(())
            }
        }
    }

    fn hiding(&mut self, at_ms: u64, call: u64, receipts: &[(Number, u32)], visibility_ms: u64) {
        self.pending.insert(call, Pending::Hide { asked_ms: at_ms, visibility_ms });
        self.each(receipts, |message, count| {
            message.lease_may_end(count, at_ms.saturating_add(visibility_ms));
        });
    }

    fn hidden(&mut self, call: u64, receipts: &[(Number, u32)]) {
        if let Some(Pending::Hide { asked_ms, visibility_ms }) = self.pending.remove(&call) {
            let until_ms = asked_ms.saturating_add(visibility_ms);
            self.each(receipts, |message, count| message.lease_ends(count, until_ms));
        }
    }

    fn refused(&mut self, call: u64, receipts: &[(Number, u32)]) {
        // A change of visibility that was refused tried no delete.
        if self.pending.remove(&call).is_none() {
            self.each(receipts, |message, _| {
                message.delete_tries = message.delete_tries.saturating_sub(1);
            });
        }
    }

    fn index(&self, number: Number) -> Option<usize> {
        usize::try_from(number.checked_sub(self.base)?).ok()
    }

    fn message(&mut self, number: Number) -> Option<&mut Message> {
        let index = self.index(number)?;
        self.messages.get_mut(index)?.as_mut()
    }

    fn each(&mut self, receipts: &[(Number, u32)], change: impl Fn(&mut Message, u32)) {
        for (number, count) in receipts {
            if let Some(message) = self.message(*number) {
                change(message, *count);
            }
        }
    }

    fn sending(&mut self, at_ms: u64, kind: Kind, number: Number) {
        let Some(index) = self.index(number) else { return };
        if self.messages.len() <= index {
            self.messages.resize_with(index + 1, || None);
        }
        let Some(slot) = self.messages.get_mut(index) else { return };
        if slot.is_some() {
            // With the same id once more.
            return;
        }
        *slot = Some(Message::new(kind, at_ms));
        self.tally.sent += 1;
        self.ledger.tried(kind);
        self.outstanding += u64::from(kind.queue().is_some());
        if let Kind::Fifo(group) = kind {
            self.groups.entry(group).or_default().push_back(number);
        }
    }

    fn acknowledged(&mut self, number: Number, id: u128) -> Outcome {
        if number < self.base {
            // Sent again, and settled long ago; were it a new message, it would be received again.
            self.tally.sent_again += 1;
            return Ok(());
        }
        let Some(message) = self.message(number) else {
            return violation(format!("message #{number} was acknowledged and never sent"), &[number]);
        };
        let (again, kind, known) = (message.acknowledged, message.kind, message.id);
        message.acknowledged = true;
        if kind.queue().is_some() && id != 0 && known == 0 {
            message.id = id;
        }
        if again {
            self.tally.sent_again += 1;
        } else {
            self.tally.acknowledged += 1;
            self.ledger.acknowledged(kind);
        }
        if id != 0 && known != 0 && known != id {
            return violation(
                format!(
                    "message #{number} was sent again within five minutes with the same id and became \
                     another message: MessageId {id:032x} instead of {known:032x}"
                ),
                &[number],
            );
        }
        Ok(())
    }

    fn received(&mut self, at_ms: u64, call: u64, receipts: &[Receipt]) -> Outcome {
        let Some(Pending::Receive { asked_ms, queue, visibility_ms, .. }) = self.pending.remove(&call) else {
            return violation(format!("call {call} was answered with messages and asked for none"), &[]);
        };
        self.check_order(receipts)?;
        for receipt in receipts {
            self.receive_one(queue, *receipt, at_ms, asked_ms.saturating_add(visibility_ms))?;
        }
        Ok(())
    }

    /// A receipt whose answer came at `at_ms`, and whose lease lasts at least until `until_ms`.
    fn receive_one(&mut self, queue: Queue, receipt: Receipt, at_ms: u64, until_ms: u64) -> Outcome {
        let Some(number) = receipt.number else {
            let (name, id) = (queue.name(), receipt.id);
            return violation(
                format!("invented: queue {name} gave MessageId {id:032x}, which nobody sent"),
                &[],
            );
        };
        if number < self.base {
            let text = format!(
                "resurrected: message #{number} was received, and it was settled before all queues were drained"
            );
            return violation(text, &[number]);
        }
        let Some(message) = self.message(number) else {
            return violation(format!("invented: message #{number} was received and never sent"), &[number]);
        };
        if !receipt.intact {
            return violation(
                format!("changed: the body of message #{number} is not what was sent"),
                &[number],
            );
        }
        let kind = message.kind;
        if kind.queue() != Some(queue) {
            let text = format!("message #{number} ({kind}) came out of queue {}", queue.name());
            return violation(text, &[number]);
        }
        let is_first = message.receipts == 0;
        if let Err(sentence) = message.receive(&receipt, at_ms, until_ms) {
            return violation(format!("{sentence}: message #{number}"), &[number]);
        }
        if is_first {
            self.tally.received += 1;
            self.ledger.received(kind);
        } else {
            self.tally.received_again += 1;
        }
        Ok(())
    }

    /// Within a group, what is given out is the first of what has not been deleted, then the next, and so on.
    fn check_order(&mut self, receipts: &[Receipt]) -> Outcome {
        let mut passed: HashMap<u16, usize> = HashMap::new();
        for number in receipts.iter().filter_map(|receipt| receipt.number) {
            let Some(message) = self.message(number) else { continue };
            let Kind::Fifo(group) = message.kind else { continue };
            if message.gone_at != 0 {
                // Surely deleted: an answer that is journaled late, or a resurrection, which another rule finds.
                continue;
            }
            let start = passed.get(&group).copied().unwrap_or(0);
            let end = self.walk(group, start, number)?;
            passed.insert(group, end);
        }
        Ok(())
    }

    /// From a place in the group's list to behind `number`; whatever is passed must be deleted or nearly so.
    fn walk(&self, group: u16, start: usize, number: Number) -> Result<usize, Violation> {
        let list = self.groups.get(&group).into_iter().flatten();
        for (place, earlier) in list.enumerate().skip(start) {
            if *earlier == number {
                return Ok(place + 1);
            }
            let message = self.index(*earlier).and_then(|index| self.messages.get(index)?.as_ref());
            if message.is_some_and(|message| message.delete_tries == 0) {
                let sentence = format!(
                    "order broken: message #{number} of group {group} was given out while the earlier #{earlier} was \
                     not deleted"
                );
                return Err(Violation { sentence, numbers: vec![*earlier, number] });
            }
        }
        let sentence =
            format!("order broken: message #{number} of group {group} came after a later one of one answer");
        Err(Violation { sentence, numbers: vec![number] })
    }

    fn deleted(&mut self, at_ms: u64, number: Number, count: u32) {
        let Some(message) = self.message(number) else { return };
        let is_first = !message.delete_acknowledged;
        message.delete_acknowledged = true;
        let is_sure = message.delete(count, at_ms);
        let kind = message.kind;
        if is_first {
            self.tally.deleted += 1;
            self.outstanding = self.outstanding.saturating_sub(1);
        }
        if let (Kind::Fifo(group), true) = (kind, is_sure)
            && let Some(list) = self.groups.get_mut(&group)
        {
            list.retain(|other| *other != number);
        }
    }

    fn cut(&mut self, call: u64) {
        self.tally.cut += 1;
        if let Some(Pending::Receive { max, .. }) = self.pending.remove(&call) {
            self.unseen_allowed += u64::from(max);
            self.tally.unseen_max += u64::from(max);
        }
    }

    /// All queues are empty: everything acknowledged must have been received and deleted.
    fn settle(&mut self) -> Outcome {
        let mut unseen = 0;
        for (number, message) in (self.base..).zip(&self.messages) {
            let Some(message) = message else { continue };
            let must_be_seen = message.acknowledged || message.receipts > 0;
            if must_be_seen && message.kind.queue().is_some() && message.delete_tries == 0 {
                let seen = if message.receipts == 0 { "never received" } else { "received, never deleted" };
                let text = format!(
                    "lost: message #{number} ({}) was {}, {seen}, and all queues are empty",
                    message.kind,
                    if message.acknowledged { "acknowledged" } else { "sent" },
                );
                return violation(text, &[number]);
            }
            unseen += u64::from(message.count.saturating_sub(message.receipts));
        }
        self.tally.received_unseen += unseen;
        if unseen > self.unseen_allowed {
            let allowed = self.unseen_allowed;
            return violation(
                format!(
                    "messages were given out {unseen} times to nobody, and the receives that kills cut off had asked \
                     for {allowed}"
                ),
                &[],
            );
        }
        self.base += u64::try_from(self.messages.len()).unwrap_or(0);
        self.messages = Vec::new();
        self.groups = HashMap::new();
        self.unseen_allowed = 0;
        self.outstanding = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
