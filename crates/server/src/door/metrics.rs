//! `GET /metrics`: the books and the depths of the queues, in Prometheus's text format.
//!
//! Names end in their unit, counters in `_total`. Source: Prometheus documentation, "Exposition formats" and "Metric and
//! label naming".

use std::fmt::Write;
use std::ops::ControlFlow;

use aws::Error;
use aws::books::{Metric, MetricKind};
use aws::trace::SpanCounts;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use queue::queue::Queue;
use queue::{Look, QueueId};
use store::Snapshot;

use crate::clock;
use crate::component::components;
use crate::door::Door;
use crate::rooms::Rooms;

/// The media type of the text format, version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Queues whose depths one page tells: a monitor asks every few seconds, and each line costs it and us.
const QUEUES_MAX: usize = 1_000;

/// Writes all metrics.
pub(super) async fn metrics(State(door): State<Door>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let admitted = door.auth.admit(&parts).and_then(|admitted| admitted.check(&parts, &[]));
    match admitted.and_then(|()| page(&door)) {
        Ok(page) => (StatusCode::OK, [(header::CONTENT_TYPE, TEXT)], page).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, error.message).into_response()
        }
    }
}

fn page(door: &Door) -> Result<String, Error> {
    let rooms = &door.rooms;
    let components = components(rooms);
    let now = clock::now();
    let (books, depths, is_cut) = rooms
        .store
        .read(|snapshot| {
            let mut queues = rooms.queues.first(snapshot, QUEUES_MAX + 1);
            let is_cut = queues.len() > QUEUES_MAX;
            queues.truncate(QUEUES_MAX);
            let depth = |queue: Queue| Depth::of(rooms, snapshot, queue);
            let depths: Vec<Depth> = queues.into_iter().map(depth).collect();
            let books = components.iter().map(|component| component.books(snapshot, now));
            (books.collect::<Vec<_>>().concat(), depths, is_cut)
        })
        .map_err(queue::error::of_store)?;
    let mut page = Page::default();
    page.books(&books);
    page.queues(&depths);
    let help = "1 where there are more queues than the first 1,000 by name, whose depths are told.";
    page.gauge("trunkline_queues_left_out", help, u64::from(is_cut));
    let stopped = u64::from(door.stopped.borrow().is_some());
    let name = "trunkline_store_damaged_records_total";
    let help = "Damaged records that were passed over, each named in the log, since the start.";
    page.counter(name, help, rooms.store.passed_over());
    page.text.push_str(&door.meters.to_text());
    if let Some(spans) = &door.spans {
        page.spans(spans.counts());
    }
    page.gauge("trunkline_store_stopped", "1 after a failed sync, when nothing is acknowledged.", stopped);
    Ok(page.text)
}

/// What a queue holds.
struct Depth {
    queue: String,
    counts: queue::Counts,
    /// Of the messages that can be received.
    oldest_age_s: u64,
}

impl Depth {
    fn of(rooms: &Rooms, read: &mut Snapshot, of: Queue) -> Self {
        let (name, queue): (String, QueueId) = (of.name, of.engine);
        let now = clock::now();
        let mut oldest_age_s = 0;
        rooms.queues.look(read, Look { queue, after: None, now }, &mut |_, message| {
            oldest_age_s = now.since(message.sent_at()).as_secs();
            ControlFlow::Break(())
        });
        Self { queue: name, counts: rooms.queues.counts(read, queue, now), oldest_age_s }
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        let _ = writeln!(self.text, "{name} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "gauge", help);
        let _ = writeln!(self.text, "{name} {value}");
    }

    /// The rows of all books that have a name, those of one name together, as the format wants them.
    fn books(&mut self, books: &[aws::books::Page]) {
        let mut families: Vec<(&Metric, Vec<(&Metric, u64)>)> = Vec::new();
        for row in books.iter().flat_map(|page| &page.rows) {
            let Some(metric) = &row.metric else { continue };
            match families.iter_mut().find(|(first, _)| first.name == metric.name) {
                Some((_, members)) => members.push((metric, row.value)),
                None => families.push((metric, vec![(metric, row.value)])),
            }
        }
        for (first, members) in families {
            let kind = match first.kind {
                MetricKind::Counter => "counter",
                MetricKind::Gauge => "gauge",
            };
            self.head(first.name, kind, first.help);
            for (metric, value) in members {
                let _ = writeln!(self.text, "{}{} {value}", metric.name, labels(metric));
            }
        }
    }

    fn spans(&mut self, counts: SpanCounts) {
        let name = "trunkline_trace_spans_total";
        self.head(name, "counter", "Spans of events' trips, by whether the collector has them.");
        for (outcome, value) in [("exported", counts.exported), ("dropped", counts.dropped)] {
            let _ = writeln!(self.text, "{name}{{outcome=\"{outcome}\"}} {value}");
        }
        self.gauge("trunkline_trace_spans_waiting", "Spans that wait to be sent.", counts.waiting);
    }

    fn queues(&mut self, depths: &[Depth]) {
        let name = "trunkline_queue_messages";
        self.head(name, "gauge", "Messages of a queue, by whether they can be received.");
        for Depth { queue, counts, .. } in depths {
            for (state, value) in
                [("visible", counts.visible), ("in_flight", counts.in_flight), ("delayed", counts.delayed)]
            {
                // A queue's name has letters, digits, hyphens, underscores and a dot: nothing to escape.
                let _ = writeln!(self.text, "{name}{{queue=\"{queue}\",state=\"{state}\"}} {value}");
            }
        }
        let name = "trunkline_queue_oldest_message_age_seconds";
        self.head(
            name,
            "gauge",
            "Age of the first message of a queue that can be received; 0 where there is none.",
        );
        for Depth { queue, oldest_age_s, .. } in depths {
            let _ = writeln!(self.text, "{name}{{queue=\"{queue}\"}} {oldest_age_s}");
        }
    }
}

/// The labels as the format writes them; their values are names of ours, which have nothing to escape.
fn labels(metric: &Metric) -> String {
    if metric.labels.is_empty() {
        return String::new();
    }
    let labels: Vec<String> =
        metric.labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("{{{}}}", labels.join(","))
}
