//! What the judge knows of one message.

use crate::commands::torture::line::{Kind, Receipt};

/// A message of this epoch.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) acknowledged: bool,
    pub(crate) delete_acknowledged: bool,
    /// Deletes that were asked for and not refused.
    pub(crate) delete_tries: u16,
    /// Receives that were seen.
    pub(crate) receipts: u32,
    /// The highest receive count that was seen.
    pub(crate) count: u32,
    /// The receive whose handle surely deleted the message; 0: none.
    pub(crate) gone_at: u32,
    /// Which receive counts were seen, up to 128.
    seen: u128,
    /// The MessageId; 0: not known yet.
    pub(crate) id: u128,
    /// Until then at least the newest receive that was seen has its lease.
    lease_until_ms: u64,
    /// Nobody may receive it before.
    not_before_ms: u64,
}

impl Message {
    /// A message that is about to be sent.
    pub(crate) fn new(kind: Kind, at_ms: u64) -> Self {
        let delay_s = if let Kind::Delayed(seconds) = kind { u64::from(seconds) } else { 0 };
        Self {
            kind,
            acknowledged: false,
            delete_acknowledged: false,
            delete_tries: 0,
            receipts: 0,
            count: 0,
            gone_at: 0,
            seen: 0,
            id: 0,
            lease_until_ms: 0,
            not_before_ms: at_ms.saturating_add(delay_s * 1_000),
        }
    }

    /// A receive whose answer came at `at_ms`, and whose lease lasts at least until `until_ms`.
    pub(crate) fn receive(&mut self, receipt: &Receipt, at_ms: u64, until_ms: u64) -> Result<(), String> {
        if self.id != 0 && self.id != receipt.id {
            return Err(match self.kind {
                Kind::Fifo(_) => {
                    "delivered twice: two MessageIds in spite of one deduplication id".to_owned()
                }
                Kind::Webhook => "delivered twice: two MessageIds in spite of one webhook id".to_owned(),
                _ => "delivered twice: two MessageIds for what was sent once".to_owned(),
            });
        }
        self.id = receipt.id;
        if receipt.count == 0 {
            return Err("received, and the server says that it never was".to_owned());
        }
        if at_ms < self.not_before_ms {
            return Err(format!(
                "given out {} ms before its delay can have ended",
                self.not_before_ms - at_ms
            ));
        }
        if self.gone_at != 0 && receipt.count > self.gone_at {
            return Err("resurrected: the delete was acknowledged while its lease held".to_owned());
        }
        let bit = 1u128.checked_shl(receipt.count - 1).unwrap_or(0);
        if self.seen & bit != 0 {
            let count = receipt.count;
            return Err(format!("given out twice as receive {count}: a receive was answered and forgotten"));
        }
        if receipt.count > self.count {
            if self.count != 0 && at_ms < self.lease_until_ms {
                let early = self.lease_until_ms - at_ms;
                return Err(format!("given out while in flight, {early} ms before its lease could end"));
            }
            self.count = receipt.count;
            self.lease_until_ms = until_ms;
        }
        self.seen |= bit;
        self.receipts += 1;
        Ok(())
    }

    /// A change of visibility was asked for, and may or may not come to pass.
    pub(crate) fn lease_may_end(&mut self, count: u32, until_ms: u64) {
        if count == self.count {
            self.lease_until_ms = self.lease_until_ms.min(until_ms);
        }
    }

    /// A change of visibility was acknowledged.
    pub(crate) fn lease_ends(&mut self, count: u32, until_ms: u64) {
        if count == self.count {
            self.lease_until_ms = until_ms;
        }
    }

    /// A delete was acknowledged; whether it surely was the end of the message. A handle whose lease may have ended
    /// deletes nothing where somebody else has received the message since, and that is no error.
    pub(crate) fn delete(&mut self, count: u32, at_ms: u64) -> bool {
        let is_sure = count == self.count && at_ms < self.lease_until_ms;
        if is_sure {
            self.gone_at = count;
        }
        is_sure
    }
}
