//! `GET /metrics`: the books and the depths of the queues, in Prometheus's text format.
//!
//! Names end in their unit, counters in `_total`. Source: Prometheus documentation, "Exposition formats" and "Metric and
//! label naming".

use std::fmt::Write;

use aws::books::{Metric, MetricKind};
use aws::{Call, Error};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::clock;
use crate::component::components;
use crate::door::Door;

/// The media type of the text format, version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics.
pub(super) async fn metrics(State(door): State<Door>, headers: HeaderMap) -> Response {
    match page(&door, &headers).await {
        Ok(page) => (StatusCode::OK, [(header::CONTENT_TYPE, TEXT)], page).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, error.message).into_response()
        }
    }
}

async fn page(door: &Door, headers: &HeaderMap) -> Result<String, Error> {
    let names = queue_names(door, headers).await?;
    let rooms = &door.rooms;
    let components = components(rooms);
    let (books, depths) = rooms
        .store
        .read(|snapshot| {
            let mut depths = Vec::new();
            for name in names {
                if let Some(queue) = rooms.queues.find(snapshot, &name) {
                    depths.push((name, rooms.queues.counts(snapshot, queue.engine, clock::now())));
                }
            }
            let books = components.iter().map(|component| component.books(snapshot, clock::now()));
            (books.collect::<Vec<_>>().concat(), depths)
        })
        .map_err(queue::error::of_store)?;
    let mut page = Page::default();
    page.books(&books);
    page.queues(&depths);
    let stopped = u64::from(door.stopped.borrow().is_some());
    let name = "trunkline_store_damaged_records_total";
    let help = "Damaged records that were passed over, each named in the log, since the start.";
    page.counter(name, help, rooms.store.passed_over());
    page.gauge("trunkline_store_stopped", "1 after a failed sync, when nothing is acknowledged.", stopped);
    Ok(page.text)
}

/// The names of all queues, through SQS's own operation.
async fn queue_names(door: &Door, headers: &HeaderMap) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let mut token = Value::Null;
    loop {
        let request = json!({"MaxResults": 1000, "NextToken": token}).to_string();
        let call: Call = door.call(headers);
        let reply = queue::ops::SERVICE.run(&door.rooms.queues, "ListQueues", call, request.as_bytes());
        let answer = door.driver().drive_json(reply).await?;
        let mut answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let urls = answer.get("QueueUrls").and_then(Value::as_array).into_iter().flatten();
        let of_url = |url: &Value| Some(url.as_str()?.rsplit('/').next()?.to_owned());
        names.extend(urls.filter_map(of_url));
        token = answer.get_mut("NextToken").map(Value::take).unwrap_or_default();
        if token.is_null() {
            return Ok(names);
        }
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

    fn queues(&mut self, depths: &[(String, queue::Counts)]) {
        let name = "trunkline_queue_messages";
        self.head(name, "gauge", "Messages of a queue, by whether they can be received.");
        for (queue, counts) in depths {
            for (state, value) in
                [("visible", counts.visible), ("in_flight", counts.in_flight), ("delayed", counts.delayed)]
            {
                // A queue's name has letters, digits, hyphens, underscores and a dot: nothing to escape.
                let _ = writeln!(self.text, "{name}{{queue=\"{queue}\",state=\"{state}\"}} {value}");
            }
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
