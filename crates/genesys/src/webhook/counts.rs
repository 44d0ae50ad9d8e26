//! Counts of the webhooks since the store was created.

use aws::books::{Page, Row};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Table, Tx};

const COUNTS: Table<String, WebhookCounts> = Table::new(45, "webhook counts");

/// The counts of one webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookCounts {
    /// Events that were acknowledged, duplicates included.
    pub received: u64,
    /// Those of them that had arrived before: dropped.
    pub duplicates: u64,
}

store::record!(WebhookCounts, version 1);

/// The counts of every webhook that has received something, by name.
pub fn counts(read: &mut impl Read) -> Vec<(String, WebhookCounts)> {
    read.list(&COUNTS, &KeyRange::all(), usize::MAX)
}

/// The counts of all webhooks as a page of the books.
pub fn page(read: &mut impl Read) -> Page {
    let mut rows = Vec::new();
    for (webhook, counts) in counts(read) {
        let received = Row::aside("received", counts.received)
            .note(format!("by webhook {webhook}"))
            .counter("trunkline_webhook_events_total", "Events that a webhook acknowledged.");
        let duplicates = Row::aside("of them known", counts.duplicates)
            .note("had come before, and were dropped")
            .counter("trunkline_webhook_duplicates_total", "Events of a webhook that had come before.");
        rows.extend([received, duplicates].map(|row| row.labelled("webhook", webhook.clone())));
    }
    Page { name: "webhooks", rows }
}

/// Counts one more event, and `duplicates` more duplicates.
pub(super) fn count(tx: &mut Tx<'_>, webhook: &str, duplicates: u64) {
    let name = webhook.to_owned();
    let mut counts = tx.get(&COUNTS, &name).unwrap_or_default();
    counts.received += 1;
    counts.duplicates += duplicates;
    tx.put(&COUNTS, &name, &counts);
}
