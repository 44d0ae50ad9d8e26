//! What stands at the end of each line between a rule and a target: what is owed, for how long, and what came to nothing. Followed
//! while a tab is open.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use aws::{Arn, Timestamp};
use console::live::Figures;
use console::meter::{Meter, edge};
use console::parts::span_of;
use events::{DeliveryRecord, EventRecord, Fate, Step};
use queue::Look;
use store::Snapshot;

use crate::rooms::Rooms;

/// Lines that are followed, and owed deliveries of each; of more, those that came first.
const EDGES_MAX: usize = 500;
const OWED_MAX: usize = 100;

/// A line's end.
#[derive(Debug, Default)]
struct Edge {
    /// The SQS queue that it leads to.
    queue: Option<String>,
    owed: VecDeque<Owed>,
    /// How long the oldest waits, in ms; `None`: nothing does.
    lag_ms: Option<u64>,
}

#[derive(Debug)]
struct Owed {
    delivery: String,
    accepted: Timestamp,
}

/// All that are followed, by their live key.
#[derive(Debug, Default)]
pub(super) struct Edges(BTreeMap<String, Edge>);

impl Edges {
    /// Follows a delivery of an event.
    pub(super) fn follow(&mut self, key: &str, event: &EventRecord, delivery: &DeliveryRecord) {
        if !self.0.contains_key(key) && self.0.len() >= EDGES_MAX {
            return;
        }
        let edge = self.0.entry(key.to_owned()).or_default();
        edge.queue = queue_of(&delivery.arn);
        if let Step::Owed { id } = &delivery.step
            && edge.owed.len() < OWED_MAX
        {
            edge.owed.push_back(Owed { delivery: id.clone(), accepted: event.accepted });
        }
    }

    /// Looks at what has become of what is owed, and how long the oldest message of each queue waits.
    pub(super) fn look(&mut self, rooms: &Rooms, read: &mut Snapshot, meter: &mut Meter, now: Timestamp) {
        let second = now.unix_ms() / 1_000;
        for (key, edge) in &mut self.0 {
            edge.owed.retain(|owed| {
                match rooms.events.attempts(read, &owed.delivery).map(|tried| tried.fate) {
                    None | Some(Fate::Owed { .. }) => true,
                    Some(Fate::Delivered) => false,
                    Some(Fate::DeadLettered { .. } | Fate::Lost) => {
                        meter.count(&format!("{key}.failed"), second);
                        false
                    }
                }
            });
            let waits = edge.queue.as_deref().and_then(|name| oldest(rooms, read, name, now));
            let owed = edge.owed.front().map(|owed| owed.accepted);
            let oldest = waits.into_iter().chain(owed).min();
            let ms = |since| u64::try_from(now.since(since).as_millis()).unwrap_or(u64::MAX);
            edge.lag_ms = oldest.map(ms).filter(|ms| *ms >= 1_000);
        }
    }

    /// The lag of each, and what its line in the drawing says.
    pub(super) fn figures(&self, rates: &Figures) -> Figures {
        let mut figures = Figures::new();
        for (key, of) in &self.0 {
            let lag = of.lag_ms.map(span_of);
            let rate = rates.get(&format!("{key}.rate")).map_or("0/s", String::as_str);
            let failed = rates.get(&format!("{key}.failed.rate")).map(String::as_str);
            figures.insert(format!("{key}.edge"), edge(rate, failed, lag.as_deref()));
            figures.insert(format!("{key}.lag"), lag.unwrap_or_else(|| "–".to_owned()));
        }
        figures
    }
}

fn queue_of(arn: &Arn) -> Option<String> {
    let text = arn.to_string();
    text.starts_with("arn:aws:sqs:").then(|| text.rsplit(':').next().unwrap_or_default().to_owned())
}

/// Since when the oldest message waits that can be received.
fn oldest(rooms: &Rooms, read: &mut Snapshot, name: &str, now: Timestamp) -> Option<Timestamp> {
    let queue = rooms.queues.find(read, name)?.engine;
    let mut sent = None;
    rooms.queues.look(read, Look { queue, after: None, now }, &mut |_, message| {
        sent = Some(message.sent_at());
        ControlFlow::Break(())
    });
    sent
}
