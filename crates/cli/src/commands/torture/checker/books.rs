//! The server's books against the judge's own: conservation (contract C2).

use crate::commands::torture::checker::Violation;
use crate::commands::torture::line::{Books, Kind, Queue};

/// What the events of this torture must add up to, from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    matching_tried: u64,
    matching_acknowledged: u64,
    other_tried: u64,
    other_acknowledged: u64,
    /// Different messages that came out of the rule's queue.
    received: u64,
}

impl Ledger {
    pub(crate) fn tried(&mut self, kind: Kind) {
        self.matching_tried += u64::from(kind.queue() == Some(Queue::Events));
        self.other_tried += u64::from(kind == Kind::Unmatched);
    }

    pub(crate) fn acknowledged(&mut self, kind: Kind) {
        self.matching_acknowledged += u64::from(kind.queue() == Some(Queue::Events));
        self.other_acknowledged += u64::from(kind == Kind::Unmatched);
    }

    pub(crate) fn received(&mut self, kind: Kind) {
        self.received += u64::from(kind.queue() == Some(Queue::Events));
    }

    /// Books told while no call was in flight.
    pub(crate) fn check(&self, books: &Books) -> Result<(), Violation> {
        let settled = books.delivered + books.dead_lettered + books.owed + books.expired + books.dropped;
        let equal = books.accepted == books.matched + books.unmatched && books.made == settled;
        if !equal {
            return unbalanced("they do not add up", books);
        }
        let (low, high) = (self.matching_acknowledged, self.matching_tried);
        if !(low..=high).contains(&books.matched) {
            return unbalanced(&format!("{low} matching events were acknowledged and {high} sent"), books);
        }
        let (low, high) = (self.other_acknowledged, self.other_tried);
        if !(low..=high).contains(&books.unmatched) {
            return unbalanced(&format!("{low} other events were acknowledged and {high} sent"), books);
        }
        if books.made != books.matched {
            return unbalanced("each matching event has one target", books);
        }
        Ok(())
    }

    /// Books told while all queues were empty.
    pub(crate) fn check_drained(&self, books: &Books) -> Result<(), Violation> {
        self.check(books)?;
        if books.delivered != self.received || books.owed != 0 {
            let text =
                format!("{} different events came out of the rule's queue, which is empty", self.received);
            return unbalanced(&text, books);
        }
        Ok(())
    }
}

fn unbalanced(why: &str, books: &Books) -> Result<(), Violation> {
    Err(Violation { sentence: format!("the books do not balance: {why}; {books:?}"), numbers: Vec::new() })
}
