//! The room's books: counted in the commits that they speak of, so that they balance after any crash (contract C2).

use aws::books::{Page, Row};
use serde::{Deserialize, Serialize};
use store::{Found, Read, Table, Tx};

const COUNTS: Table<(), Counts> = Table::new(25, "event counts");

/// What became of events and deliveries since the store was made.
///
/// An event that is accepted either matches no rule ([`unmatched`](Self::unmatched)), or matches rules that have no
/// target ([`untargeted`](Self::untargeted)), or makes one delivery for each target of each matching rule
/// ([`made`](Self::made)). A delivery is owed until it is delivered, dead-lettered, expired or dropped. So, always:
///
/// - `made = delivered + dead_lettered + owed + expired + dropped`;
/// - where each matching event makes one delivery, `accepted = delivered + dead_lettered + owed + unmatched + untargeted
///   + expired + dropped`, which is contract C2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Counts {
    /// Events taken in on a bus; those forwarded from another bus once more.
    pub accepted: u64,
    /// Events that matched a rule.
    pub matched: u64,
    /// Events that matched no enabled rule.
    pub unmatched: u64,
    /// Events that matched rules without targets only.
    pub untargeted: u64,
    /// Events sent to a bus that does not exist: AWS acknowledges them and forgets them, so they are not accepted.
    pub no_bus: u64,
    /// Deliveries made.
    pub made: u64,
    /// Deliveries that reached their target.
    pub delivered: u64,
    /// Deliveries still owed.
    pub owed: u64,
    /// Deliveries given up and kept in a dead-letter queue.
    pub dead_lettered: u64,
    /// Deliveries given up after the last retry with no dead-letter queue to keep them.
    pub expired: u64,
    /// Deliveries given up at once, because retrying could not mend it, with no dead-letter queue to keep them; and those
    /// whose message is damaged.
    pub dropped: u64,
    /// Retries planned.
    pub retried: u64,
    /// Event records kept now.
    pub kept: u64,
    /// Their size in bytes.
    pub kept_bytes: u64,
}

store::record!(Counts, version 1);

impl Counts {
    /// Whether the books balance.
    pub fn balance(&self) -> bool {
        self.accepted == self.matched + self.unmatched
            && self.made == self.delivered + self.dead_lettered + self.owed + self.expired + self.dropped
    }

    /// Adds what another's columns say to these.
    pub(crate) fn add(&mut self, gained: &Self) {
        let Self {
            accepted,
            matched,
            unmatched,
            untargeted,
            no_bus,
            made,
            delivered,
            owed,
            dead_lettered,
            expired,
            dropped,
            retried,
            kept,
            kept_bytes,
        } = gained;
        self.accepted += accepted;
        self.matched += matched;
        self.unmatched += unmatched;
        self.untargeted += untargeted;
        self.no_bus += no_bus;
        self.made += made;
        self.delivered += delivered;
        self.owed += owed;
        self.dead_lettered += dead_lettered;
        self.expired += expired;
        self.dropped += dropped;
        self.retried += retried;
        self.kept += kept;
        self.kept_bytes += kept_bytes;
    }

    /// The books as pages that add up.
    pub fn pages(&self) -> Vec<Page> {
        let settled = |row: Row, outcome: &str| {
            row.counter("trunkline_deliveries_settled_total", "Deliveries that ended, by how.")
                .labelled("outcome", outcome)
        };
        let events = vec![
            Row::total("accepted", self.accepted)
                .counter("trunkline_events_accepted_total", "Events accepted on a bus."),
            Row::part("matched", self.matched).counted(self.untargeted, "of them by rules without targets"),
            Row::part("unmatched", self.unmatched)
                .counter("trunkline_events_unmatched_total", "Events that matched no enabled rule."),
            Row::aside("untargeted", self.untargeted).note("matched rules without targets only").counter(
                "trunkline_events_untargeted_total",
                "Events that matched rules without targets only.",
            ),
            Row::aside("without a bus", self.no_bus)
                .note("sent to a bus that does not exist; AWS acknowledges and forgets them")
                .counter("trunkline_events_no_bus_total", "Events sent to a bus that does not exist."),
            Row::aside("kept", self.kept)
                .note("records that `tail`, `events` and `replay` can show")
                .gauge("trunkline_events_kept", "Event records kept now."),
            Row::aside("kept bytes", self.kept_bytes)
                .gauge("trunkline_events_kept_bytes", "Size of the event records kept."),
        ];
        let deliveries = vec![
            Row::total("made", self.made)
                .note("one for each target of each rule that matched")
                .counter("trunkline_deliveries_total", "Deliveries made, one for each target."),
            settled(Row::part("delivered", self.delivered), "delivered"),
            settled(Row::part("dead-lettered", self.dead_lettered), "dead_lettered"),
            Row::part("owed", self.owed)
                .counted(self.retried, "retries planned so far")
                .gauge("trunkline_deliveries_owed", "Deliveries still owed."),
            settled(Row::part("expired", self.expired), "expired")
                .note("all retries used, no dead-letter queue"),
            settled(Row::part("dropped", self.dropped), "dropped")
                .note("given up at once, no dead-letter queue"),
            Row::aside("retried", self.retried)
                .counter("trunkline_deliveries_retried_total", "Retries planned."),
        ];
        vec![Page { name: "events", rows: events }, Page { name: "deliveries", rows: deliveries }]
    }

    pub(crate) fn read(read: &mut impl Read) -> Self {
        read.get(&COUNTS, &()).unwrap_or_default()
    }

    pub(crate) fn change(tx: &mut Tx<'_>, change: impl FnOnce(&mut Self)) {
        let mut counts = match tx.find(&COUNTS, &()) {
            Found::Value(counts) => counts,
            Found::Nothing => Self::default(),
            // The books are lost, the events are not: they begin anew, and do not balance until what was owed is settled.
            Found::Damaged => {
                tx.pass_over(&COUNTS, &());
                Self::default()
            }
        };
        change(&mut counts);
        tx.put(&COUNTS, &(), &counts);
    }
}
