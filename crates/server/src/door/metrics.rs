//! `GET /metrics`: the books and the depths of the queues, in Prometheus's text format.
//!
//! Names end in their unit, counters in `_total`. Source: Prometheus documentation, "Exposition formats" and "Metric and
//! label naming".

use std::fmt::Write;

use aws::{Call, Error};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use genesys::tracker::intake::{Intake, IntakeCounts};
use genesys::webhook::{self, WebhookCounts};
use serde_json::{Value, json};

use crate::clock;
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
    let (counts, intake, webhooks, depths) = rooms
        .store
        .read(|snapshot| {
            let mut depths = Vec::new();
            for name in names {
                if let Some(queue) = rooms.queues.find(snapshot, &name) {
                    depths.push((name, rooms.queues.counts(snapshot, queue.engine, clock::now())));
                }
            }
            let (intake, webhooks) = (Intake::counts(snapshot), webhook::counts(snapshot));
            (rooms.events.counts(snapshot), intake, webhooks, depths)
        })
        .map_err(queue::error::of_store)?;
    let mut page = Page::default();
    page.feed(intake);
    page.webhooks(&webhooks);
    page.events(&counts);
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

    fn feed(&mut self, counts: IntakeCounts) {
        let IntakeCounts { received, duplicates, derived, unreadable, told_before, expired } = counts;
        self.counter("trunkline_feed_events_total", "Events that the feed delivered.", received);
        self.counter(
            "trunkline_feed_duplicates_total",
            "Events of the feed that had come before.",
            duplicates,
        );
        self.counter(
            "trunkline_feed_unreadable_total",
            "Events of the feed that cannot be read as what they say they are.",
            unreadable,
        );
        self.counter("trunkline_feed_derived_events_total", "Events derived from the feed's.", derived);
        self.counter(
            "trunkline_feed_told_before_total",
            "Derived events that had been told before.",
            told_before,
        );
        let name = "trunkline_feed_expired_conversations_total";
        self.counter(name, "Conversations that never ended and were closed for their age.", expired);
    }

    fn webhooks(&mut self, webhooks: &[(String, WebhookCounts)]) {
        let family = |page: &mut Self, name: &str, help: &str, value: fn(&WebhookCounts) -> u64| {
            page.head(name, "counter", help);
            for (webhook, counts) in webhooks {
                // A webhook's name has letters, digits, dots, hyphens and underscores: nothing to escape.
                let _ = writeln!(page.text, "{name}{{webhook=\"{webhook}\"}} {}", value(counts));
            }
        };
        let name = "trunkline_webhook_events_total";
        family(self, name, "Events that a webhook acknowledged.", |counts| counts.received);
        let name = "trunkline_webhook_duplicates_total";
        family(self, name, "Events of a webhook that had come before.", |counts| counts.duplicates);
    }

    fn events(&mut self, counts: &events::Counts) {
        let name = "trunkline_events_accepted_total";
        self.counter(name, "Events taken in on a bus.", counts.accepted);
        let name = "trunkline_events_unmatched_total";
        self.counter(name, "Events that matched no enabled rule.", counts.unmatched);
        let name = "trunkline_events_untargeted_total";
        self.counter(name, "Events that matched rules without targets only.", counts.untargeted);
        let name = "trunkline_events_no_bus_total";
        self.counter(name, "Events sent to a bus that does not exist.", counts.no_bus);
        self.counter("trunkline_deliveries_total", "Deliveries made, one for each target.", counts.made);
        let name = "trunkline_deliveries_settled_total";
        self.head(name, "counter", "Deliveries that ended, by how.");
        for (outcome, value) in [
            ("delivered", counts.delivered),
            ("dead_lettered", counts.dead_lettered),
            ("expired", counts.expired),
            ("dropped", counts.dropped),
        ] {
            let _ = writeln!(self.text, "{name}{{outcome=\"{outcome}\"}} {value}");
        }
        self.counter("trunkline_deliveries_retried_total", "Retries planned.", counts.retried);
        self.gauge("trunkline_deliveries_owed", "Deliveries still owed.", counts.owed);
        self.gauge("trunkline_events_kept", "Event records kept now.", counts.kept);
        self.gauge("trunkline_events_kept_bytes", "Size of the event records kept.", counts.kept_bytes);
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
