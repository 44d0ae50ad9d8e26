//! Series over time: what the books count and what the queues hold, kept each minute, so that a page shows the night before after a
//! restart.

pub(crate) mod kept;
pub(crate) mod waiting;

use std::collections::HashMap;
use std::time::Duration;

use aws::Timestamp;
use aws::books::{MetricKind, Page};
use store::{Snapshot, Tx};
use tokio::time::sleep;

use crate::clock;
use crate::rooms::Rooms;
use crate::series::kept::{Kind, Sample, Span, catch_up};
use crate::series::waiting::Minute;
use crate::ticking::{Next, Tick};

/// Queues whose depth is kept.
const QUEUES_MAX: usize = 400;
/// The books of all components.
pub(crate) type Books = fn(&Rooms, &mut Snapshot, Timestamp) -> Vec<Page>;

/// The loop that counts each minute.
#[derive(Debug)]
pub(crate) struct Keeping {
    rooms: Rooms,
    books: Books,
    /// The minute since 1970 that goes on, and what was counted when it began.
    began: Option<Began>,
}

#[derive(Debug)]
struct Began {
    minute: u64,
    counted: HashMap<String, u64>,
}

/// A number as it is at a moment: what has been counted since ever, or what is there.
struct Reading {
    name: String,
    kind: Kind,
    value: u64,
}

impl Keeping {
    /// Of these rooms and their books.
    pub(crate) fn new(rooms: Rooms, books: Books) -> Self {
        Self { rooms, books, began: None }
    }

    fn readings(&self) -> Result<Vec<Reading>, store::Error> {
        let now = clock::now();
        let queues = &self.rooms.queues;
        self.rooms.store.read(|snapshot| {
            let pages = (self.books)(&self.rooms, snapshot, now);
            let mut readings: Vec<Reading> = pages.into_iter().flat_map(of_page).collect();
            for queue in queues.first(snapshot, QUEUES_MAX) {
                let counts = queues.counts(snapshot, queue.engine, now);
                for (what, value) in [("visible", counts.visible), ("flight", counts.in_flight)] {
                    let name = format!("queue.{}.{what}", queue.name);
                    readings.push(Reading { name, kind: Kind::Level, value });
                }
                let traffic = queues.traffic(queue.engine);
                for (what, value) in [("came", traffic.came), ("went", traffic.went)] {
                    let name = format!("queue.{}.{what}", queue.name);
                    readings.push(Reading { name, kind: Kind::Count, value });
                }
            }
            readings
        })
    }
}

/// The rows of a page that have a metric.
fn of_page(page: Page) -> Vec<Reading> {
    let mut readings = Vec::new();
    for row in page.rows {
        let Some(metric) = row.metric else { continue };
        let labels = metric.labels.iter().filter(|(name, _)| *name != "outcome");
        let labels: String = labels.map(|(_, value)| format!(".{value}")).collect();
        let kind = match metric.kind {
            MetricKind::Counter => Kind::Count,
            MetricKind::Gauge => Kind::Level,
        };
        let name = format!("books.{}.{}{labels}", page.name, row.label);
        readings.push(Reading { name, kind, value: row.value });
    }
    readings
}

/// What the minute has of each, by what was counted when it began.
fn samples(readings: &[Reading], before: &HashMap<String, u64>) -> Vec<Sample> {
    let sample = |reading: &Reading| {
        let value = match reading.kind {
            Kind::Level => reading.value,
            // A new counter has begun at nothing.
            Kind::Count => {
                reading.value.saturating_sub(before.get(&reading.name).copied().unwrap_or_default())
            }
        };
        Sample { name: reading.name.clone(), kind: reading.kind, value }
    };
    readings.iter().map(sample).collect()
}

impl Tick for Keeping {
    const NAME: &'static str = "series";
    const PAUSE: Duration = Duration::from_secs(60);

    async fn tick(&mut self) -> Result<Next, store::Error> {
        let minute = clock::now().unix_ms() / Span::Minute.ms();
        if self.began.as_ref().is_some_and(|began| began.minute == minute) {
            return Ok(Next::Pause);
        }
        let readings = self.readings()?;
        let counts = readings.iter().filter(|reading| reading.kind == Kind::Count);
        let counted = counts.map(|reading| (reading.name.clone(), reading.value)).collect();
        let before = self.began.replace(Began { minute, counted });
        let is_first = before.is_none();
        let waiting = self.rooms.series.clone();
        // What was counted over more than a minute is no minute's: this process was stopped, or the clock has been set.
        if let Some(before) = before.filter(|before| before.minute + 1 == minute) {
            waiting.push(Minute { number: before.minute, samples: samples(&readings, &before.counted) });
        }
        let job = move |tx: &mut Tx<'_>| {
            waiting.store(tx);
            if is_first {
                catch_up(tx, minute);
            }
            Ok(())
        };
        // Nobody waits for it: it is written when somebody else's commit comes.
        drop(self.rooms.store.write_along(|error| error, job));
        Ok(Next::Pause)
    }

    async fn wait(&self) {
        let ms = Span::Minute.ms() - clock::now().unix_ms() % Span::Minute.ms();
        sleep(Duration::from_millis(ms)).await;
    }
}

#[cfg(test)]
mod tests;
